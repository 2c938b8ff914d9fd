"""Mails that a person's own action called for, waiting to be sent."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from newsletter import clock
from newsletter.model import DeliveryState
from newsletter.store.tables import Notice
from subscribers.tables import Subscriber


def queue_notice(
    session: Session, subscriber: Subscriber, kind: str, context: dict[str, Any]
) -> None:
    """What `subscribers` calls to have a mail sent: a row in its own transaction, sent afterwards."""
    session.add(
        Notice(
            subscriber_id=subscriber.id,
            kind=kind,
            context=context,
            state=DeliveryState.PLANNED,
            created_at=clock.now(),
        )
    )
