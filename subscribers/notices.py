"""Mails that somebody's own request calls for: which there are, how one is queued, whether one may go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from subscribers.consent import EventKind
from subscribers.limits import may_mail_to
from subscribers.tables import ConsentEvent, Subscriber

_MAILS_PER_HOUR = 3

SendNotice = Callable[[Session, Subscriber, str, dict[str, Any]], None]
"""Queues a mail in the same transaction: (session, subscriber, NoticeKind, context)."""


class NoticeKind(StrEnum):
    """The mails that this package asks for; all but the good-bye have `{"token": ...}` as context.

    `MOVED` goes to an address that is theirs no more, which its context has as `"email"`.
    """

    CONFIRM = "confirm"
    PREFERENCES = "preferences"
    WELCOME = "welcome"
    ADDRESS = "address"
    MOVED = "moved"
    RECONFIRM = "reconfirm"
    GOODBYE = "goodbye"


def may_mail(session: Session, subscriber_id: int, email: str, now: datetime) -> bool:
    """Whether another mail may go to `email` on anybody's request; if so, it is counted.

    A few an hour, none in haste: for what one subscriber's links ask for, wherever it goes, and for what
    goes to one mailbox, whoever asked.
    """
    return may_ask(session, subscriber_id, now) and may_mail_to(session, email, now)


def may_ask(session: Session, subscriber_id: int, now: datetime) -> bool:
    """Whether one subscriber's links may ask for another mail, wherever it goes."""
    asked = select(func.count()).where(
        ConsentEvent.subscriber_id == subscriber_id,
        ConsentEvent.kind.in_([EventKind.REQUESTED, EventKind.LINK_SENT, EventKind.ADDRESS_ASKED]),
        ConsentEvent.at > now - timedelta(hours=1),
    )
    return session.scalars(asked).one() < _MAILS_PER_HOUR
