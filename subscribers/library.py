"""What the pages ask of whoever holds the papers and the digests: plain values, handed in from above."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy.orm import Session

from subscribers.feedback import VoteGiven


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper to be named: its canonical key, its title, its address (safe to link, or empty)."""

    entry_id: int
    key: str
    title: str
    url: str


class Common(StrEnum):
    """What votes have in common."""

    WORDS = "words"
    AUTHOR = "author"
    PAPER = "paper"
    OLDER = "older"


@dataclass(frozen=True, slots=True)
class Shared:
    """Votes in the same direction, and what their papers share: words, an author, or one paper's title;
    those that are too old to be told one by one share nothing.

    `keys`: those of the votes. Of several ones no two have a vote in common.
    """

    value: int
    common: Common
    name: str
    keys: tuple[str, ...]

    @property
    def label(self) -> str:
        """What a form calls it by."""
        return f"{self.value:+d} {self.common} {self.name}"


@dataclass(frozen=True, slots=True)
class SourceShown:
    """A source that a reader may do without: its name, and what it is called."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class PastDigest:
    """A digest that left, or is to leave: the number that its link is about, its day, how many papers."""

    number: int
    day: date
    papers: int
    planned_at: datetime


class Library(Protocol):
    """Answers what is asked about papers, digests, and what else is held about somebody."""

    def papers(self, session: Session, keys: Collection[str]) -> Mapping[str, Paper]:
        """The papers of these keys; unknown ones are absent."""
        ...

    def beside(self, session: Session, subscriber_id: int, entry_id: int) -> Sequence[Paper]:
        """The papers of the digest in which this one was sent to somebody, in its order, it too."""
        ...

    def shared(self, session: Session, votes: Sequence[VoteGiven]) -> Sequence[Shared]:
        """Somebody's votes by what their papers share, most votes first."""
        ...

    def sources(self, session: Session) -> Sequence[SourceShown]:
        """The sources that papers come from."""
        ...

    def digests(self, session: Session, subscriber_id: int, most: int) -> Sequence[PastDigest]:
        """Somebody's latest digests, the latest first."""
        ...

    def held(self, session: Session, subscriber_id: int) -> dict[str, Any]:
        """What else is held about somebody, as plain JSON values."""
        ...

    def forget(self, session: Session, email: str) -> None:
        """Drop an address from all that is no row of its owner's."""
        ...
