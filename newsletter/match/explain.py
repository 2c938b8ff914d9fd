"""Why an entry was chosen, in the reader's own words and the paper's."""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

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
    return _fragment(entry.abstract, wish) or _fragment(entry.title, wish)


@lru_cache(maxsize=32_768)  # many readers wish the same
def _fragment(text: str, wish: str) -> str:
    wanted = _wanted(wish)
    read = _read(text)
    best = _best_place(read.places, wanted) if wanted else None
    if best is None:
        return ""
    first, last = _window(read, best)
    return text[read.starts[first] : read.ends[last]].rstrip(".,;:")


@lru_cache(maxsize=4096)
def _wanted(wish: str) -> tuple[str, ...]:
    return tuple(word for word in tokens(wish) if word not in STOP)


@dataclass(frozen=True, slots=True)
class _Read:
    """Where the words of a text begin and end, which end a sentence, and which hold each token."""

    starts: array[int]
    ends: array[int]
    stops: bytearray
    places: dict[str, tuple[int, ...]]


@lru_cache(maxsize=2048)  # a day's papers: each is shown to many readers
def _read(text: str) -> _Read:
    starts, ends, stops = array("i"), array("i"), bytearray()
    places: defaultdict[str, list[int]] = defaultdict(list)
    for number, match in enumerate(_SPACED_WORD.finditer(text)):
        starts.append(match.start())
        ends.append(match.end())
        stops.append(match[0].endswith(_ENDS))
        for token in set(tokens(match[0])):
            places[token].append(number)
    return _Read(starts, ends, stops, {token: tuple(found) for token, found in places.items()})


def _window(read: _Read, best: int) -> tuple[int, int]:
    """The first and last word to show around a place, without leaving its sentence."""
    # The word before the window ended a sentence, or the window's last one does.
    first = max(best - _WORDS_BEFORE, read.stops.rfind(1, 0, best) + 1)
    stop = read.stops.find(1, best)
    last = len(read.stops) - 1 if stop < 0 else stop
    return first, min(last, first + _FRAGMENT_WORDS - 1)


def _best_place(places: Mapping[str, Sequence[int]], wanted: Sequence[str]) -> int | None:
    """Where the most distinct wanted words stand together, the earliest such place."""
    goal = set(wanted)
    width = len(wanted) + 1
    hits = sorted([(place, word) for word in goal for place in places.get(word, ())])
    best, found = 0, None
    for number, (start, word) in enumerate(hits):
        near = {word}
        for place, other in hits[number + 1 : number + 1 + width * len(goal)]:
            if place >= start + width:
                break
            near.add(other)
        if len(near) > best:
            best, found = len(near), start
            if best == len(goal):
                break
    return found
