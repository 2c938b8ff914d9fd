"""Asking somebody whose mails came back whether they are still there; and beginning anew after that."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers.consent import EventKind, Origin, State
from subscribers.consent_log import record
from subscribers.notices import NoticeKind, SendNotice
from subscribers.suppression import SuppressionReason, lift
from subscribers.tables import Subscriber, Suppression
from subscribers.tokens import LinkSigner, Purpose

FRESH_STARTS = (
    EventKind.ASKED_AGAIN,
    EventKind.CONFIRMED,
    EventKind.ADDRESS_CHANGED,
    EventKind.ADDRESS_RESTORED,
)
"""Up to the last of these, what came back is forgiven."""


def ask_again(
    session: Session,
    subscriber: Subscriber,
    *,
    signer: LinkSigner,
    send_notice: SendNotice,
    now: datetime,
) -> bool:
    """Asks a subscriber (from `preferences.locked`) whose mails came back whether they are still there:
    nothing more is mailed until they press. Who never confirmed is asked that. False for whoever left.
    """
    if subscriber.state == State.UNSUBSCRIBED:
        return False
    subscriber.state = State.PENDING
    subscriber.next_send_at = None
    record(session, subscriber, EventKind.ASKED_AGAIN, now=now, origin=Origin())
    kind = NoticeKind.RECONFIRM if subscriber.confirmed_at else NoticeKind.CONFIRM
    token = signer.make(Purpose.CONFIRM, subscriber.id, subscriber.links_version, now=now)
    send_notice(session, subscriber, kind.value, {"token": token})
    session.flush()
    return True


def bring_back(
    session: Session,
    subscriber: Subscriber,
    *,
    signer: LinkSigner,
    send_notice: SendNotice,
    now: datetime,
) -> bool:
    """Lets a subscriber (from `preferences.locked`) whose mails came back be mailed again, after asking
    them. False, and nothing done, unless bounces are why they are not mailed.
    """
    reason = session.scalar(
        select(Suppression.reason).where(Suppression.address_hash == subscriber.address_hash)
    )
    if reason != SuppressionReason.BOUNCED or subscriber.state == State.UNSUBSCRIBED:
        return False
    lift(session, subscriber.address_hash)
    return ask_again(session, subscriber, signer=signer, send_notice=send_notice, now=now)
