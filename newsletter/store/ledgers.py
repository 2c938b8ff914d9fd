"""The two ledgers, of digests and of notices: who may be mailed from each, and what an operator stopped."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_, select, true

from newsletter.store.ledger import Ledger
from newsletter.store.tables import Delivery, Edition, Notice
from subscribers.notices import NoticeKind
from subscribers.suppression import not_suppressed
from subscribers.tables import State, Subscriber


def _reader_of(
    table: type[Delivery | Notice], *conditions: ColumnElement[bool]
) -> ColumnElement[bool]:
    return (
        select(Subscriber.id)
        .where(Subscriber.id == table.subscriber_id, *conditions)
        .correlate(table)
        .exists()
    )


DELIVERIES = Ledger(
    Delivery,
    _reader_of(
        Delivery,
        not_suppressed(),
        Subscriber.state == State.CONFIRMED,
        or_(Subscriber.paused_until.is_(None), Subscriber.paused_until <= Delivery.edition_day),
    ),
    ~select(Edition.day)
    .where(Edition.day == Delivery.edition_day, Edition.stopped_at.is_not(None))
    .correlate(Delivery)
    .exists(),
)
# Who has left gets the mail that says so, and no other; where they were before is told in any case. Two
# kinds go to an address that is not the reader's, so that theirs is suppressed says nothing of it; its
# own suppression is asked about when the mail is made.
NOTICES = Ledger(
    Notice,
    _reader_of(
        Notice,
        or_(not_suppressed(), Notice.kind.in_((NoticeKind.ADDRESS, NoticeKind.MOVED))),
        or_(
            Subscriber.state != State.UNSUBSCRIBED,
            Notice.kind.in_((NoticeKind.GOODBYE, NoticeKind.MOVED)),
        ),
    ),
    true(),
)
