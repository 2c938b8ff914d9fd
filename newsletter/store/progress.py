"""What the ledger is told while mails leave: which begin, and what became of those that had begun.

Each mail needs both, so these statements are compiled once for each number of rows and kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Dialect,
    Table,
    Update,
    and_,
    bindparam,
    func,
    literal_column,
    update,
)
from sqlalchemy.types import TypeEngine

from newsletter.model import DeliveryState, SkipReason
from newsletter.store.claims import Settled
from newsletter.store.prepared import Prepared

FREE = {"claimed_by": None, "lease_until": None}
_OPEN = {DeliveryState.DEFERRED, DeliveryState.UNCERTAIN}
_WAITING: list[ColumnElement[str]] = [
    literal_column(f"'{state}'") for state in ("planned", "deferred", "uncertain")
]


class Progress:
    """Begins and settles the rows of one table; only their owner can, in the right state.

    `mailable`, `going`: as in `ledger.Ledger`.
    """

    def __init__(
        self, table: Table, mailable: ColumnElement[bool], going: ColumnElement[bool]
    ) -> None:
        self._table = table
        self._mailable = mailable
        self._going = going
        self._prepared = cache(self._prepare)

    def begin(
        self, connection: Connection, ids: Sequence[int], owner: str, now: datetime
    ) -> set[int]:
        """Mark claimed rows as about to leave; those that are still ours, going and to be mailed."""
        if not ids:
            return set()
        begun = set(self._run(connection, "begin", ids, owner).scalars())
        if rest := [id_ for id_ in ids if id_ not in begun]:
            self._run(connection, "drop", rest, owner, now=now)
            self._run(connection, "unclaim", rest, owner)
        return begun

    def settle(
        self, connection: Connection, owner: str, settled: Sequence[Settled], now: datetime
    ) -> None:
        """Write down what became of rows that this owner began."""
        if settled:
            rows = [_settling(each, owner, now) for each in settled]
            self._prepared(connection.dialect, "settle", 0).run_all(connection, rows)

    def _run(
        self, connection: Connection, name: str, ids: Sequence[int], owner: str, **more: Any
    ) -> Any:
        # Statements for 1, 2, 4, 8, ... rows: what is left over names the first again.
        size = 1 << (len(ids) - 1).bit_length()
        padded = [*ids, *[ids[0]] * (size - len(ids))]
        values = {f"row{at}": id_ for at, id_ in enumerate(padded)}
        prepared = self._prepared(connection.dialect, name, size)
        return prepared.run(connection, {**values, "owner": owner, **more})

    def _prepare(self, dialect: Dialect, name: str, size: int) -> Prepared:
        statement = self._settle() if name == "settle" else self._of_claimed(name, size)
        return Prepared(statement, dialect)

    def _of_claimed(self, name: str, size: int) -> Update:
        table = self._table
        claimed = update(table).where(
            table.c.id.in_([_given(f"row{at}", table.c.id.type) for at in range(size)]),
            table.c.claimed_by == _given("owner"),
            table.c.state.in_(_WAITING),
        )
        if name == "begin":
            return (
                claimed.where(self._mailable, self._going)
                .values(state=DeliveryState.SENDING.value, attempts=table.c.attempts + 1)
                .returning(table.c.id)
            )
        if name == "unclaim":
            return claimed.values(**FREE)
        return claimed.where(~self._mailable).values(
            state=DeliveryState.SKIPPED.value,
            reason=SkipReason.GONE.value,
            settled_at=_given("now", table.c.settled_at.type),
            **FREE,
        )

    def _settle(self) -> Update:
        table = self._table
        mine = and_(
            table.c.id == _given("row"),
            table.c.claimed_by == _given("owner"),
            table.c.state == DeliveryState.SENDING.value,
        )
        return (
            update(table)
            .where(mine)
            .values(
                state=_given("to"),
                reason=_given("why"),
                receipt=func.coalesce(_given("said", table.c.receipt.type), table.c.receipt),
                retry_at=_given("again", table.c.retry_at.type),
                settled_at=_given("at", table.c.settled_at.type),
                uncertain_at=func.coalesce(
                    _given("doubted", table.c.uncertain_at.type), table.c.uncertain_at
                ),
                attempts=table.c.attempts - _given("untried"),
                **FREE,
            )
        )


def _settling(settled: Settled, owner: str, now: datetime) -> dict[str, Any]:
    state = settled.state
    waits = settled.unsent or state in _OPEN
    return {
        "row": settled.row_id,
        "owner": owner,
        "to": state.value,
        "why": None if state is DeliveryState.SUBMITTED else settled.reason,
        "said": None if settled.unsent else str(settled.receipt),
        "again": settled.retry_at if waits else None,
        "at": None if waits else now,
        "doubted": now if state is DeliveryState.UNCERTAIN else None,
        "untried": int(settled.unsent),
    }


def _given(name: str, type_: TypeEngine[Any] | None = None) -> BindParameter[Any]:
    # Not required: some databases' compilers would ask for the values already.
    return bindparam(name, required=False, type_=type_)
