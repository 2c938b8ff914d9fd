"""Why an entry was chosen, in the reader's own words and the paper's."""

from __future__ import annotations

import re
from collections.abc import Sequence

from newsletter.match.features import Day
from newsletter.match.wishes import Seeds
from newsletter.match.words import STOP, name_key, tokens
from newsletter.model import Entry, Evidence, EvidenceKind, Match
from subscribers.profile import Interest, Kind

_FRAGMENT_WORDS = 10
_WORDS_BEFORE = 3
_ENDS = (".", "!", "?", ";", ":")
_SPACED_WORD = re.compile(r"\S+")


MOST_EVIDENCE = 3


def explain(
    day: Day, match: Match, interests: Sequence[Interest], seeds: Seeds
) -> tuple[Evidence, ...]:
    """Why a match was made, the strongest reason first, at most three."""
    if not match.interests:
        return (Evidence(EvidenceKind.POPULAR),)
    places = match.interests[:MOST_EVIDENCE]
    return tuple(_evidence(day, match.row, interests[place], seeds) for place in places)


def _evidence(day: Day, row: int, interest: Interest, seeds: Seeds) -> Evidence:
    entry = day.entries[row]
    if interest.kind is Kind.AUTHOR:
        key = name_key(interest.text)
        name = next((name for name in entry.authors if name_key(name) == key), interest.text)
        return Evidence(EvidenceKind.AUTHOR, interest.text, name)
    if interest.kind is Kind.CATEGORY:
        return Evidence(EvidenceKind.CATEGORY, interest.text, interest.text)
    if interest.kind is Kind.SEED:
        return Evidence(EvidenceKind.SEED, interest.text, seeds[interest.text][0])
    kind = EvidenceKind.PHRASE if interest.kind is Kind.PHRASE else EvidenceKind.TOPIC
    return Evidence(kind, interest.text, fragment(entry, interest.text))


def fragment(entry: Entry, wish: str) -> str:
    """A few words of the abstract, or else of the title, around the place that meets the wish best.

    Verbatim text, at most ten words of one sentence; "" if no word of the wish occurs.
    """
    wanted = [word for word in tokens(wish) if word not in STOP]
    if not wanted:
        return ""
    for text in (entry.abstract, entry.title):
        spans = [(match.start(), match.end()) for match in _SPACED_WORD.finditer(text)]
        best = _best_place([tokens(text[start:end]) for start, end in spans], wanted)
        if best is not None:
            first, last = _window([text[start:end] for start, end in spans], best)
            return text[spans[first][0] : spans[last][1]].rstrip(".,;:")
    return ""


def _window(words: list[str], best: int) -> tuple[int, int]:
    """The first and last word to show around a place, without leaving its sentence."""
    first = best
    while first > 0 and best - first < _WORDS_BEFORE and not words[first - 1].endswith(_ENDS):
        first -= 1
    last = best
    while (
        last + 1 < len(words)
        and last - first + 1 < _FRAGMENT_WORDS
        and not words[last].endswith(_ENDS)
    ):
        last += 1
    return first, last


def _best_place(words: list[list[str]], wanted: list[str]) -> int | None:
    """Where the most distinct wanted words stand together, the earliest such place."""
    goal = set(wanted)
    width = len(wanted) + 1
    best, place = 0, None
    for start in range(len(words)):
        if goal.isdisjoint(words[start]):
            continue
        near = {word for group in words[start : start + width] for word in group}
        count = len(goal & near)
        if count > best:
            best, place = count, start
            if count == len(goal):
                break
    return place
