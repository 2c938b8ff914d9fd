"""A person's rights over what we hold: to have it, and to have it gone."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from subscribers.orm import Base
from subscribers.preferences import read_preferences
from subscribers.profile_document import profile_to_document
from subscribers.suppression import SuppressionReason, suppress
from subscribers.tables import ConsentEvent, FormerAddress, Subscriber, Vote


def erase(session: Session, subscriber_id: int, *, now: datetime) -> bool:
    """Deletes a person and, by the foreign keys, all that hangs on them. False if there was nobody.

    What remains is the hash of their address, so that no import ever brings them back.
    """
    gone = session.scalars(
        delete(Subscriber)
        .where(Subscriber.id == subscriber_id)
        .returning(Subscriber.address_hash)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if gone is None:
        return False
    suppress(session, gone, SuppressionReason.ERASED, now)
    session.expire_all()
    return True


def addresses_of(session: Session, subscriber_id: int) -> list[str]:
    """All addresses that a person has or had here, the present one first."""
    present = select(Subscriber.email).where(Subscriber.id == subscriber_id)
    former = select(FormerAddress.email).where(FormerAddress.subscriber_id == subscriber_id)
    return [*session.scalars(present), *session.scalars(former.order_by(FormerAddress.id))]


def export_person(session: Session, subscriber: Subscriber) -> dict[str, Any]:
    """Everything that these tables hold about a person, as plain JSON values."""
    events = session.scalars(
        select(ConsentEvent)
        .where(ConsentEvent.subscriber_id == subscriber.id)
        .order_by(ConsentEvent.id)
    )
    votes = session.scalars(
        select(Vote).where(Vote.subscriber_id == subscriber.id).order_by(Vote.at, Vote.entry_key)
    )
    former = session.scalars(
        select(FormerAddress)
        .where(FormerAddress.subscriber_id == subscriber.id)
        .order_by(FormerAddress.id)
    )
    return {
        "subscriber": _plain(subscriber),
        "former_addresses": [_plain(address) for address in former],
        "profile": profile_to_document(read_preferences(subscriber).profile),
        "votes": [_plain(vote) for vote in votes],
        "consent_events": [_plain(event) for event in events],
    }


def _plain(row: Base) -> dict[str, Any]:
    values = {column.name: getattr(row, column.name) for column in row.__table__.columns}
    return {
        name: value.isoformat() if isinstance(value, datetime | date) else value
        for name, value in values.items()
    }
