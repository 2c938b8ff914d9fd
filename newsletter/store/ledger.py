"""The ledger: what is to be sent, by whom it is being sent, and what became of it.

The life of a row: `planned` -> claimed (still `planned`, with owner and lease) -> `sending`, written just
before its mail goes on the wire -> settled. Each step is one conditional UPDATE that only the right owner
in the right state wins, so two senders never work on one row, and after a crash exactly the rows in
`sending` may have left. Digests and notices share it; `ledgers.py` has one for each.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Table,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session

from newsletter.model import DeliveryState, SkipReason
from newsletter.store.claims import (
    EVERYTHING,
    STOPPED,
    USUAL,
    Claimed,
    Policy,
    Scope,
)
from newsletter.store.progress import FREE, Progress
from newsletter.store.tables import Delivery, Notice
from subscribers.tables import Subscriber

LEASE = timedelta(minutes=2)

_WAITING = (DeliveryState.PLANNED, DeliveryState.DEFERRED, DeliveryState.UNCERTAIN)


class Ledger:
    """Claims and settles the rows of one table.

    `mailable`: who may be mailed its rows at all; `going`: which rows are not stopped by an operator.
    """

    def __init__(
        self,
        model: type[Delivery | Notice],
        mailable: ColumnElement[bool],
        going: ColumnElement[bool],
    ) -> None:
        self.model = model
        self.mailable = mailable
        self.table = table = cast("Table", model.__table__)
        # Literals: only so do databases see that the small index of what waits will do.
        self._waits = text(
            f"{table.name}.state IN ('planned', 'deferred', 'uncertain') "
            f"AND {table.name}.claimed_by IS NULL"
        )
        self._planned_at = table.c["planned_at" if model is Delivery else "created_at"]
        self._going = going
        self.progress = Progress(table, mailable, going)

    def claim(  # noqa: PLR0917
        self,
        session: Session,
        owner: str,
        now: datetime,
        limit: int,
        scope: Scope = EVERYTHING,
        policy: Policy = USUAL,
    ) -> list[Claimed]:
        """Take up to `limit` rows that are due, and skip those that are not to be sent any more.

        Returns them in the order of planning; none only if nothing is due.
        """
        due = self._due(now, scope, policy)
        while True:
            chosen = self._choose(session, due, limit)
            if not chosen:
                return []
            self._skip(session, chosen, now, scope, policy)
            table = self.table
            claimed = session.connection().execute(
                update(table)
                .where(table.c.id.in_(chosen), self._waits, self.mailable)
                .values(claimed_by=owner, lease_until=now + LEASE)
                .returning(table.c.id)
            )
            if ids := sorted(claimed.scalars()):
                return self._described(session, ids)

    def _due(self, now: datetime, scope: Scope, policy: Policy) -> list[ColumnElement[bool]]:
        table = self.table
        due = [or_(table.c.retry_at.is_(None), table.c.retry_at <= now), self._going]
        if policy.hold and not scope.held:
            due.append(table.c.state != DeliveryState.UNCERTAIN)
        if self.model is Delivery and scope.day is not None:
            due.append(table.c.edition_day == scope.day)
        if self.model is Delivery and scope.subscriber_id is not None:
            due.append(table.c.subscriber_id == scope.subscriber_id)
        return due

    def _choose(
        self, session: Session, due: Sequence[ColumnElement[bool]], limit: int
    ) -> Sequence[int]:
        table = self.table
        return session.connection().execute(
            select(table.c.id)
            .with_hint(table, f"INDEXED BY ix_{table.name}_waiting", "sqlite")
            .where(self._waits, *due)
            .order_by(table.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).scalars().all()  # fmt: skip

    def _skip(
        self, session: Session, ids: Sequence[int], now: datetime, scope: Scope, policy: Policy
    ) -> None:
        table = self.table
        skipped = (
            update(table)
            .where(table.c.id.in_(ids), self._waits)
            .values(state=DeliveryState.SKIPPED, settled_at=now)
        )
        connection = session.connection()
        connection.execute(skipped.where(~self.mailable).values(reason=SkipReason.GONE.value))
        if policy.deadline is not None and not scope.late:
            since = func.coalesce(table.c.retry_at, self._planned_at)
            connection.execute(
                skipped.where(since < now - policy.deadline).values(reason=SkipReason.LATE.value)
            )

    def _described(self, session: Session, ids: Sequence[int]) -> list[Claimed]:
        table = self.table
        day = table.c.edition_day if self.model is Delivery else literal(None)
        rows = session.connection().execute(
            select(table.c.id, Subscriber.email, day)
            .join(Subscriber, Subscriber.id == table.c.subscriber_id)
            .where(table.c.id.in_(ids))
            .order_by(table.c.id)
        )
        return [Claimed(id_, email.rpartition("@")[2].lower(), of) for id_, email, of in rows]

    def postpone(
        self, session: Session, owner: str, rows: Sequence[tuple[int, datetime]], reason: str
    ) -> None:
        """Give back rows that may not leave before a moment."""
        table = self.table
        if rows:
            session.connection().execute(
                update(table)
                .where(
                    table.c.id == bindparam("row"),
                    table.c.claimed_by == owner,
                    table.c.state != DeliveryState.SENDING,
                )
                .values(
                    retry_at=bindparam("until", type_=table.c.retry_at.type), reason=reason, **FREE
                ),
                [{"row": id_, "until": until} for id_, until in rows],
            )

    def renew(self, session: Session, owner: str, now: datetime) -> None:
        """Tell that the owner lives, for all that it holds."""
        self._update(session, self.table.c.claimed_by == owner, lease_until=now + LEASE)

    def release(self, session: Session, owner: str) -> None:
        """Give back what was claimed and not begun."""
        table = self.table
        self._update(
            session, and_(table.c.claimed_by == owner, table.c.state.in_(_WAITING)), **FREE
        )

    def holders(self, session: Session) -> Sequence[str]:
        """The owners that hold claims."""
        claimed = self.table.c.claimed_by
        owners = session.scalars(select(claimed).where(claimed.is_not(None)).distinct())
        return [owner for owner in owners if owner]

    def recover(self, session: Session, now: datetime, dead: Collection[str]) -> int:
        """Free what dead owners held; what they were sending becomes `uncertain`. Returns how many."""
        table = self.table
        lost = and_(
            table.c.claimed_by.is_not(None),
            or_(table.c.lease_until < now, table.c.claimed_by.in_(dead)),
        )
        found = session.connection().execute(
            update(table)
            .where(lost, table.c.state == DeliveryState.SENDING)
            .values(
                state=DeliveryState.UNCERTAIN,
                reason=STOPPED,
                uncertain_at=now,
                retry_at=None,
                **FREE,
            )
            .returning(table.c.id)
        )
        uncertain = len(found.all())
        self._update(session, lost, **FREE)
        return uncertain

    def _update(self, session: Session, where: ColumnElement[bool], **values: Any) -> None:
        session.connection().execute(update(self.table).where(where).values(**values))
