"""Where a text meets a wish: the characters to point at."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from newsletter.match.inflection import Key, plain, root
from newsletter.match.markup import MARKUP, unmarked
from newsletter.match.phrases import phrase_of, position, readings
from newsletter.match.wishes import Wish
from newsletter.match.words import STOP, fold, pieces, stem_of, tokens
from subscribers.profile import Kind


def place(text: str, wish: Wish) -> tuple[int, int] | None:
    """Where the words that meet a topic or a phrase begin and end in a text, as offsets, or None.

    A phrase's place is its first, in full; a topic's is where most of its words stand together.
    Wherever `wishes.find` finds a phrase in a paper, its title or its abstract has a place.
    """
    kind, words = wish
    if kind is Kind.PHRASE:
        return _of_phrase(read(text), *phrase_of(words))
    return _of_topic(read(text), _wanted(words)) if kind is Kind.TOPIC else None


# Letters of ASCII fold one to one; of others each is looked at by itself.
_RUN = re.compile(r"[\x00-\x7f]+|[^\x00-\x7f]")


@dataclass(frozen=True, eq=False)
class Read:
    """A text's tokens and where each begins and ends in it."""

    words: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def places(self, key: Key) -> Mapping[str, Sequence[int]]:
        """The numbers of the tokens that have each key."""
        return self._by_root if key is root else self._by_plain

    @cached_property
    def _by_root(self) -> Mapping[str, Sequence[int]]:
        return _index(self.words, root)

    @cached_property
    def _by_plain(self) -> Mapping[str, Sequence[int]]:
        return _index(self.words, plain)

    def span(self, first: int, last: int) -> tuple[int, int]:
        """From where the first of some words begins to where the last ends."""
        return self.starts[first], self.ends[last]


@lru_cache(maxsize=2048)  # a day's papers: each is shown to many readers
def read(text: str) -> Read:
    """The tokens that `words.tokens` gives, with their places."""
    folded, starts, ends = _followed(text)
    found = list(pieces(folded))
    return Read(
        tuple(stem_of(word) for word, _, _ in found),
        tuple(starts[start] for _, start, _ in found),
        tuple(ends[end - 1] for _, _, end in found),
    )


def _followed(text: str) -> tuple[str, Sequence[int], Sequence[int]]:
    """The text without markup and folded, and where in it each character came from."""
    if text.isascii() and not MARKUP.search(text):
        return text.lower(), range(len(text)), range(1, len(text) + 1)
    folded: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def take(said: str, start: int, end: int) -> None:
        # An accent of its own folds to nothing; it belongs to the letter before it.
        if not said and ends and ends[-1] == start and unicodedata.combining(text[start]):
            ends[-1] = end
        folded.append(said)
        starts.extend([start] * len(said))
        ends.extend([end] * len(said))

    at = 0
    for found in [*MARKUP.finditer(text), None]:
        for run in _RUN.finditer(text, at, found.start() if found else len(text)):
            start, end = run.span()
            if run[0].isascii():
                folded.append(run[0].lower())
                starts.extend(range(start, end))
                ends.extend(range(start + 1, end + 1))
            else:
                take(fold(run[0]), start, end)
        if found:
            take(fold(unmarked(found)), found.start(), found.end())
            at = found.end()
    return "".join(folded), starts, ends


def _of_phrase(text: Read, phrase: Sequence[str], key: Key) -> tuple[int, int] | None:
    places = text.places(key)
    found = [
        (start, start + len(said) - 1)
        for said in (readings(phrase, key, places) if phrase else ())
        if (start := position(places, said)) is not None
    ]
    return text.span(*min(found)) if found else None


@lru_cache(maxsize=4096)
def _wanted(topic: str) -> frozenset[str]:
    return frozenset(root(word) for word in tokens(topic) if word not in STOP)


def _of_topic(text: Read, wanted: frozenset[str]) -> tuple[int, int] | None:
    found = _best_window(text.places(root), wanted)
    return text.span(*found) if found else None


def _index(words: Sequence[str], key: Key) -> Mapping[str, Sequence[int]]:
    places: defaultdict[str, list[int]] = defaultdict(list)
    for number, word in enumerate(words):
        places[key(word)].append(number)
    return dict(places)


def _best_window(
    places: Mapping[str, Sequence[int]], wanted: frozenset[str]
) -> tuple[int, int] | None:
    """The first and last word of where the most distinct wanted words stand, the earliest such place."""
    width = len(wanted) + 2
    hits = sorted((place, word) for word in wanted for place in places.get(word, ()))
    best, found = 0, None
    for number, (start, word) in enumerate(hits):
        near, last = {word}, start
        for place, other in hits[number + 1 :]:
            if place >= start + width or len(near) == len(wanted):
                break
            if other not in near:
                near.add(other)
                last = place
        if len(near) > best:
            best, found = len(near), (start, last)
            if best == len(wanted):
                break
    return found
