"""What a kind of source must offer, and what it is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol, runtime_checkable

from newsletter.collect.http import Http
from newsletter.model import Listed


@dataclass(frozen=True, slots=True)
class Request:
    """What to collect: the source's own settings and cursor, for which day, as of which moment."""

    settings: Mapping[str, Any]
    day: date
    now: datetime
    cursor: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Batch:
    """A part of what a source answered; the caller commits it before it asks for the next.

    `problems`: one clear line for each thing that was wrong and left out.
    `notes`: one clear line for what is in order but worth telling ("a weekend: nothing announced").
    `cursor`: where to go on from once this batch is committed, or None to leave it as it is.
    `unchanged`: the source said that nothing changed since the last time (304).
    `withdrawn`: keys of papers that the source has taken back without listing them again.
    `batch_day`: the day of the announcements shown, where the source announces in daily batches.
    `announced`: how many papers the answer held, those left out included, where that is known.
    """

    listed: tuple[Listed, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    cursor: Mapping[str, Any] | None = None
    unchanged: bool = False
    withdrawn: tuple[str, ...] = ()
    batch_day: date | None = None
    announced: int | None = None


class Collector(Protocol):
    """A kind of source: one class, found by its entry point in the group `paperround.sources`."""

    def check(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The settings, completed and normalised. Raises SourceError in plain words if bad."""
        ...

    def collect(self, request: Request, http: Http) -> Iterator[Batch]:
        """Yield what the source lists. Raises SourceError when it cannot be read at all.

        Nothing is yielded in silence: an empty result has a problem, a note, or `unchanged`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Counterpart:
    """A source that has all of what another one shows only for a day. `days`: how far back to go."""

    kind: str
    settings: Mapping[str, Any]
    days: int


@runtime_checkable
class Partial(Protocol):
    """A kind that shows only the current day, and can be caught up from a complete source."""

    def complete_source(self, settings: Mapping[str, Any]) -> Counterpart | None:
        """Where missed days are to be had, or None if they are not to be caught up."""
        ...
