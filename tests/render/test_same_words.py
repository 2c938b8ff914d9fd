"""The text part of a mail says what its HTML says, word for word, beyond what docs/email.md lists."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from justhtml import Node

from tests.render.mails import elements, mails, tree

# Rows of links, and buttons: the text part has their addresses, in the notes or in place.
_ROWS = {"end", "date"}
_ONLY_HTML = "If the button does not open, copy this address into your browser:"
_AUF_DEUTSCH = (
    "Wenn sich der Knopf nicht öffnen lässt, kopieren Sie diese Adresse in Ihren Browser:"
)
_URL = re.compile(r"https://\S+")
_WORDLESS = {"·", "-"}


def words_of_html(html: str) -> list[str]:
    """The words that a reader of the HTML sees, without the names of links in rows and on buttons."""
    seen = "".join(_seen(tree(html), frozenset()))
    return seen.replace(_ONLY_HTML, " ").replace(_AUF_DEUTSCH, " ").split()


def _seen(node: Node, inside: frozenset[str]) -> Iterator[str]:
    for child in node.children or ():
        if child.name == "#text":
            yield child.data
        elif child.name.startswith("#document"):
            yield from _seen(child, inside)
        elif not (child.name.startswith(("#", "!")) or _hidden(child, inside)):
            within = inside | set((child.attrs.get("class") or "").split())
            around = "" if child.name in {"a", "b", "i", "small", "span"} else " "
            yield around
            yield from _seen(child, within)
            yield around


def _hidden(element: Node, inside: frozenset[str]) -> bool:
    if element.name in {"head", "style"} or "display:none" in (element.attrs.get("style") or ""):
        return True
    return element.name == "a" and bool(inside & {*_ROWS, "press", "whole"})


def words_of_text(text: str) -> list[str]:
    """The words of the text part, without addresses and what announces them, and without ornament."""
    body, _, rest = text.partition("\n\nLinks\n=====\n")
    if rest:
        body += rest[rest.index("\n----") :]
    body = re.sub(r"^.+:\n(?=https://)", "", body, flags=re.MULTILINE)
    body = re.sub(r"^(For you|To explore|[\w ,]+): (?=.*\n=+$)", r"\1 ", body, flags=re.MULTILINE)
    body = re.sub(r"^(=+|-{4,})$", "", body, flags=re.MULTILINE)
    body = re.sub(r"^(\[\d+\]|-) +", "", body, flags=re.MULTILINE)
    return _URL.sub(" ", body).split()


@pytest.mark.parametrize("name", mails())
def test_both_parts_say_the_same(name):
    mail = mails()[name]
    html = [word for word in words_of_html(mail.html) if word not in _WORDLESS]
    text = [word for word in words_of_text(mail.text) if word not in _WORDLESS]
    assert html == text


@pytest.mark.parametrize("name", mails())
def test_both_parts_lead_to_the_same_places(name):
    mail = mails()[name]
    linked = [each.attrs["href"] for each in elements(tree(mail.html)) if each.name == "a"]
    assert set(linked) == set(_URL.findall(mail.text))
    assert len(linked) >= 1


def test_what_only_one_part_says_is_found():
    html = words_of_html('<p>One <b>word</b>s<br>more</p><p class="end"><a>Row</a></p>')
    assert html == ["One", "words", "more"]
    assert words_of_text("One words\nmore\n\nRow:\nhttps://x.example/\n") == html
    assert words_of_text("One words more, and more") != html
