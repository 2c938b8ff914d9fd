"""Pieces joined are the text they were made of."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.render.mime import (
    body_of,
    build_mail,
    decode_body,
    encode_mold,
    encode_piece,
    encode_words,
)
from newsletter.render.plain import _UNPRINTABLE

LINES = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\n"), max_size=200)
BODY = st.lists(LINES.map(lambda line: _UNPRINTABLE.sub("", line) + "\n"), max_size=6).map("".join)


@given(st.lists(st.tuples(BODY, BODY), max_size=6))
def test_a_mail_parses_back_to_exactly_its_text(parts):
    pieces = [encode_piece(text, html) for text, html in parts]
    text, html = decode_body(body_of(pieces))
    assert text == "".join(each for each, _ in parts)
    data = b"".join(build_mail([b"Subject: x\r\n"], body_of(pieces), "<1@papers.example>"))
    message = message_from_bytes(data, policy=default)
    assert not message.defects
    plain, markup = message.iter_parts()
    assert plain.get_content().replace("\r\n", "\n") == text
    assert markup.get_content().replace("\r\n", "\n") == html
    assert [part.get_content_type() for part in (plain, markup)] == ["text/plain", "text/html"]
    assert sum(piece.html_size for piece in pieces) == len(html.encode())
    assert all(len(line) <= 76 for line in data.split(b"\r\n"))


@pytest.mark.parametrize("end", [" ", "\t", "=", "ü", ". "])
def test_no_line_is_too_long_whatever_it_ends_in(end):
    for length in range(60, 160):
        text = f"{'x' * length}{end}\n"
        piece = encode_piece(text, "")
        assert max(map(len, piece.text.split(b"\r\n"))) <= 76
        assert decode_body(body_of([piece])) == (text, "")


GAPS = {"first": "firstgap", "second": "secondgap"}
WORDS = st.text("abcXYZ019-_.", min_size=1, max_size=75)
URL = st.text("=%\u00fc :/x", max_size=160)


@given(URL, LINES, st.tuples(WORDS, WORDS), st.booleans())
def test_a_filled_mold_is_what_would_have_been_encoded_whole(url, line, words, twice):
    line = _UNPRINTABLE.sub("", line)
    text = f"{url}firstgap\n{line}\n {url}secondgap\n"
    html = f'<a href="{url}firstgap">{line}</a><a href="{url}secondgap">{url if twice else ""}</a>'
    filled = encode_mold(text, html, GAPS).fill(encode_words(dict(zip(GAPS, words, strict=True))))
    for gap, word in zip(GAPS.values(), words, strict=True):
        text, html = text.replace(gap, word), html.replace(gap, word)
    assert decode_body(body_of([filled])) == (text, f"{html}\n")
    assert filled.html_size == len(html.encode()) + 1
    for encoded in (filled.text, filled.html):
        lines = encoded.split(b"\r\n")
        assert all(len(each) <= 76 for each in lines)
        assert b"\n" not in b"".join(lines)


def test_a_mold_without_gaps_is_a_piece():
    assert encode_mold("a", "b", GAPS).fill(encode_words({"first": "x"})) == encode_piece("a", "b")


def test_the_boundary_follows_from_the_message_id():
    body = body_of([encode_piece("a", "b")])
    assert build_mail([], body, "<1@x>") == build_mail([], body, "<1@x>")
    assert build_mail([], body, "<1@x>") != build_mail([], body, "<2@x>")
