"""Our signatures, judged by dkimpy: whatever the mail, and after any change of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import dkim.canonicalization as judge
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.deliver.canonical import canonical_body, relaxed_field, split_mail
from newsletter.deliver.dkim import OVERSIGNED, Signer, SigningError
from newsletter.model import Message
from newsletter.render.mime import body_of, build_mail, encode_mold, encode_piece, encode_words
from tests.deliver.oracle import AT, DOMAIN, keys, signer, verdicts
from tests.factories import message

HEAD = b"From: Paperround <digest@paperround.example>\r\nTo: ada@example.org\r\n"
FORMS = ["relaxed", "simple"]


def mail_of(data: bytes) -> Message:
    head, end, body = data.partition(b"\r\n\r\n")
    return replace(message(1), head=head + end, body=body)


def signed(data: bytes, form: str = "relaxed") -> bytes:
    return signer(form).signatures(mail_of(data), AT) + data


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "rest",
    [
        b"Subject: Hello\r\n\r\nA body.\r\n",
        b"Subject:   spread \t out  \r\n  and\r\n\tfolded \r\n\r\nA  body \t\r\n with blanks  \r\n\r\n\r\n",
        b"Subject: " + b"long " * 190 + b"\r\n\r\n.\r\n..\r\n.dot\r\n",
        "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nTo: j\u00fcrgen@example.org\r\n\r\n\u00e4\r\n".encode(),
        b"Subject: empty\r\n\r\n",
        b"Subject: only blank lines\r\n\r\n\r\n \r\n\r\n",
        b"Subject: no body at all\r\n",
        b"Subject:\r\nsUBJECT: twice\r\n\r\nbody\r\n",
        (
            b"List-Unsubscribe: <https://x.example/u>\r\n"
            b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
            b"X-Other: not signed\r\n\r\nbody\r\n"
        ),
    ],
)  # fmt: skip
def test_awkward_mails_verify(rest: bytes, form: str) -> None:
    assert verdicts(signed(HEAD + rest, form)) == [True, True]


def test_a_body_whose_last_line_is_open_is_signed_as_smtp_sends_it() -> None:
    mail = HEAD + b"\r\nno end"
    for form in FORMS:
        assert verdicts(signed(mail, form) + b"\r\n") == [True, True]


NAMES = st.sampled_from(["Subject", "To", "From", "X-Odd", "List-Id", "Content-Type", "date"])
VALUES = st.lists(
    st.sampled_from(["a", "\u00fc", " ", "\t", "=", ";", ":", "\r\n y", "\r\n\tx"]), max_size=40
).map("".join)
BODIES = st.lists(
    st.text(st.sampled_from(["a", "\u00fc", " ", "\t", ".", "=", "-", "\x0b"]), max_size=12),
    max_size=8,
).map("\r\n".join)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(NAMES, VALUES), max_size=8), BODIES, st.sampled_from(FORMS))
def test_whatever_the_mail_dkimpy_agrees(fields, body, form) -> None:
    head = "".join(f"{name}: x{value}x\r\n" for name, value in fields).encode()
    data = signed(HEAD + head + b"\r\n" + body.encode() + b"\r\n", form)
    assert verdicts(data) == [True, True]


@given(BODIES, st.booleans())
def test_bodies_are_canonicalised_as_by_others(body, ended) -> None:
    raw = body.encode() + b"\r\n" * ended
    wire = raw if raw.endswith(b"\r\n") or not raw else raw + b"\r\n"
    assert canonical_body(raw, "relaxed") == judge.Relaxed.canonicalize_body(wire)
    assert canonical_body(raw, "simple") == judge.Simple.canonicalize_body(wire)


@given(VALUES)
def test_fields_are_canonicalised_as_by_others(value) -> None:
    (field,), _ = split_mail(f"SubJect: x{value}\r\n\r\n".encode())
    ((name, rest),) = judge.Relaxed.canonicalize_headers([(b"SubJect", f" x{value}\r\n".encode())])
    assert relaxed_field(field) == name + b":" + rest


TEXTS = st.lists(
    st.sampled_from(["a", "\u00fc", " ", "\t", ".", "=", "\n", "\r", "word" * 30, " " * 90]), max_size=60
).map("".join)  # fmt: skip

WORDS = st.lists(
    st.sampled_from(["a", "\u00fc", " ", ".", "=", "." * 80, "w" * 74]), max_size=9
).map("".join)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=4), TEXTS, TEXTS, WORDS)
def test_what_is_built_of_pieces_is_canonical_already(parts, before, after, word) -> None:
    pieces = [encode_piece(text, html) for text, html in parts]
    pieces.append(
        encode_mold(f"{before}gap{after}", f"<{before}gap{after}>", {"word": "gap"}).fill(
            encode_words({"word": word})
        )
    )
    _, body = build_mail([HEAD], body_of(pieces), "<1@x>")
    assert body.isascii()
    assert body.endswith(b"\r\n")
    assert not body.startswith(b".")
    assert b"\r\n." not in body
    assert canonical_body(body, "simple") == body
    assert canonical_body(body, "relaxed") == body
    assert max(map(len, body.split(b"\r\n"))) <= 76


def test_a_changed_octet_fails() -> None:
    data = signed(HEAD + b"Subject: one\r\nDate: now\r\n\r\nHello there.\r\n")
    start = data.index(b"From: ")
    changed = 0
    for at in range(start, len(data)):
        if data[at : at + 1].isalnum():
            other = b"0" if data[at : at + 1] != b"0" else b"1"
            assert verdicts(data[:at] + other + data[at + 1 :]) == [False, False], data[at:]
            changed += 1
    assert changed > 70


@pytest.mark.parametrize("name", [name.decode() for name in OVERSIGNED])
def test_a_field_added_on_top_of_a_signed_one_fails(name: str) -> None:
    data = signed(HEAD + b"Subject: one\r\n\r\nHello there.\r\n")
    assert verdicts(data) == [True, True]
    forged = data.index(b"From: ")
    assert verdicts(data[:forged] + f"{name}: x\r\n".encode() + data[forged:]) == [False, False]


def test_the_same_mail_at_the_same_time_gives_the_same_bytes() -> None:
    mail = message(1)
    assert signer().sign(mail, AT) == signer().sign(mail, AT)
    assert signer().sign(mail, AT) != signer().sign(mail, AT + timedelta(seconds=1))
    assert signer().sign(mail, AT).data.endswith(mail.data)


def test_canonical_mails_are_not_looked_through_again() -> None:
    head, body = build_mail([HEAD], body_of([encode_piece("a  text\t\n", "<p>  x</p>")]), "<1@x>")
    plain = replace(message(1), head=head, body=body)
    marked = replace(plain, is_canonical=True)
    assert signer().sign(marked, AT).data == signer().sign(plain, AT).data
    assert verdicts(signer().sign(marked, AT).data) == [True, True]


def test_lines_stay_short_and_every_name_is_covered() -> None:
    many = b"".join(b"%s: x\r\n" % name for name in (b"List-Id", b"Feedback-ID", b"Auto-Submitted"))
    fields = signer().signatures(mail_of(HEAD + many + b"\r\n"), AT)
    assert all(len(line) <= 78 for line in fields.split(b"\r\n"))
    (first, _), _ = split_mail(fields + b"\r\n")
    covered = relaxed_field(first).split(b"h=")[1].split(b";")[0].replace(b" ", b"").split(b":")
    assert covered.count(b"from") == 2
    assert {b"list-id", b"feedback-id", b"auto-submitted"} <= set(covered)


def test_a_mail_without_from_is_refused() -> None:
    with pytest.raises(SigningError, match="From"):
        Signer(DOMAIN, keys()).signatures(mail_of(b"To: a@example.org\r\n\r\n"), AT)
