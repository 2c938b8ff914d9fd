"""A found paper's texts cut where they meet the search. Pure.

Texts come out as pieces of plain text, each marked or not, never as markup: whoever shows them escapes
each piece like any other text, so nothing that a paper says is alive on a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from newsletter.match.places import read
from newsletter.match.query import ClueKind, Query
from newsletter.match.words import STOP, tokens

SNIPPET = 280
"""Characters of an abstract that are shown, about."""

_BEFORE = 90  # so far back a snippet looks for the beginning of its sentence
_ENDS = (". ", "! ", "? ")

Sought = tuple[tuple[str, ...], ...]
"""Tokens that are to be marked where they stand side by side."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text as it stands there; `marked` if it meets the search."""

    text: str
    marked: bool = False


def sought(query: Query) -> Sought:
    """What of a search is marked in texts: its words but stop words, its phrases in full."""
    words = [tuple(tokens(word)) for word in query.of(ClueKind.WORD)]
    telling = [word for word in words if not STOP.issuperset(word)]
    phrases = [tuple(tokens(phrase)) for phrase in query.of(ClueKind.PHRASE)]
    return tuple(dict.fromkeys(part for part in (*phrases, *telling) if part))


def marked(text: str, what: Sought) -> tuple[Piece, ...]:
    """The whole text in pieces; put together they are the text."""
    return tuple(_cut(text, 0, len(text), _places(text, what)))


def snippet(text: str, what: Sought, size: int = SNIPPET) -> tuple[Piece, ...]:
    """About `size` characters where a text meets the search best, in pieces; its beginning where it
    does not. An ellipsis stands where something is left out.
    """
    places = _places(text, what)
    start = _start(text, places, size)
    end = len(text)
    if end - start > size:
        end = max(text.rfind(" ", start, start + size), start + size // 2)
    before = [Piece("… ")] if start else []
    after = [Piece(" …")] if end < len(text) else []
    return (*before, *_cut(text, start, end, places), *after)


Place = tuple[int, int, int]
"""Where something sought begins and ends in a text, and which it is."""


def _places(text: str, what: Sought) -> list[Place]:
    if not text or not what:
        return []
    words = read(text)
    at: dict[str, list[int]] = {}
    for number, word in enumerate(words.words):
        at.setdefault(word, []).append(number)
    found = [
        (*words.span(first, first + len(part) - 1), which)
        for which, part in enumerate(what)
        for first in at.get(part[0], ())
        if words.words[first : first + len(part)] == part
    ]
    return sorted(found)


def _start(text: str, places: Sequence[Place], size: int) -> int:
    """Where a snippet begins: where most of what is sought stands close together, the earliest such."""
    best, at = 0, 0
    for start, _, _ in places:
        near = {
            which
            for place, end, which in places
            if place >= start and end <= start + size - _BEFORE
        }
        if len(near) > best:
            best, at = len(near), start
    if at + size // 2 < size and best:  # near enough to the beginning to show that
        return 0
    low = max(at - _BEFORE, 0)
    sentence = max(text.rfind(mark, low, at) for mark in _ENDS)
    if sentence >= 0:
        return sentence + 2
    blank = text.find(" ", low, at)
    return blank + 1 if low and blank >= 0 else min(at, low)


def _cut(text: str, start: int, end: int, places: Iterable[Place]) -> Iterable[Piece]:
    at = start
    for first, last, _ in places:
        if last <= at or first >= end:
            continue
        if first > at:
            yield Piece(text[at:first])
        yield Piece(text[max(first, at) : min(last, end)], marked=True)
        at = min(last, end)
    if at < end:
        yield Piece(text[at:end])
