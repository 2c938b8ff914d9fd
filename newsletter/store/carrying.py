"""A digest that could not be sent by the time the next one is planned: that one takes its papers in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from newsletter.model import DeliveryState, Digest, Pick, Section, Skip, SkipReason
from newsletter.store.planning import Planned, delivery_row, read_evidence
from newsletter.store.tables import Delivery, Entry
from newsletter.store.tables import Pick as PickRow

# A weekly digest is followed by the next within so many days.
_LOOK_BACK = timedelta(days=8)
_UNSENT = (DeliveryState.PLANNED, DeliveryState.DEFERRED)
_QUIETLY = {"synchronize_session": False}


def take_in(session: Session, fresh: Sequence[Planned], now: datetime) -> list[Planned]:
    """Close the earlier deliveries of those just planned that never left; the plan with their papers.

    What is on the wire, or may have arrived, stays what it is.
    """
    old = _closed(session, {row.subscriber_id: row.day for row in fresh}, now)
    if not old:
        return list(fresh)
    late = _picks(session, old)
    return [
        _merge(session, row, late[row.subscriber_id], now) if row.subscriber_id in late else row
        for row in fresh
    ]


def _closed(session: Session, days: Mapping[int, date], now: datetime) -> list[int]:
    if not days:
        return []
    first, last = min(days.values()), max(days.values())
    closed = session.execute(
        update(Delivery)
        .where(
            Delivery.subscriber_id.in_(days),
            Delivery.edition_day.between(first - _LOOK_BACK, last - timedelta(days=1)),
            Delivery.state.in_(_UNSENT),
            Delivery.claimed_by.is_(None),
            Delivery.uncertain_at.is_(None),
            Delivery.planned_at < now,
        )
        .values(state=DeliveryState.SKIPPED, reason=SkipReason.MERGED, settled_at=now)
        .returning(Delivery.id),
        execution_options=_QUIETLY,
    )
    return list(closed.scalars())


def _picks(session: Session, ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """What the closed deliveries held, by reader; papers that were withdrawn since are left there."""
    rows = session.execute(
        select(
            PickRow.subscriber_id,
            PickRow.entry_id,
            PickRow.section,
            PickRow.score,
            PickRow.evidence,
        )
        .join(Entry, Entry.id == PickRow.entry_id)
        .where(PickRow.delivery_id.in_(ids), Entry.withdrawn_at.is_(None))
        .order_by(PickRow.delivery_id, PickRow.position)
    )
    found: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        found[row.subscriber_id].append(row)
    return found


def _merge(session: Session, row: Planned, late: Sequence[Row[Any]], now: datetime) -> Planned:
    digest = Digest((), 0) if isinstance(row.digest, Skip) else row.digest
    taken = [
        Pick(pick.entry_id, Section(pick.section), pick.score, read_evidence(pick.evidence))
        for pick in late
    ]
    order = list(Section)
    picks = sorted([*digest.picks, *taken], key=lambda pick: order.index(pick.section))
    whole = replace(row, digest=replace(digest, picks=tuple(picks), quiet_days=0))
    said = delivery_row(whole, now)
    delivery_id = session.execute(
        update(Delivery)
        .where(Delivery.subscriber_id == row.subscriber_id, Delivery.edition_day == row.day)
        .values({name: said[name] for name in ("state", "reason", "context", "settled_at")})
        .returning(Delivery.id),
        execution_options=_QUIETLY,
    ).scalar_one()
    for position, pick in enumerate(picks):
        session.execute(
            update(PickRow)
            .where(PickRow.subscriber_id == row.subscriber_id, PickRow.entry_id == pick.entry_id)
            .values(delivery_id=delivery_id, position=position),
            execution_options=_QUIETLY,
        )
    return whole
