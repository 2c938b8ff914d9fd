"""What members were last given: the ledger as planning asks it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from newsletter.model import DeliveryState
from newsletter.store.bulk import in_chunks
from newsletter.store.tables import Delivery

# Neither came to its reader.
_NOT_HAD = (DeliveryState.SKIPPED, DeliveryState.FAILED)


def last_planned(
    session: Session, subscriber_ids: Collection[int], since: date
) -> dict[int, datetime]:
    """When the last digest that each of them got, or is to get, was planned; only of the editions since
    a day, for the whole ledger of many readers is long.
    """
    found: dict[int, datetime] = {}
    for part in in_chunks(subscriber_ids):
        rows = session.execute(
            select(Delivery.subscriber_id, func.max(Delivery.planned_at))
            .where(
                Delivery.subscriber_id.in_(part),
                Delivery.edition_day >= since,
                Delivery.state.not_in(_NOT_HAD),
            )
            .group_by(Delivery.subscriber_id)
        )
        found.update((who, at) for who, at in rows)
    return found


def left_out_in_a_row(session: Session, subscriber_ids: Collection[int]) -> Counter[int]:
    """How many digests of each were left out since the last one that was not."""
    had = (
        select(Delivery.subscriber_id, func.max(Delivery.edition_day).label("day"))
        .where(
            Delivery.subscriber_id.in_(subscriber_ids),
            Delivery.state != DeliveryState.SKIPPED,
        )
        .group_by(Delivery.subscriber_id)
        .subquery()
    )
    rows = session.execute(
        select(Delivery.subscriber_id, func.count())
        .outerjoin(had, had.c.subscriber_id == Delivery.subscriber_id)
        .where(
            Delivery.subscriber_id.in_(subscriber_ids),
            or_(had.c.day.is_(None), Delivery.edition_day > had.c.day),
        )
        .group_by(Delivery.subscriber_id)
    )
    return Counter({row[0]: row[1] for row in rows})
