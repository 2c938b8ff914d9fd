"""Papers that are stored above, as this package asks for them: by keys and titles, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FoundPaper:
    """A stored paper: its canonical key and title."""

    key: str
    title: str


@dataclass(frozen=True, slots=True)
class FoundPapers:
    """What was found, under the key or title that it was asked by."""

    by_key: Mapping[str, FoundPaper] = field(default_factory=dict)
    by_title: Mapping[str, FoundPaper] = field(default_factory=dict)


FindPapers = Callable[[Sequence[str], Sequence[str]], FoundPapers]
"""(keys, titles) -> the papers that are known by them."""


def find_nothing(_keys: Sequence[str], _titles: Sequence[str]) -> FoundPapers:
    """Where no papers are stored."""
    return FoundPapers()
