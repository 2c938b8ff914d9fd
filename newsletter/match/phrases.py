"""Phrases in texts: which words of a text say a phrase, written apart, joined or with a hyphen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from functools import lru_cache

from newsletter.match.inflection import Key, plain, root
from newsletter.match.words import STOP, tokens

# At most so many words of a phrase may be joined or parted: "pre-trained multi-modal" is two.
_SEAMS = 2
# Stop words that begin words: over-fitting, under-determined, off-policy.
_BEGINNINGS = frozenset(("over", "under", "off"))


@lru_cache(maxsize=16_384)
def phrase_of(text: str) -> tuple[tuple[str, ...], Key]:
    """The tokens of a phrase and how alike its words must be: quoted, -ed and -ing count."""
    return tuple(tokens(text)), plain if text.startswith('"') else root


def readings(
    words: Sequence[str], key: Key, known: Container[str], seams: int = _SEAMS
) -> Iterator[tuple[str, ...]]:
    """All ways to say a phrase with known words, as keys: "pre-training" also as "pretraining"."""
    if not words:
        yield ()
        return
    first, rest = words[0], words[1:]
    ways: list[tuple[tuple[str, ...], Sequence[str], int]] = []
    if (word := key(first)) in known:
        ways.append(((word,), rest, seams))
    if seams and first.isascii():
        if rest and _one_word(first, rest[0]) and (word := key(first + rest[0])) in known:
            ways.append(((word,), rest[1:], seams - 1))
        for left, right in _parted(first, key):
            if left in known and right in known:
                ways.append(((left, right), rest, seams - 1))
    for said, others, seams_left in ways:
        for tail in readings(others, key, known, seams_left):
            yield (*said, *tail)


@lru_cache(
    maxsize=16_384
)  # phrases are looked up by the thousand, and in each paper they are shown in
def _parted(word: str, key: Key) -> tuple[tuple[str, str], ...]:
    """All ways to write a word as two, as keys."""
    parts = ((word[:at], word[at:]) for at in range(1, len(word)))
    return tuple((key(left), key(right)) for left, right in parts if _one_word(left, right))


def _one_word(left: str, right: str) -> bool:
    """Whether two pieces may be parts of one word; 1 and 0 are not 10, nor "in form" inform."""
    if not right.isascii() or (left[-1].isdigit() and right[0].isdigit()):
        return False
    return right not in STOP and (left not in STOP or left in _BEGINNINGS)


def position(places: Mapping[str, Sequence[int]], phrase: Sequence[str]) -> int | None:
    """Where a text first holds a phrase, or None. `places`: where each of its words stands."""
    for start in places[phrase[0]]:
        if all(start + at in places[word] for at, word in enumerate(phrase)):
            return start
    return None


class Shelf:
    """Token lists by their words, to look phrases up in.

    `texts`: token lists, with an empty token between parts that no phrase spans. `by_word`: the rows
    of the texts that hold each token.
    """

    def __init__(self, texts: Sequence[list[str]], by_word: Mapping[str, Sequence[int]]) -> None:
        self._texts = texts
        self._by_word = by_word
        self._forms: dict[Key, dict[str, tuple[str, ...]]] = {
            key: _forms(by_word, key) for key in (plain, root)
        }
        self._rows: dict[tuple[Key, str], Sequence[int]] = {}
        self._sets: dict[tuple[Key, str], frozenset[int]] = {}
        self._said: dict[tuple[Key, int], str] = {}

    @classmethod
    def of(cls, texts: Sequence[list[str]]) -> Shelf:
        """A shelf of texts that have no index yet."""
        by_word: defaultdict[str, list[int]] = defaultdict(list)
        for row, text in enumerate(texts):
            for word in set(text) - {""}:
                by_word[word].append(row)
        return cls(texts, by_word)

    def holding(self, phrase: str) -> Sequence[int]:
        """The rows that hold a phrase (see `phrase_of`), in order."""
        words, key = phrase_of(phrase)
        ways = list(readings(words, key, self._forms[key])) if words else []
        found = [rows for said in ways if (rows := self._saying(said, key))]
        return found[0] if len(found) == 1 else sorted(set().union(*found))

    def with_all(self, words: Collection[str]) -> Sequence[int]:
        """The rows that hold all of these tokens, or other forms of them, wherever, in order."""
        return self._together([root(word) for word in words], root) if words else []

    def _saying(self, said: Sequence[str], key: Key) -> Sequence[int]:
        rows = self._together(said, key)
        if len(said) == 1:
            return rows
        # Only the rows that hold all of its words need to be read, and a string is read fastest.
        wanted = f" {' '.join(said)} "
        return [row for row in rows if wanted in self._said_in(row, key)]

    def _said_in(self, row: int, key: Key) -> str:
        known = self._said.get((key, row))
        if known is None:
            known = self._said[key, row] = f" {' '.join(map(key, self._texts[row]))} "
        return known

    def _together(self, said: Sequence[str], key: Key) -> Sequence[int]:
        rarest, *others = sorted(said, key=lambda word: len(self._rows_of(key, word)))
        rows = self._rows_of(key, rarest)
        for word in others:
            also = self._set_of(key, word)
            rows = [row for row in rows if row in also]
        return rows

    def _rows_of(self, key: Key, word: str) -> Sequence[int]:
        known = self._rows.get((key, word))
        if known is None:
            lists = [self._by_word[form] for form in self._forms[key].get(word, ())]
            known = lists[0] if len(lists) == 1 else sorted(set().union(*lists))
            self._rows[key, word] = known
        return known

    def _set_of(self, key: Key, word: str) -> frozenset[int]:
        if (key, word) not in self._sets:
            self._sets[key, word] = frozenset(self._rows_of(key, word))
        return self._sets[key, word]


def _forms(tokens_known: Collection[str], key: Key) -> dict[str, tuple[str, ...]]:
    forms: defaultdict[str, list[str]] = defaultdict(list)
    for token in tokens_known:
        forms[key(token)].append(token)
    return {word: tuple(found) for word, found in forms.items()}
