"""Another address for the same person: asked for by their link, confirmed by one in the new mailbox, told
to the old one, which can undo it for a while.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from subscribers.address import Address, address_hash
from subscribers.consent import EventKind, Origin, State
from subscribers.consent_log import record
from subscribers.limits import may_mail_to
from subscribers.notices import NoticeKind, SendNotice, may_ask
from subscribers.preferences import find
from subscribers.renewing import next_version
from subscribers.suppression import is_suppressed
from subscribers.tables import FormerAddress, Subscriber
from subscribers.tokens import LIFETIME, LinkSigner, Purpose


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
    suppressed or their own gets no mail, and nothing else of theirs shows it: what was asked for stands
    in their data either way.
    """
    if subscriber.state != State.CONFIRMED or not may_ask(session, subscriber.id, now):
        return
    subscriber.new_email = address.email
    record(session, subscriber, EventKind.ADDRESS_ASKED, now=now, origin=origin)
    session.flush()
    if not (_is_free(session, address.email) and may_mail_to(session, address.email, now)):
        return
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
    session: Session,
    subscriber: Subscriber,
    about: int,
    *,
    origin: Origin,
    signer: LinkSigner,
    send_notice: SendNotice,
    now: datetime,
) -> bool:
    """Gives a subscriber (from `preferences.locked`) the address that the link was mailed to.

    `about`: what the link names. False if they asked for another one since, left, or somebody has it
    by now. The links in mails to the old address are dead from here on, but for leaving; the old
    address is told, and can undo it for as long as `Purpose.UNDO` lives.
    """
    email, old = waiting_address(subscriber, about), subscriber.email
    if email is None or not _is_free(session, email):
        return False
    _give(subscriber, email)
    record(session, subscriber, EventKind.ADDRESS_CHANGED, now=now, origin=origin)
    _tell(session, subscriber, old, signer=signer, send_notice=send_notice, now=now)
    session.flush()
    return True


def undo_move(
    session: Session, subscriber: Subscriber, about: int, *, origin: Origin, now: datetime
) -> bool:
    """Gives a subscriber (from `preferences.locked`) the address back that the link was mailed to.

    Every link that was mailed to them since is dead. False if it was undone before, they left, or
    somebody has the address by now.
    """
    email = former_address(session, subscriber, about)
    if email is None or not _is_free(session, email):
        return False
    # What came after this move is undone with it, and cannot be brought about again from there.
    session.execute(
        delete(FormerAddress).where(
            FormerAddress.subscriber_id == subscriber.id, FormerAddress.id >= about
        )
    )
    _give(subscriber, email)
    record(session, subscriber, EventKind.ADDRESS_RESTORED, now=now, origin=origin)
    session.flush()
    return True


def former_address(session: Session, subscriber: Subscriber, about: int) -> str | None:
    """The address that a link would bring their mail back to, None if there is nothing to undo."""
    if subscriber.state != State.CONFIRMED:
        return None
    return session.scalar(
        select(FormerAddress.email).where(
            FormerAddress.id == about, FormerAddress.subscriber_id == subscriber.id
        )
    )


def waiting_address(subscriber: Subscriber, about: int) -> str | None:
    """The address that a link would confirm, None if it is not the one that was asked for last."""
    email = subscriber.new_email
    if email is None or subscriber.state != State.CONFIRMED or address_number(email) != about:
        return None
    return email


def address_number(email: str) -> int:
    """48 bits that stand for an address in a link, which its person alone is sent."""
    return int(address_hash(email)[:12], 16)


def _give(subscriber: Subscriber, email: str) -> None:
    subscriber.email, subscriber.address_hash = email, address_hash(email)
    subscriber.new_email = None
    subscriber.links_version = next_version(subscriber.links_version)


def _tell(
    session: Session,
    subscriber: Subscriber,
    old: str,
    *,
    signer: LinkSigner,
    send_notice: SendNotice,
    now: datetime,
) -> None:
    """Mails the old address that it is one, with a link to undo it; no other link of theirs."""
    lifetime = LIFETIME[Purpose.UNDO]
    assert lifetime is not None
    session.execute(
        delete(FormerAddress).where(
            FormerAddress.subscriber_id == subscriber.id, FormerAddress.at <= now - lifetime
        )
    )
    if is_suppressed(session, address_hash(old)):
        return
    former = FormerAddress(subscriber_id=subscriber.id, email=old, at=now)
    session.add(former)
    session.flush()
    who = (subscriber.id, subscriber.links_version)
    token = signer.make(Purpose.UNDO, *who, now=now, about=former.id)
    send_notice(session, subscriber, NoticeKind.MOVED.value, {"token": token, "email": old})


def _is_free(session: Session, email: str) -> bool:
    hash_ = address_hash(email)
    return find(session, hash_) is None and not is_suppressed(session, hash_)
