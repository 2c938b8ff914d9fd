from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.render.plain import clean, clip, web_url, wrap

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=400)


@given(ANY_TEXT)
def test_clean_text_can_be_encoded_stays_on_its_line_and_is_clean_again(text):
    cleaned = clean(text)
    cleaned.encode()
    assert not {"\r", "\n", "\t", "\x00", "\x1b", "\x85"} & set(cleaned)
    assert clean(cleaned) == cleaned


def test_clean_keeps_every_script_marks_and_emoji():
    text = "\u200fنظرية\u200f 信息论 👩\u200d🔬 \u00a0 e\u0301"
    assert clean(text) == text


@given(ANY_TEXT, st.integers(2, 80))
def test_clip_is_a_beginning(text, limit):
    short = clip(text, limit)
    assert len(short) <= limit
    assert short == text or (short[-1] == "…" and text.startswith(short[:-1]))


@given(ANY_TEXT)
def test_wrapping_loses_nothing_but_blanks(text):
    cleaned = clean(text)
    lines = wrap(cleaned, "  ").split("\n")
    assert " ".join(line.strip(" ") for line in lines) == cleaned
    assert all(len(line) <= 72 or " " not in line.strip(" ") for line in lines)


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "//x.org",
        "/etc",
        "https://",
        "http://a@b/",
        "http://[::1",
        "http://\u2028/",
        "ftp://x.org/",
    ],
)
def test_a_link_that_is_no_web_page_is_none(url):
    assert web_url(url) == ""


def test_a_link_becomes_ascii():
    assert web_url("https://bücher.example:8080/ü b?q=\"'<1>") == (
        "https://xn--bcher-kva.example:8080/%C3%BC%20b?q=%22'%3C1%3E"
    )
    assert web_url("https://arxiv.org/abs/2404.06395") == "https://arxiv.org/abs/2404.06395"


@given(ANY_TEXT)
def test_any_link_is_refused_or_fit_for_a_page(text):
    for url in (text, f"https://{text}", f"https://x.org/{text}"):
        shown = web_url(url)
        assert shown.isascii()
        assert not set(shown) & set(' "<>\r\n\\')
