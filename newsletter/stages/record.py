"""Writing down what happens to mails while they happen: one commit for all connections that wait.

A connection may have at most one mail whose fate is not yet on disk. So before it lets the next mail go,
it waits until the last one's receipt and the next one's `sending` are committed; the recorder commits
for all connections that wait at that moment together. Batches form by themselves, as large as the
promise allows: after kill -9 at any instruction, at most one mail per open connection is uncertain.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import TypeVar

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from newsletter.store.claims import Settled
from newsletter.store.engine import Sessions
from newsletter.store.ledger import Ledger

log = structlog.get_logger()

_LONGEST_PAUSE = 5.0
# Seconds that a connection waits for others to join its commit, which costs as much for one as for ten.
_GATHER = 0.02

_AWAY = (OperationalError, InterfaceError)
Value = TypeVar("Value")


@dataclass(slots=True)
class _Step:
    """One connection's wish: note what became of its last mail, and begin the next (or none)."""

    settled: Settled | None
    next_id: int | None
    begun: asyncio.Future[bool]


class Recorder:
    """Commits for the connections of one event loop, in its thread: they wait for it anyway.

    `lines`: how many connections there are; half of them together are committed at once.
    A thread of its own would be handed Python's lock only every few milliseconds while mails are made.
    """

    def __init__(
        self,
        sessions: Sessions,
        ledger: Ledger,
        owner: str,
        now: Callable[[], datetime],
        stopping: threading.Event,
        *,
        patience: float,
    ) -> None:
        self._sessions = sessions
        self._engine: Engine = sessions.kw["bind"]
        self._progress = ledger.progress
        self._owner = owner
        self._now = now
        self._stopping = stopping
        self.lines = 1
        self._patience = patience
        self._connection: Connection | None = None
        self._steps: list[_Step] = []
        self._due: asyncio.TimerHandle | None = None
        self._waiting: set[asyncio.Task[None]] = set()

    def close(self) -> None:
        """Give back the connection to the database; the next step takes another one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.close()

    async def step(self, settled: Settled | None, next_id: int | None) -> bool:
        """Commit the last mail's fate and the next one's beginning; False if the next may not be sent."""
        loop = asyncio.get_running_loop()
        step = _Step(settled, next_id, loop.create_future())
        self._steps.append(step)
        if 2 * len(self._steps) >= self.lines:
            self._flush()
        elif self._due is None:
            self._due = loop.call_later(_GATHER, self._flush)
        return await step.begun

    async def patiently(self, work: Callable[[Session], Value]) -> Value:
        """What `work` returns, done in one transaction; a database that is away for a while is waited for.

        Raises what the database raised once patience ends, at once where a stop was asked for.
        """
        until = monotonic() + self._patience
        pause = 0.1
        while True:
            try:
                with self._sessions.begin() as session:
                    return work(session)
            except _AWAY as error:
                if self._stopping.is_set() or monotonic() + pause > until:
                    raise
                log.warning("database.away", error=type(error.orig).__name__, again_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    def _flush(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        steps, self._steps = self._steps, []
        if not steps:
            return
        try:
            # A session, or a connection taken from the pool each time, would cost as much again.
            connection = self._connection = self._connection or self._engine.connect()
            with connection.begin():
                begun = self._write(connection, steps)
        except _AWAY:
            self.close()
            task = asyncio.create_task(self._persist(steps))
            self._waiting.add(task)
            task.add_done_callback(self._waiting.discard)
        except Exception as error:  # noqa: BLE001  (whatever it is, the connections must hear of it)
            self.close()
            _fail(steps, error)
        else:
            _tell(steps, begun)

    async def _persist(self, steps: list[_Step]) -> None:
        try:
            begun = await self.patiently(lambda session: self._write(session.connection(), steps))
        except Exception as error:  # noqa: BLE001  (as above)
            _fail(steps, error)
        else:
            _tell(steps, begun)

    def _write(self, connection: Connection, steps: list[_Step]) -> set[int]:
        now = self._now()
        settled = [step.settled for step in steps if step.settled is not None]
        self._progress.settle(connection, self._owner, settled, now)
        wanted = [step.next_id for step in steps if step.next_id is not None]
        return self._progress.begin(connection, wanted, self._owner, now)


def _tell(steps: list[_Step], begun: set[int]) -> None:
    for step in steps:
        if not step.begun.done():
            step.begun.set_result(step.next_id in begun)


def _fail(steps: list[_Step], error: Exception) -> None:
    for step in steps:
        if not step.begun.done():
            step.begun.set_exception(error)
