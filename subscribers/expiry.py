"""Sign-ups that nobody confirmed are forgotten: whoever never answered has not agreed to being kept."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from subscribers import limits
from subscribers.consent import EventKind, State
from subscribers.tables import ConsentEvent, Subscriber

UNCONFIRMED_FOR = timedelta(days=7)
"""Longer than any link to confirm lives."""


def forget_unconfirmed(session: Session, now: datetime) -> int:
    """Deletes who asked to join, never confirmed, and was last mailed a link long ago; how many.

    Nobody is suppressed by it, and whoever was imported stays: the operator vouches for them.
    """
    events = select(ConsentEvent.id).where(ConsentEvent.subscriber_id == Subscriber.id)
    lately = events.where(ConsentEvent.at > now - UNCONFIRMED_FOR)
    imported = events.where(ConsentEvent.kind == EventKind.IMPORTED)
    gone = session.scalars(
        delete(Subscriber)
        .where(
            Subscriber.state == State.PENDING,
            Subscriber.confirmed_at.is_(None),
            Subscriber.created_at <= now - UNCONFIRMED_FOR,
            ~exists(lately.correlate(Subscriber)),
            ~exists(imported.correlate(Subscriber)),
        )
        .returning(Subscriber.id)
        .execution_options(synchronize_session=False)
    ).all()
    limits.prune(session, now)
    return len(gone)
