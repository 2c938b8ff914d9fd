"""Why an entry was chosen, in the reader's own words and the paper's."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

from newsletter.match.features import Day
from newsletter.match.names import listed_as
from newsletter.match.places import place
from newsletter.match.readers import Reader
from newsletter.match.wishes import Seeds, Wish, wish_of
from newsletter.model import Evidence, EvidenceKind, Match
from subscribers.profile import Interest, Kind

_FRAGMENT_WORDS = 10
_WORDS_BEFORE = 3
_ENDS = (".", "!", "?", ";", ":")
_SPACED_WORD = re.compile(r"\S+")

MOST_EVIDENCE = 3


def explain(day: Day, match: Match, reader: Reader, seeds: Seeds) -> tuple[Evidence, ...]:
    """Why a match was made, the strongest reason first, at most three."""
    if not match.interests:
        return (Evidence(EvidenceKind.POPULAR),)
    places = match.interests[:MOST_EVIDENCE]
    return tuple(_evidence(day, match.row, reader, place, seeds) for place in places)


def explain_exploring(day: Day, match: Match) -> tuple[Evidence, ...]:
    """Why an entry is there to explore: it lies outside what the reader likes, and perhaps many talk
    about it.
    """
    popular = day.popularity[match.row] >= day.usual_popularity
    return (Evidence(EvidenceKind.EXPLORE, "", "popular" if popular else ""),)


def _evidence(day: Day, row: int, reader: Reader, cause: int, seeds: Seeds) -> Evidence:
    entry = day.entries[row]
    if cause >= len(reader.interests):
        key = reader.likes[cause - len(reader.interests)][0]
        return Evidence(EvidenceKind.LIKED, key, seeds[key][0])
    interest = reader.interests[cause]
    if interest.kind is Kind.AUTHOR:
        name = listed_as(interest.text, entry.authors) or interest.text
        return Evidence(EvidenceKind.AUTHOR, interest.text, name)
    if interest.kind is Kind.ORGANISATION:
        return Evidence(EvidenceKind.ORGANISATION, interest.text, entry.organisation or "")
    if interest.kind is Kind.CATEGORY:
        return Evidence(EvidenceKind.CATEGORY, interest.text, interest.text)
    if interest.kind is Kind.SEED:
        return Evidence(EvidenceKind.SEED, interest.text, seeds[interest.text][0])
    return _in_words(entry.title, entry.abstract, interest)


@lru_cache(maxsize=32_768)  # many readers wish the same
def _in_words(title: str, abstract: str, interest: Interest) -> Evidence:
    kind = EvidenceKind.PHRASE if interest.kind is Kind.PHRASE else EvidenceKind.TOPIC
    wish = wish_of(interest)
    found = place(abstract, wish)
    shown = _around(abstract, found) if found else fragment(title, wish)
    return Evidence(kind, interest.text, shown, found)


def fragment(text: str, wish: Wish) -> str:
    """A few words around the place in a text that meets the wish best.

    Verbatim text, at most ten words of one sentence, with the whole place if they hold it; "" if the
    wish is not met.
    """
    found = place(text, wish)
    return _around(text, found) if found else ""


def _around(text: str, found: tuple[int, int]) -> str:
    words = _spaced(text)
    best = bisect_right(words.starts, found[0]) - 1
    first, last = _window(words, best, bisect_right(words.starts, found[1] - 1) - 1)
    return text[words.starts[first] : words.ends[last]].rstrip(".,;:")


@dataclass(frozen=True, slots=True)
class _Spaced:
    """Where the words of a text begin and end, blank to blank, and which of them end a sentence."""

    starts: array[int]
    ends: array[int]
    stops: bytearray


@lru_cache(maxsize=2048)  # a day's papers: each is shown to many readers
def _spaced(text: str) -> _Spaced:
    found = [(match.start(), match.end()) for match in _SPACED_WORD.finditer(text)]
    return _Spaced(
        array("i", [start for start, _ in found]),
        array("i", [end for _, end in found]),
        bytearray(text[:end].endswith(_ENDS) for _, end in found),
    )


def _window(words: _Spaced, best: int, end: int) -> tuple[int, int]:
    """The first and last word to show around the words `best` to `end`, without leaving the sentence."""
    # The word before the window ended a sentence, or the window's last one does.
    first = max(best - _WORDS_BEFORE, words.stops.rfind(1, 0, best) + 1)
    first = min(best, max(first, end - _FRAGMENT_WORDS + 1))
    stop = words.stops.find(1, best)
    last = len(words.stops) - 1 if stop < 0 else stop
    return first, min(last, first + _FRAGMENT_WORDS - 1)
