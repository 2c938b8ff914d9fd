"""The ledger: what is to be sent, by whom it is being sent, and what became of it.

The life of a row: `planned` -> claimed (still `planned`, with owner and lease) -> `sending`, written just
before its mail goes on the wire -> settled. Each step is one conditional UPDATE that only the right owner
in the right state wins, so two senders never work on one row, and after a crash exactly the rows in
`sending` may have left. Digests and notices share it: `Ledger(Delivery, ...)`, `Ledger(Notice, ...)`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from newsletter.model import DeliveryState, Outcome, Receipt, SkipReason
from newsletter.store.tables import Delivery, Notice, Pick
from subscribers.signup import NoticeKind
from subscribers.suppression import not_suppressed
from subscribers.tables import State, Subscriber

LEASE = timedelta(minutes=2)

_WAITING = (DeliveryState.PLANNED, DeliveryState.DEFERRED, DeliveryState.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one row: the relay's receipt, and when to try again if it was put off."""

    row_id: int
    receipt: Receipt
    retry_at: datetime | None


@dataclass(frozen=True, slots=True)
class Scope:
    """Which deliveries to send: of one edition, of one subscriber, or (None) all that are due."""

    day: date | None = None
    subscriber_id: int | None = None


class Ledger:
    """Claims and settles the rows of one table; `mailable` is who may be mailed its rows at all."""

    def __init__(self, table: type[Delivery | Notice], mailable: ColumnElement[bool]) -> None:
        self.table = table
        self.mailable = mailable

    def claim(
        self, session: Session, owner: str, now: datetime, limit: int, scope: Scope | None = None
    ) -> list[int]:
        """Take up to `limit` rows that are due, and skip those whose reader is not to be mailed any more.

        Returns the ids in the order of planning.
        """
        table = self.table
        due = and_(
            table.state.in_(_WAITING),
            or_(table.retry_at.is_(None), table.retry_at <= now),
            table.claimed_by.is_(None),
            *self._within(scope),
        )
        session.execute(
            update(table)
            .where(due, ~self.mailable)
            .values(state=DeliveryState.SKIPPED, reason=SkipReason.GONE, settled_at=now),
            execution_options={"synchronize_session": False},
        )
        chosen = session.scalars(
            select(table.id)
            .where(due)
            .order_by(table.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        claimed = session.execute(
            update(table)
            .where(table.id.in_(chosen), due, self.mailable)
            .values(claimed_by=owner, lease_until=now + LEASE)
            .returning(table.id),
            execution_options={"synchronize_session": False},
        )
        return sorted(claimed.scalars())

    def _within(self, scope: Scope | None) -> list[ColumnElement[bool]]:
        if scope is None or self.table is not Delivery:
            return []
        limits: list[ColumnElement[bool]] = []
        if scope.day is not None:
            limits.append(Delivery.edition_day == scope.day)
        if scope.subscriber_id is not None:
            limits.append(Delivery.subscriber_id == scope.subscriber_id)
        return limits

    def begin(self, session: Session, row_id: int, owner: str, now: datetime) -> bool:
        """Mark a claimed row as about to leave; False if it was lost or its reader has gone since."""
        table = self.table
        mine = and_(table.id == row_id, table.claimed_by == owner, table.state.in_(_WAITING))
        begun = session.execute(
            update(table)
            .where(mine, self.mailable)
            .values(state=DeliveryState.SENDING, attempts=table.attempts + 1)
            .returning(table.id),
            execution_options={"synchronize_session": False},
        ).scalar()
        if begun is None:
            session.execute(
                update(table)
                .where(mine)
                .values(
                    state=DeliveryState.SKIPPED,
                    reason=SkipReason.GONE,
                    settled_at=now,
                    claimed_by=None,
                    lease_until=None,
                ),
                execution_options={"synchronize_session": False},
            )
        return begun is not None

    def settle(self, session: Session, owner: str, settled: Settled, now: datetime) -> None:
        """Write down what became of a row that this owner began."""
        receipt = settled.receipt
        state = DeliveryState(receipt.outcome.value)
        if receipt.outcome in {Outcome.DEFERRED, Outcome.UNCERTAIN} and settled.retry_at is None:
            state = DeliveryState.FAILED
        open_again = state in {DeliveryState.DEFERRED, DeliveryState.UNCERTAIN}
        told = f"{receipt.code} {receipt.detail}" if receipt.code else receipt.detail
        values: dict[str, object] = {
            "state": state,
            "reason": None if state is DeliveryState.SUBMITTED else told,
            "receipt": told,
            "retry_at": settled.retry_at if open_again else None,
            "settled_at": None if open_again else now,
            "claimed_by": None,
            "lease_until": None,
        }
        if receipt.outcome is Outcome.UNCERTAIN:
            values["uncertain_at"] = now
        session.execute(
            update(self.table)
            .where(
                self.table.id == settled.row_id,
                self.table.claimed_by == owner,
                self.table.state == DeliveryState.SENDING,
            )
            .values(**values),
            execution_options={"synchronize_session": False},
        )

    def renew(self, session: Session, owner: str, now: datetime) -> None:
        """Tell that the owner lives, for all that it holds."""
        session.execute(
            update(self.table)
            .where(self.table.claimed_by == owner)
            .values(lease_until=now + LEASE),
            execution_options={"synchronize_session": False},
        )

    def release(self, session: Session, owner: str) -> None:
        """Give back what was claimed and not begun."""
        session.execute(
            update(self.table)
            .where(self.table.claimed_by == owner, self.table.state.in_(_WAITING))
            .values(claimed_by=None, lease_until=None),
            execution_options={"synchronize_session": False},
        )

    def holders(self, session: Session) -> Sequence[str]:
        """The owners that hold claims."""
        owners = session.scalars(
            select(self.table.claimed_by).where(self.table.claimed_by.is_not(None)).distinct()
        )
        return [owner for owner in owners if owner]

    def recover(self, session: Session, now: datetime, dead: Collection[str]) -> int:
        """Free what dead owners held; what they were sending becomes `uncertain`. Returns how many."""
        table = self.table
        lost = and_(
            table.claimed_by.is_not(None),
            or_(table.lease_until < now, table.claimed_by.in_(dead)),
        )
        free = {"claimed_by": None, "lease_until": None}
        count = session.execute(
            update(table)
            .where(lost, table.state == DeliveryState.SENDING)
            .values(
                state=DeliveryState.UNCERTAIN,
                reason="the sender stopped between the mail and the relay's answer",
                uncertain_at=now,
                retry_at=None,
                **free,
            )
            .returning(table.id),
            execution_options={"synchronize_session": False},
        )
        uncertain = len(count.all())
        session.execute(
            update(table).where(lost).values(**free),
            execution_options={"synchronize_session": False},
        )
        return uncertain


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
)


def counts(session: Session, day: date) -> list[tuple[DeliveryState, str | None, int]]:
    """How many deliveries of an edition stand where and why; they add up to its audience."""
    # The relay's words differ from mail to mail, so only the reasons that we give are told apart.
    reason = func.coalesce(Delivery.reason, "")
    rows = session.execute(
        select(Delivery.state, reason, func.count())
        .where(Delivery.edition_day == day)
        .group_by(Delivery.state, reason)
        .order_by(Delivery.state, reason)
    )
    return [(DeliveryState(state), why or None, count) for state, why, count in rows]


@dataclass(frozen=True, slots=True)
class Overview:
    """One delivery, as people look at it. `wishes`: what the picks were chosen for."""

    email: str
    state: DeliveryState
    reason: str | None
    picks: int
    wishes: str
    receipt: str | None


def overview(session: Session, day: date, limit: int) -> list[Overview]:
    """The first deliveries of an edition, in the order of planning."""
    rows = session.execute(
        select(Delivery, Subscriber.email)
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(Delivery.edition_day == day)
        .order_by(Delivery.id)
        .limit(limit)
    ).all()
    found = []
    for delivery, email in rows:
        evidence = session.scalars(
            select(Pick.evidence).where(Pick.delivery_id == delivery.id).order_by(Pick.position)
        ).all()
        wishes = dict.fromkeys(stored[0][1] or "popular today" for stored in evidence if stored)
        state = DeliveryState(delivery.state)
        found.append(
            Overview(
                email, state, delivery.reason, len(evidence), ", ".join(wishes), delivery.receipt
            )
        )
    return found
