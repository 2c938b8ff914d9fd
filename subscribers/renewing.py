"""New links in place of those that somebody else may hold by now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from subscribers.consent import EventKind, Origin, State
from subscribers.consent_log import record
from subscribers.notices import NoticeKind, SendNotice, may_mail
from subscribers.suppression import is_suppressed
from subscribers.tables import Subscriber
from subscribers.tokens import LinkSigner, Purpose


def renew_links(
    session: Session,
    subscriber: Subscriber,
    *,
    origin: Origin,
    signer: LinkSigner,
    send_notice: SendNotice,
    now: datetime,
) -> bool:
    """Ends every link that a subscriber (from `preferences.locked`) was mailed, but for the one to leave,
    and mails a fresh one. False if that mail has to wait, as too many were asked for in the last hour.

    Nothing but that mail holds a new link: whoever pressed may be the one it was forwarded to.
    """
    subscriber.links_version = next_version(subscriber.links_version)
    subscriber.new_email = None  # the link that would confirm it is dead, too
    mails = (
        subscriber.state == State.CONFIRMED
        and not is_suppressed(session, subscriber.address_hash)
        and may_mail(session, subscriber.id, subscriber.email, now)
    )
    record(
        session,
        subscriber,
        EventKind.LINK_SENT if mails else EventKind.LINKS_ENDED,
        now=now,
        origin=origin,
    )
    if mails:
        who = (subscriber.id, subscriber.links_version)
        token = signer.make(Purpose.PREFERENCES, *who, now=now)
        send_notice(session, subscriber, NoticeKind.PREFERENCES.value, {"token": token})
    session.flush()
    return mails


def next_version(version: int) -> int:
    """The version of a person's links after this one; it has 16 bits, and 0 is none."""
    return version % 0xFFFF + 1
