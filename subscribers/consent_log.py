"""The record of consent, only appended to: what somebody did, when, from where, what words they saw."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from subscribers.consent import EventKind, Origin, Wording
from subscribers.tables import ConsentEvent, Subscriber


def record(
    session: Session,
    subscriber: Subscriber,
    kind: EventKind,
    *,
    now: datetime,
    origin: Origin,
    words: Wording | None = None,
) -> None:
    """Appends a consent event."""
    session.add(
        ConsentEvent(
            subscriber_id=subscriber.id,
            kind=kind.value,
            at=now,
            network_address=origin.network_address,
            user_agent=origin.user_agent,
            text_version=words.version if words else None,
            text_hash=words.hash if words else None,
        )
    )
