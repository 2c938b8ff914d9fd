"""How attention to entries grew, for what is trending, and how it stood at a moment, for mails."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime, time

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter import model
from newsletter.match.trending import WEIGHTS, Attention
from newsletter.store import reading
from newsletter.store.bulk import in_chunks
from newsletter.store.tables import Entry, Listing, Signal, Source

_SHOWN = ("votes", "comments", "hn-points")


def recent(session: Session, listed_since: date, now: datetime) -> list[Attention]:
    """What has been said, by `now`, of entries that were listed no longer ago and not withdrawn."""
    rows = session.execute(
        select(
            Signal.entry_id, Entry.first_listed_on, Signal.kind, Signal.observed_at, Signal.value
        )
        .join(Entry, Entry.id == Signal.entry_id)
        .where(
            Entry.first_listed_on >= listed_since,
            Entry.withdrawn_at.is_(None),
            Signal.kind.in_(WEIGHTS),
            Signal.observed_at <= now,
        )
        .order_by(Signal.entry_id, Signal.kind, Signal.observed_at)
    )
    since: dict[int, date] = {}
    found: defaultdict[int, defaultdict[str, list[tuple[datetime, int]]]]
    found = defaultdict(lambda: defaultdict(list))
    for entry_id, listed_on, kind, at, value in rows:
        since[entry_id] = listed_on
        found[entry_id][kind].append((at, value))
    since |= first_voted_on(session, since)
    return [
        Attention(entry_id, datetime.combine(since[entry_id], time(), UTC), said)
        for entry_id, said in found.items()
    ]


def first_voted_on(session: Session, ids: Collection[int]) -> dict[int, date]:
    """The day on which a source that counts votes first listed each entry."""
    found: dict[int, date] = {}
    for part in in_chunks(sorted(ids)):
        rows = session.execute(
            select(Listing.entry_id, func.min(Listing.day))
            .where(Listing.entry_id.in_(part), Listing.votes.is_not(None))
            .group_by(Listing.entry_id)
        )
        found.update((entry_id, day) for entry_id, day in rows)
    return found


def entries_as_of(
    session: Session, ids: Collection[int], moment: datetime
) -> dict[int, model.Entry]:
    """Entries by id as a mail shows them: their numbers as they stood at `moment`, and their sources.

    The numbers come from what was written down of them over time, so they are the same however late
    this is asked. Texts are those of now.
    """
    numbers = _numbers(session, ids, moment)
    sources = _sources(session, ids)
    return {
        id_: replace(
            entry,
            votes=numbers.get((id_, "votes"), 0),
            comments=numbers.get((id_, "comments"), 0),
            points=numbers.get((id_, "hn-points"), 0),
            sources=tuple(sorted(sources.get(id_, ()))),
        )
        for id_, entry in reading.entries_by_id(session, ids).items()
    }


def _numbers(
    session: Session, ids: Collection[int], moment: datetime
) -> dict[tuple[int, str], int]:
    found: dict[tuple[int, str], int] = {}
    for part in in_chunks(sorted(ids)):
        rows = session.execute(
            select(Signal.entry_id, Signal.kind, Signal.value)
            .where(Signal.entry_id.in_(part), Signal.kind.in_(_SHOWN), Signal.observed_at <= moment)
            .order_by(Signal.observed_at)
        )
        found.update(((entry_id, kind), value) for entry_id, kind, value in rows)
    return found


def _sources(session: Session, ids: Collection[int]) -> dict[int, set[str]]:
    found: defaultdict[int, set[str]] = defaultdict(set)
    for part in in_chunks(sorted(ids)):
        rows = session.execute(
            select(Listing.entry_id, Source.kind)
            .join(Source, Source.id == Listing.source_id)
            .where(Listing.entry_id.in_(part))
            .distinct()
        )
        for entry_id, kind in rows:
            found[entry_id].add(kind)
    return found
