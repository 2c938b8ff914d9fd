"""Another address for the same person: asked for by their link, confirmed by one in the new mailbox."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers.address import Address, address_hash
from subscribers.consent import EventKind, Origin, State
from subscribers.signup import NoticeKind, SendNotice, may_mail, record
from subscribers.suppression import is_suppressed
from subscribers.tables import Subscriber
from subscribers.tokens import LinkSigner, Purpose


def request_move(
    session: Session,
    subscriber: Subscriber,
    address: Address,
    *,
    origin: Origin,
    signer: LinkSigner,
    send_notice: SendNotice,
    now: datetime,
) -> None:
    """Mails the new address of a confirmed subscriber (from `preferences.locked`) a link to confirm it.

    Returns nothing, as signing up does: nobody learns who else is with us. An address that is taken,
    suppressed or their own gets no mail.
    """
    if (
        subscriber.state != State.CONFIRMED
        or _is_taken(session, address.hash)
        or is_suppressed(session, address.hash)
        or not may_mail(session, subscriber.id, now)
    ):
        return
    subscriber.new_email = address.email
    record(session, subscriber, EventKind.ADDRESS_ASKED, now=now, origin=origin)
    token = signer.make(
        Purpose.ADDRESS,
        subscriber.id,
        subscriber.links_version,
        now=now,
        about=address_number(address.email),
    )
    send_notice(session, subscriber, NoticeKind.ADDRESS.value, {"token": token})
    session.flush()


def move(
    session: Session, subscriber: Subscriber, about: int, *, origin: Origin, now: datetime
) -> bool:
    """Gives a subscriber (from `preferences.locked`) the address that the link was mailed to.

    `about`: what the link names. False if they asked for another one since, left, or somebody has it
    by now. The links in mails to the old address are dead from here on, but for leaving.
    """
    email = waiting_address(subscriber, about)
    if email is None:
        return False
    new_hash = address_hash(email)
    if _is_taken(session, new_hash) or is_suppressed(session, new_hash):
        return False
    subscriber.email, subscriber.address_hash, subscriber.new_email = email, new_hash, None
    subscriber.links_version = subscriber.links_version % 0xFFFF + 1
    record(session, subscriber, EventKind.ADDRESS_CHANGED, now=now, origin=origin)
    session.flush()
    return True


def waiting_address(subscriber: Subscriber, about: int) -> str | None:
    """The address that a link would confirm, None if it is not the one that was asked for last."""
    email = subscriber.new_email
    if email is None or subscriber.state != State.CONFIRMED or address_number(email) != about:
        return None
    return email


def address_number(email: str) -> int:
    """48 bits that stand for an address in a link, which its person alone is sent."""
    return int(address_hash(email)[:12], 16)


def _is_taken(session: Session, hash_: str) -> bool:
    found = select(Subscriber.id).where(Subscriber.address_hash == hash_)
    return session.scalar(found) is not None
