"""What a digest would hold for somebody who is no subscriber yet, or not in this way: asked and answered as
plain values. Who answers is handed in from above.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from subscribers.choices import Part
from subscribers.profile import Profile
from subscribers.tokens import LESS, MORE

MOST_RATED = 40


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. `ratings`: canonical keys of papers with `MORE` or `LESS`, each once. `parts_off`,
    `sources_off`: what they do without. `reader`: the id of whoever asks, for what they have had does
    not come again; 0 for a visitor.
    """

    profile: Profile
    ratings: tuple[tuple[str, int], ...] = ()
    max_papers: int = 10
    parts_off: frozenset[Part] = frozenset()
    sources_off: frozenset[str] = frozenset()
    reader: int = 0

    def __post_init__(self) -> None:
        if any(value not in {MORE, LESS} for _, value in self.ratings):
            raise ValueError("a rating is MORE or LESS")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a paper is there: plain words, the wish or name in their midst, and what was found."""

    before: str
    name: str = ""
    after: str = ""
    found: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewPaper:
    """One pick. `url` is safe to link, or empty; `day`: when the paper was first listed.

    `section`: what its place in the digest is called.
    """

    entry_id: int
    key: str
    title: str
    url: str
    authors: str
    day: date
    section: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """The digest of the last `days` days; `considered`: how many papers those days had."""

    papers: tuple[PreviewPaper, ...]
    considered: int
    days: int


class PreviewBusyError(Exception):
    """More previews are asked for just now than can be made; the next moment may do."""


MakePreview = Callable[[Wanted], Preview]
"""Raises PreviewBusyError."""


def no_preview(_wanted: Wanted) -> Preview:
    """Where nobody can make one."""
    return Preview((), 0, 0)
