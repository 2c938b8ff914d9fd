"""What public lists ask of the database: the listings of days, what was said of papers.

"Listed" means announced as new or cross-listed; a replacement is no news. Withdrawn papers are in no list.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from newsletter.model import ListingType
from newsletter.store.bulk import in_chunks
from newsletter.store.tables import Edition, Entry, Listing, Signal, Source
from newsletter.store.written import Summary
from subscribers.orm import UTCDateTime

_NEWS = Listing.type.in_((ListingType.NEW, ListingType.CROSS))
_STANDING = Listing.entry_id.not_in(select(Entry.id).where(Entry.withdrawn_at.is_not(None)))


# Written once, for it is asked before every answer.
_NEWEST = select(
    *(
        select(each).scalar_subquery()
        for each in (
            func.max(Entry.id), func.max(Entry.updated_at), func.max(Listing.seen_at),
            func.max(Signal.observed_at), func.max(Summary.settled_at),
            func.max(Edition.collected_at),
        )
    )
)  # fmt: skip


_ALL_SAID = (
    select(Signal.entry_id, Signal.kind, Signal.observed_at, Signal.value)
    .where(
        Signal.entry_id.in_(bindparam("ids", expanding=True)),
        Signal.observed_at <= bindparam("now", type_=UTCDateTime()),
    )
    .order_by(Signal.entry_id, Signal.kind, Signal.observed_at)
)
_SAID = _ALL_SAID.where(Signal.kind.in_(bindparam("kinds", expanding=True)))


class Place(NamedTuple):
    """A source as listings have it."""

    id: int
    name: str
    kind: str


class DayListing(NamedTuple):
    """One source's listing of an entry, with what sorts and filters a day."""

    entry_id: int
    source_id: int
    day: date
    votes: int | None
    comments: int | None
    categories: list[str]
    first_seen_at: datetime
    first_listed_on: date


def version(session: Session) -> tuple[datetime | int | None, ...]:
    """Changes whenever something does that a public list shows: the newest moments of each table."""
    newest = (
        func.max(Entry.id), func.max(Entry.updated_at), func.max(Listing.seen_at),
        func.max(Signal.observed_at), func.max(Summary.settled_at), func.max(Edition.collected_at),
    )  # fmt: skip
    return tuple(
        session.execute(select(*(select(each).scalar_subquery() for each in newest))).one()
    )


def places(session: Session) -> dict[int, Place]:
    """All sources by id."""
    rows = session.execute(select(Source.id, Source.name, Source.kind))
    return {row.id: Place(row.id, row.name, row.kind) for row in rows}


def listed_on(session: Session, day: date) -> list[DayListing]:
    """All listings of a day."""
    rows = session.execute(
        select(
            Listing.entry_id, Listing.source_id, Listing.day, Listing.votes, Listing.comments,
            Entry.categories, Entry.first_seen_at, Entry.first_listed_on,
        )
        .join(Entry, Entry.id == Listing.entry_id)
        .where(Listing.day == day, _NEWS, Entry.withdrawn_at.is_(None))
    )  # fmt: skip
    return [DayListing(*row) for row in rows]


def spoken_of(session: Session, first: date, last: date, kinds: Collection[str]) -> dict[int, date]:
    """The entries listed in these days of which such a signal was ever seen, with the last such day."""
    said = select(Signal.entry_id).where(
        Signal.entry_id == Listing.entry_id, Signal.kind.in_(kinds)
    )
    rows = session.execute(
        select(Listing.entry_id, func.max(Listing.day))
        .where(Listing.day.between(first, last), _NEWS, _STANDING, said.exists())
        .group_by(Listing.entry_id)
    )
    return {row[0]: row[1] for row in rows}


def newest_of(session: Session, first: date, last: date, most: int) -> dict[int, date]:
    """The newest entries listed in these days, with the last such day."""
    rows = session.execute(
        select(Listing.entry_id, func.max(Listing.day).label("at"))
        .where(Listing.day.between(first, last), _NEWS, _STANDING)
        .group_by(Listing.entry_id)
        .order_by(func.max(Listing.day).desc(), Listing.entry_id.desc())
        .limit(most)
    )
    return {row[0]: row[1] for row in rows}


def counts(session: Session, first: date, last: date) -> dict[date, int]:
    """How many papers were listed on each day from `first` to `last`; days without any are absent."""
    rows = session.execute(
        select(Listing.day, func.count(Listing.entry_id.distinct()))
        .where(Listing.day.between(first, last), _NEWS)
        .group_by(Listing.day)
    )
    return {row[0]: row[1] for row in rows}


def count_between(session: Session, first: date, last: date) -> int:
    """How many papers were listed in these days, each once."""
    return session.scalars(
        select(func.count(Listing.entry_id.distinct())).where(
            Listing.day.between(first, last), _NEWS
        )
    ).one()


def first_listed_counts(session: Session) -> dict[date, int]:
    """How many papers were first listed on each day of all time."""
    rows = session.execute(
        select(Entry.first_listed_on, func.count())
        .group_by(Entry.first_listed_on)
        .order_by(Entry.first_listed_on)
    )
    return {row[0]: row[1] for row in rows}


def neighbours(session: Session, first: date, last: date) -> tuple[date | None, date | None]:
    """The nearest days with papers before `first` and after `last`."""
    days = select(Listing.day).where(_NEWS, _STANDING).limit(1)
    before = days.where(Listing.day < first).order_by(Listing.day.desc())
    after = days.where(Listing.day > last).order_by(Listing.day)
    return session.scalar(before), session.scalar(after)


def signals_of(
    session: Session, ids: Sequence[int], kinds: Collection[str] | None, now: datetime
) -> list[tuple[int, str, datetime, int]]:
    """(entry, kind, when seen, value) of these entries by `now`, by entry, kind and time.

    `kinds`: None for all.
    """
    found: list[tuple[int, str, datetime, int]] = []
    asked = _ALL_SAID if kinds is None else _SAID
    for part in in_chunks(sorted(ids)):
        rows = session.execute(asked, {"ids": part, "kinds": list(kinds or ()), "now": now})
        found.extend((row.entry_id, row.kind, row.observed_at, row.value) for row in rows)
    return found


def highest(
    session: Session, ids: Sequence[int], kinds: Collection[str]
) -> list[tuple[int, str, int]]:
    """(entry, kind, the highest value ever seen) of these entries."""
    found: list[tuple[int, str, int]] = []
    for part in in_chunks(sorted(ids)):
        rows = session.execute(
            select(Signal.entry_id, Signal.kind, func.max(Signal.value))
            .where(Signal.entry_id.in_(part), Signal.kind.in_(kinds))
            .group_by(Signal.entry_id, Signal.kind)
        )
        found.extend((entry_id, kind, value) for entry_id, kind, value in rows)
    return found


def listing_facts(
    session: Session, ids: Collection[int]
) -> dict[int, tuple[date, tuple[int, ...]]]:
    """For each entry the last day on which it was listed, and its sources' ids."""
    found: dict[int, tuple[date, tuple[int, ...]]] = {}
    for part in in_chunks(sorted(ids)):
        rows = session.execute(
            select(Listing.entry_id, Listing.source_id, func.max(Listing.day))
            .where(Listing.entry_id.in_(part))
            .group_by(Listing.entry_id, Listing.source_id)
            .order_by(Listing.entry_id, Listing.source_id)
        )
        for entry_id, source_id, day in rows:
            latest, known = found.get(entry_id, (day, ()))
            found[entry_id] = max(latest, day), (*known, source_id)
    return found


def edition(session: Session, day: date) -> Edition | None:
    """The day's run, if there was one."""
    return session.get(Edition, day)
