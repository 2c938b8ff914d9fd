"""Writing down what happens to mails while they happen: one thread, one commit for all who wait.

A connection may have at most one mail whose fate is not yet on disk. So before it lets the next mail go,
it waits until the last one's receipt and the next one's `sending` are committed; the recorder commits
for all connections that wait at that moment together. Batches form by themselves, as large as the
promise allows: after kill -9 at any instruction, at most one mail per open connection is uncertain.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic, sleep
from typing import Self

from sqlalchemy.exc import OperationalError

from newsletter.store.engine import Sessions
from newsletter.store.ledger import Ledger, Settled

_HEARTBEAT_SECONDS = 30.0
_PATIENCE_SECONDS = 60.0


@dataclass(slots=True)
class _Step:
    """One connection's wish: note what became of its last mail, and begin the next (or none)."""

    settled: Settled | None
    next_id: int | None
    begun: Future[bool] = field(default_factory=Future)


class Recorder:
    """A context manager around the thread that writes; `step` is called by the connections."""

    def __init__(
        self, sessions: Sessions, ledger: Ledger, owner: str, now: Callable[[], datetime]
    ) -> None:
        self._sessions = sessions
        self._ledger = ledger
        self._owner = owner
        self._now = now
        self._steps: queue.SimpleQueue[_Step | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self.error: Exception | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._steps.put(None)
        self._thread.join()

    def step(self, settled: Settled | None, next_id: int | None) -> bool:
        """Commit the last mail's fate and the next one's beginning; False if the next may not be sent."""
        step = _Step(settled, next_id)
        self._steps.put(step)
        return step.begun.result()

    def _run(self) -> None:
        beat = monotonic() + _HEARTBEAT_SECONDS
        while True:
            steps, more = self._gather(max(0.0, beat - monotonic()))
            renew = monotonic() >= beat
            if renew:
                beat = monotonic() + _HEARTBEAT_SECONDS
            if steps or renew:
                self._answer(steps, renew=renew)
            if not more:
                return

    def _gather(self, timeout: float) -> tuple[list[_Step], bool]:
        """All steps that wait now, at least one unless the time runs out; and whether to go on."""
        steps: list[_Step] = []
        try:
            step = self._steps.get(timeout=timeout)
            while step is not None:
                steps.append(step)
                step = self._steps.get_nowait()
        except queue.Empty:
            return steps, True
        return steps, False

    def _answer(self, steps: list[_Step], *, renew: bool) -> None:
        try:
            begun = self._commit(steps, renew=renew)
        except Exception as error:  # noqa: BLE001  (whatever it is, the connections must hear of it)
            self.error = error
            for step in steps:
                step.begun.set_exception(error)
            return
        for step, answer in zip(steps, begun, strict=True):
            step.begun.set_result(answer)

    def _commit(self, steps: list[_Step], *, renew: bool) -> list[bool]:
        """One transaction; a database that goes away for a moment is waited for, not given up."""
        until = monotonic() + _PATIENCE_SECONDS
        pause = 0.1
        while True:
            try:
                return self._write(steps, renew=renew)
            except OperationalError:
                if monotonic() + pause > until:
                    raise
                sleep(pause)
                pause = min(pause * 2, 5.0)

    def _write(self, steps: list[_Step], *, renew: bool) -> list[bool]:
        now = self._now()
        begun = []
        with self._sessions.begin() as session:
            if renew:
                self._ledger.renew(session, self._owner, now)
            for step in steps:
                if step.settled is not None:
                    self._ledger.settle(session, self._owner, step.settled, now)
                begun.append(
                    step.next_id is not None
                    and self._ledger.begin(session, step.next_id, self._owner, now)
                )
        return begun
