"""Addresses that must not be mailed, and why. Known by their hash alone."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, exists, select
from sqlalchemy.orm import Session

from subscribers.store import insert_new
from subscribers.tables import Subscriber, Suppression


class SuppressionReason(StrEnum):
    """Why an address must not be mailed."""

    BOUNCED = "bounced"
    COMPLAINED = "complained"
    ERASED = "erased"
    OPERATOR = "operator"


def suppress(session: Session, address_hash: str, reason: SuppressionReason, now: datetime) -> bool:
    """Takes an address out of every mailing. False if it was out before; the first reason stays."""
    row = {"address_hash": address_hash, "reason": reason.value, "at": now}
    return insert_new(session, Suppression, [row]) == 1


def lift(session: Session, address_hash: str) -> bool:
    """Lets an address be mailed again. False if it was not suppressed."""
    gone = session.execute(
        delete(Suppression)
        .where(Suppression.address_hash == address_hash)
        .returning(Suppression.address_hash)
    )
    return gone.first() is not None


def is_suppressed(session: Session, address_hash: str) -> bool:
    """Whether an address must not be mailed."""
    found = select(Suppression.address_hash).where(Suppression.address_hash == address_hash)
    return session.scalar(found) is not None


def not_suppressed() -> ColumnElement[bool]:
    """The condition for queries over Subscriber."""
    return ~exists().where(Suppression.address_hash == Subscriber.address_hash)
