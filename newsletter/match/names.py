"""Names as readers type them, and whom they mean among authors and organisations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from newsletter.match.words import name_key, tokens

_PARTICLES = frozenset(
    ("al", "bin", "da", "das", "de", "del", "della", "den", "der", "di", "do", "dos", "du", "el",
     "ibn", "la", "le", "ten", "ter", "van", "von", "zu", "zur")
)  # fmt: skip
_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv"))


@dataclass(frozen=True, slots=True)
class TypedName:
    """`given`: names and initials, maybe none; `family`: its last words, particles included."""

    given: tuple[str, ...]
    family: tuple[str, ...]

    def fits(self, words: Sequence[str]) -> bool:
        """Whether a name, as words, may be this one: nothing that was typed is missing or other.

        An initial fits a name that begins with it; a name does not fit an initial, which may be
        anybody's. What was not typed may stand there.
        """
        size = len(self.family)
        if tuple(words[-size:]) != self.family:
            return False
        listed = iter(words[:-size])
        for number, typed in enumerate(self.given):
            first = next(listed, "")
            while number and first and not _fits(typed, first):
                first = next(listed, "")
            if not _fits(typed, first):
                return False
        return True


def typed_name(text: str) -> TypedName:
    """Read "G. Hinton", "Hinton, Geoffrey" or "van der Maaten"; a single word is a family name."""
    words = [part for word in _in_order(text).split() if (part := name_key(word))]
    words = words[:-1] if len(words) > 1 and words[-1] in _SUFFIXES else words
    split = max(len(words) - 1, 0)
    while split and words[split - 1] in _PARTICLES:
        split -= 1
    given, family = " ".join(words[:split]), " ".join(words[split:])
    return TypedName(tuple(given.split()), tuple(family.split()))


def name_words(name: str) -> list[str]:
    """A listed name as words, without Jr. and the like."""
    words = name_key(name).split()
    return words[:-1] if len(words) > 1 and words[-1] in _SUFFIXES else words


class Names:
    """Listed names by family name and first initial, so that a look-up reads only a few."""

    def __init__(self, rows: Mapping[str, Sequence[int]]) -> None:
        """`rows`: the rows of each name, by `name_key`."""
        self._rows = rows
        self._listed: defaultdict[tuple[str, str], list[tuple[str, list[str]]]] = defaultdict(list)
        for key in rows:
            if words := name_words(key):
                for initial in {"", words[0][0]}:
                    self._listed[words[-1], initial].append((key, words))

    def rows(self, typed: str) -> list[int]:
        """The rows where somebody is listed whom a typed name fits, in order."""
        name = typed_name(typed)
        if not name.family:
            return []
        initial = name.given[0][0] if name.given else ""
        keys = {
            key
            for key, words in self._listed.get((name.family[-1], initial), ())
            if name.fits(words)
        }
        # As typed: a collaboration, or a name in an order that we do not know.
        keys.add(name_key(typed))
        return sorted(_union(self._rows.get(key, ()) for key in keys))


def listed_as(typed: str, names: Iterable[str]) -> str | None:
    """The first of some listed names whom a typed one finds, or None."""
    meant, key = typed_name(typed), name_key(typed)
    fitting = (n for n in names if name_key(n) == key or meant.fits(name_words(n)))
    return next(fitting, None)


class Organisations:
    """Listed organisations by their words. "DeepMind" finds "Google DeepMind", not "Deep Minds"."""

    def __init__(self, rows: Mapping[str, Sequence[int]]) -> None:
        """`rows`: the rows of each organisation, by `organisation_key`."""
        self._rows = rows

    def rows(self, typed: str) -> list[int]:
        """The rows whose organisation has all typed words, next to each other and in order."""
        wanted = f" {organisation_key(typed)} "
        if wanted.isspace():
            return []
        fitting = (rows for key, rows in self._rows.items() if wanted in f" {key} ")
        return sorted(_union(fitting))


def organisation_key(name: str) -> str:
    """An organisation's name in one form, words with one blank between them."""
    return " ".join(tokens(name))


def _union(parts: Iterable[Sequence[int]]) -> set[int]:
    return {row for part in parts for row in part}


def _fits(typed: str, listed: str) -> bool:
    return typed == listed or (len(typed) == 1 and listed.startswith(typed))


def _in_order(name: str) -> str:
    if name.count(",") != 1:
        return name
    last, first = name.split(",")
    return f"{first} {last}"
