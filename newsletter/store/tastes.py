"""Readers' stored profiles: saved in bulk, read a block at a time, and whose are out of date."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from newsletter.match.packed import PackedProfile, pack_profiles, unpack_profiles
from newsletter.match.profiles import Profiles
from newsletter.match.space import Space
from newsletter.store.bulk import upsert_rows
from newsletter.store.learned import LearnedTaste
from subscribers import audience
from subscribers.tables import State, Subscriber


@dataclass(frozen=True, slots=True)
class Standard:
    """What a stored profile must be to be used: of this space, and learned after `since`."""

    version: int
    since: datetime

    def met(self) -> ColumnElement[bool]:
        """As a condition on a subscriber and their taste, if they have one."""
        return and_(
            LearnedTaste.subscriber_id.is_not(None),
            LearnedTaste.space_id == self.version,
            LearnedTaste.learned_at > self.since,
            LearnedTaste.changed_at.is_not_distinct_from(Subscriber.taste_changed_at),
        )


def read(
    session: Session, ids: Collection[int], standard: Standard, space: Space
) -> tuple[list[int], Profiles]:
    """The profiles that are up to date of a block in key order: (whose, ascending; their profiles)."""
    rows = session.execute(
        select(
            LearnedTaste.subscriber_id,
            LearnedTaste.terms,
            LearnedTaste.dense,
            LearnedTaste.mean,
            LearnedTaste.spread,
        )
        .join(Subscriber, Subscriber.id == LearnedTaste.subscriber_id)
        .where(LearnedTaste.subscriber_id.between(min(ids), max(ids)), standard.met())
        .order_by(LearnedTaste.subscriber_id)
    )
    wanted = set(ids)
    found = [
        (id_, PackedProfile(terms, dense, mean, spread))
        for id_, terms, dense, mean, spread in rows
        if id_ in wanted
    ]
    return [id_ for id_, _ in found], unpack_profiles([packed for _, packed in found], space)


def stale(session: Session, standard: Standard, *, after: int, limit: int) -> list[int]:
    """The next confirmed subscribers with an id above `after` whose profile is not up to date."""
    return list(
        session.scalars(
            select(Subscriber.id)
            .join(LearnedTaste, LearnedTaste.subscriber_id == Subscriber.id, isouter=True)
            .where(Subscriber.id > after, Subscriber.state == State.CONFIRMED, ~standard.met())
            .order_by(Subscriber.id)
            .limit(limit)
        )
    )


def save(
    session: Session,
    whose: Sequence[tuple[int, datetime | None]],
    profiles: Profiles,
    version: int,
    now: datetime,
) -> int:
    """Store profiles in place of older ones; how many, for somebody may be gone by now.

    `whose`: ids in ascending order, each with the `taste_changed_at` that was learned from.
    """
    if not whose:
        return 0
    left = audience.held(session, [id_ for id_, _ in whose])
    rows: list[dict[str, Any]] = [
        {
            "subscriber_id": id_,
            "space_id": version,
            "learned_at": now,
            "changed_at": changed_at,
            "terms": packed.terms,
            "dense": packed.dense,
            "mean": packed.mean,
            "spread": packed.spread,
        }
        for (id_, changed_at), packed in zip(whose, pack_profiles(profiles), strict=True)
        if id_ in left
    ]
    upsert_rows(session, LearnedTaste, rows)
    return len(rows)
