"""No mail relies on what Gmail, Outlook, Apple Mail or Yahoo lacks without a fallback told in docs/email.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.inputs import require
from tests.render import caniemail
from tests.render.caniemail import Feature, where
from tests.render.features import used_by
from tests.render.mails import mails

DOCS = Path(__file__).parents[2] / "docs" / "email.md"
# Partly supported, and the missing part is none that a mail uses. What it is, and what is used.
BESIDE_THE_POINT = {
    "css-background": "images, several values; used: one colour",
    "css-display-none": "tables and images inside; used: a line of text",
    "css-font-size": "rem; used: px",
    "css-font-weight": "odd numbers; used: 600 and bold",
    "css-important": "upper case, no blank before, inline; used: lower case, a blank, in style sheets",
    "css-letter-spacing": "em, big negative values; used: a pixel",
    "css-line-height": "em and px; used: plain numbers",
    "css-selector-class": "only as far as style sheets",
    "css-selector-descendant": "only as far as style sheets",
    "css-selector-grouping": "only as far as style sheets",
    "css-selector-id": "only as far as style sheets",
    "css-selector-type": "only as far as style sheets",
    "css-text-transform": "lowercase; used: uppercase",
    "html-align": "left and right on tables; used: on cells, and center",
    "html-dir": "on links; used: on blocks and spans",
    "html-lang": "on cells; used: on the page",
    "html-lists": "reversed, value; used: neither",
    "html-role": "on anything but tables; used: to say that a table is layout",
    "html-width": "on images; used: on tables",
}


@pytest.fixture(scope="module")
def known() -> dict[str, Feature]:
    return caniemail.features(require("inputs", "caniemail", "_features"))


@pytest.fixture(scope="module")
def used(known: dict[str, Feature]) -> set[str]:
    return {slug for mail in mails().values() for slug in used_by(mail.html, known)}


def fallbacks() -> dict[str, tuple[str, str]]:
    """(where it is missing, what is seen there) by the feature's title, from the table in the docs."""
    section = (
        DOCS.read_text("utf-8").partition("\n## Leaning on clients\n")[2].partition("\n## ")[0]
    )
    rows = re.findall(r"^\| `(.+?)` \| (.+?) \| (.+?) \|$", section, re.MULTILINE)
    found = {title: (lacking, seen) for title, lacking, seen in rows}
    assert len(found) == len(rows), "a feature is listed twice"
    return found


def test_what_a_client_lacks_has_a_fallback(known, used):
    lacking = {known[slug].title: where(known[slug]) for slug in used - set(BESIDE_THE_POINT)}
    told = {title: lacks for title, (lacks, _) in fallbacks().items()}
    assert told == {title: lacks for title, lacks in lacking.items() if lacks}


def test_no_margin_is_negative():
    # The table says of margins that negative ones alone are missing in most clients.
    assert not [
        mail.name for mail in mails().values() if re.search(r"margin[\w-]*:[^;\"]*-\d", mail.html)
    ]


def test_what_is_beside_the_point_is_used_and_nowhere_missing(known, used):
    for slug in BESIDE_THE_POINT:
        assert slug in used, f"no mail uses {slug} any more"
        assert "a" in known[slug].support.values(), slug
        assert "n" not in known[slug].support.values(), slug


@pytest.mark.parametrize(
    ("html", "row"),
    [
        ('<p style="display:flex">', "css-display-flex"),
        ('<p style="width:calc(1px + 2rem)">', "css-unit-calc"),
        ('<p style="width:calc(1px + 2rem)">', "css-unit-rem"),
        ('<p style="padding-left:1vw">', "css-padding"),
        ('<p style="color:rgba(0,0,0,.5)">', "css-rgba"),
        ("<style>p:hover{margin:0}</style>", "css-pseudo-class-hover"),
        ("<style>p::before{margin:0}</style>", "css-pseudo-element-before"),
        ("<style>p>a{margin:0}</style>", "css-selector-child"),
        ("<style>p.a.b{margin:0}</style>", "css-selector-chaining"),
        ("<style>p a{margin:0}</style>", "css-selector-descendant"),
        ("<style>@supports (color:red){p{margin:0!important}}</style>", "css-important"),
        ("<style>@media (prefers-color-scheme:dark){p{margin:0}}</style>",
         "css-at-media-prefers-color-scheme"),
        ("<style>@font-face{font-family:x}</style>", "css-at-font-face"),
        ("<style>p{color:var(--x)}</style>", "css-variables"),
        ("<h4>x</h4>", "html-h1-h6"),
        ("<article>x</article>", "html-semantics"),
        ('<a href="mailto:a@b.example">x</a>', "html-mailto-links"),
        ('<img src="https://x.example/a.webp">', "image-webp"),
        ("<!-- x -->", "html-comments"),
    ],
)  # fmt: skip
def test_the_checker_sees_what_is_used(known, html, row):
    assert row in used_by(html, known)


def test_what_nobody_looked_at_is_named(known):
    with pytest.raises(AssertionError, match="brand-new"):
        used_by('<p style="brand-new:1px">x</p>', known)


def test_the_newest_version_counts():
    source = (
        '---\ntitle: "x"\nstats: {\n\tgmail: {\n\t\tios: {\n\t\t\t"2019-02":"y",\n'
        '\t\t\t"2021-10": "n #1",\n\t\t\t"2020-01": "y",\n\t\t},\n\t},\n}\n---\n'
    )
    feature = caniemail.read("css-x", source)
    assert where(feature) == "Gmail (iOS)"
    assert feature.support["outlook", "windows"] == "u"
