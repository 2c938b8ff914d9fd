"""What the past holds of digests, papers and votes, as of a moment: for replaying them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from newsletter.model import DeliveryState, Section
from newsletter.store.tables import Delivery, Entry, EntryKey, Pick
from subscribers.tables import Vote

_AT_ONCE = 500
_SENT = (DeliveryState.SUBMITTED.value, DeliveryState.UNCERTAIN.value)


@dataclass(frozen=True, slots=True)
class PastDigest:
    """When a digest was planned, and the ids of the entries in it: none where nothing was sent."""

    planned_at: datetime
    entry_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """How readers answered picks that were sent: with more, with less, not at all."""

    up: int = 0
    down: int = 0
    none: int = 0

    @property
    def sent(self) -> int:
        """All of them."""
        return self.up + self.down + self.none

    def as_dict(self) -> dict[str, int]:
        """For JSON."""
        return {"sent": self.sent, "up": self.up, "down": self.down, "none": self.none}


def past_digests(session: Session, ids: Sequence[int]) -> dict[int, list[PastDigest]]:
    """What was planned for these people, skipped days included, the oldest first: by subscriber id.

    `ids` is a block in key order: the digests of all who lie between are read.
    """
    if not ids:
        return {}
    among = Delivery.subscriber_id.between(min(ids), max(ids))
    entry_ids: defaultdict[int, list[int]] = defaultdict(list)
    chosen = select(Pick.delivery_id, Pick.entry_id).join(Delivery, Delivery.id == Pick.delivery_id)
    for delivery_id, entry_id in session.execute(chosen.where(among).order_by(Pick.position)):
        entry_ids[delivery_id].append(entry_id)
    found: defaultdict[int, list[PastDigest]] = defaultdict(list)
    planned = select(Delivery.id, Delivery.subscriber_id, Delivery.planned_at).where(among)
    for id_, person, at in session.execute(planned.order_by(Delivery.planned_at, Delivery.id)):
        found[person].append(PastDigest(at, tuple(entry_ids.get(id_, ()))))
    return found


def new_then(
    session: Session, seen_after: datetime, seen_until: datetime, listed_since: date
) -> list[int]:
    """The ids of what `reading.new_entries` gave at `seen_until`: what was withdrawn later is there."""
    query = (
        select(Entry.id)
        .where(
            Entry.first_seen_at > seen_after,
            Entry.first_seen_at <= seen_until,
            Entry.first_listed_on >= listed_since,
            or_(Entry.withdrawn_at.is_(None), Entry.withdrawn_at > seen_until),
        )
        .order_by(Entry.first_seen_at, Entry.id)
    )
    return list(session.scalars(query))


def archive_then(session: Session, seen_until: datetime, limit: int) -> list[int]:
    """The ids of the latest entries seen by then, the latest first."""
    latest = (Entry.first_seen_at.desc(), Entry.id.desc())
    query = select(Entry.id).where(Entry.first_seen_at <= seen_until).order_by(*latest)
    return list(session.scalars(query.limit(limit)))


def entry_ids(session: Session, keys: Collection[str]) -> dict[str, int]:
    """Canonical key -> id of the entry that is known by it; unknown keys are absent."""
    found: dict[str, int] = {}
    ordered = sorted(keys)
    for start in range(0, len(ordered), _AT_ONCE):
        part = EntryKey.key.in_(ordered[start : start + _AT_ONCE])
        rows = session.execute(select(EntryKey.key, EntryKey.entry_id).where(part))
        found.update((key, id_) for key, id_ in rows)
    return found


def answers(session: Session) -> tuple[Answers, Answers]:
    """How all picks that were ever sent were answered: those to explore, and all others."""
    # Of several votes of a reader on what became one entry the latest counts.
    latest = func.row_number().over(
        partition_by=(Vote.subscriber_id, EntryKey.entry_id),
        order_by=(Vote.at.desc(), Vote.entry_key.desc()),
    )
    of_entry = (
        select(Vote.subscriber_id, EntryKey.entry_id, Vote.value, latest.label("place"))
        .join(EntryKey, EntryKey.key == Vote.entry_key)
        .subquery()
    )
    same = and_(
        of_entry.c.subscriber_id == Pick.subscriber_id,
        of_entry.c.entry_id == Pick.entry_id,
        of_entry.c.place == 1,
    )
    rows = session.execute(
        select(Pick.section, of_entry.c.value, func.count())
        .join(Delivery, Delivery.id == Pick.delivery_id)
        .outerjoin(of_entry, same)
        .where(Delivery.state.in_(_SENT))
        .group_by(Pick.section, of_entry.c.value)
    )
    counts: defaultdict[tuple[bool, int | None], int] = defaultdict(int)
    for section, value, count in rows:
        counts[section == Section.EXPLORE.value, value] += count
    exploring, others = (
        Answers(counts[explore, 1], counts[explore, -1], counts[explore, None])
        for explore in (True, False)
    )
    return exploring, others
