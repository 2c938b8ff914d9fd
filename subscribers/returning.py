"""Asking somebody whose mails came back whether they are still there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers.consent import EventKind, Origin, State
from subscribers.signup import NoticeKind, SendNotice, record
from subscribers.suppression import SuppressionReason, lift
from subscribers.tables import Subscriber, Suppression
from subscribers.tokens import LinkSigner, Purpose


def ask_again(
    session: Session,
    subscriber: Subscriber,
    *,
    signer: LinkSigner,
    send_notice: SendNotice,
    now: datetime,
) -> bool:
    """Asks a confirmed subscriber (from `preferences.locked`) whose mails came back whether they are
    still there: nothing more is mailed until they press. False for anybody else.
    """
    if subscriber.state != State.CONFIRMED:
        return False
    subscriber.state = State.PENDING
    subscriber.next_send_at = None
    record(session, subscriber, EventKind.ASKED_AGAIN, now=now, origin=Origin())
    token = signer.make(Purpose.CONFIRM, subscriber.id, subscriber.links_version, now=now)
    send_notice(session, subscriber, NoticeKind.RECONFIRM.value, {"token": token})
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
    ask_again(session, subscriber, signer=signer, send_notice=send_notice, now=now)
    return True
