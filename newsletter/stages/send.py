"""Sending what is planned: claim, render, send, record, until nothing is due."""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from newsletter.deliver.port import Connection, Mailer
from newsletter.deliver.retry import retry_at
from newsletter.errors import MailerError
from newsletter.model import Message, Outcome, Receipt
from newsletter.stages.record import Recorder
from newsletter.store import owner as owners
from newsletter.store.engine import Sessions, reading
from newsletter.store.ledger import Ledger, Scope, Settled

_CLAIM = 200


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed row, rendered: what to send, and what a retry needs to know."""

    message: Message
    attempts: int
    planned_at: datetime


@dataclass(frozen=True, slots=True)
class Broken:
    """A claimed row that cannot be rendered; it fails alone, with the reason in the ledger."""

    row_id: int
    reason: str


Load = Callable[[Session, Sequence[int]], Iterable[Job | Broken]]


@dataclass(slots=True)
class SendReport:
    """What a sending run did: outcomes counted, rows found uncertain after a crash, trouble in words."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    withheld: int = 0
    recovered: int = 0
    error: str | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def count(self, outcome: Outcome) -> None:
        """Count one outcome; safe to call from any thread."""
        with self._lock:
            self.outcomes[outcome] += 1


@dataclass(frozen=True)
class Sender:
    """Everything that sending needs; `load` renders claimed rows to messages."""

    sessions: Sessions
    ledger: Ledger
    mailer: Mailer
    load: Load
    now: Callable[[], datetime]
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(
        self, scope: Scope | None = None, progress: Callable[[int], None] = lambda _: None
    ) -> SendReport:
        """Send all that is due within the scope. What could not be sent now stays in the ledger."""
        owner = owners.new_owner()
        report = SendReport(recovered=self._recover())
        with Recorder(self.sessions, self.ledger, owner, self.now) as recorder:
            try:
                while not self.stopping.is_set() and report.error is None:
                    with self.sessions.begin() as session:
                        ids = self.ledger.claim(session, owner, self.now(), _CLAIM, scope)
                    if not ids:
                        break
                    self._send_batch(ids, recorder, report, progress)
            finally:
                with self.sessions.begin() as session:
                    self.ledger.release(session, owner)
        return report

    def _recover(self) -> int:
        with self.sessions.begin() as session:
            dead = [owner for owner in self.ledger.holders(session) if owners.is_dead(owner)]
            return self.ledger.recover(session, self.now(), dead)

    def _send_batch(
        self,
        ids: Sequence[int],
        recorder: Recorder,
        report: SendReport,
        progress: Callable[[int], None],
    ) -> None:
        # Small, so that what is rendered ahead costs little memory and little time to throw away.
        jobs: queue.Queue[Job | None] = queue.Queue(maxsize=2 * self.mailer.connections)
        lines = [
            _Line(self, jobs, recorder, report, progress) for _ in range(self.mailer.connections)
        ][: len(ids)]
        for line in lines:
            line.start()
        try:
            with reading(self.sessions)() as session:
                for job in self.load(session, ids):
                    if isinstance(job, Broken):
                        _fail(job, recorder, report)
                    else:
                        _offer(jobs, job, lines)
        finally:
            for _ in lines:
                _offer(jobs, None, lines)
            for line in lines:
                line.join()
        # A relay may refuse one connection too many; the others went on with all the work.
        failed = [line.error for line in lines if line.error is not None]
        for error in failed:
            if not isinstance(error, MailerError):
                raise error
        if len(failed) == len(lines):
            report.error = str(failed[0])


def _fail(broken: Broken, recorder: Recorder, report: SendReport) -> None:
    if recorder.step(None, broken.row_id):
        receipt = Receipt(Outcome.FAILED, broken.reason)
        recorder.step(Settled(broken.row_id, receipt, None), None)
        report.count(Outcome.FAILED)


def _offer(jobs: queue.Queue[Job | None], job: Job | None, lines: Sequence[_Line]) -> None:
    """Hand a job over, unless nobody is left to take it."""
    while any(line.is_alive() for line in lines):
        try:
            jobs.put(job, timeout=0.1)
        except queue.Full:
            continue
        return


class _Line(threading.Thread):
    """One connection and the thread that works it."""

    def __init__(
        self,
        sender: Sender,
        jobs: queue.Queue[Job | None],
        recorder: Recorder,
        report: SendReport,
        progress: Callable[[int], None],
    ) -> None:
        super().__init__(daemon=True)
        self._sender = sender
        self._jobs = jobs
        self._recorder = recorder
        self._report = report
        self._progress = progress
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            with self._sender.mailer.connect() as connection:
                self._work(connection)
        except Exception as error:  # noqa: BLE001  (told by the thread that waits for this one)
            self.error = error

    def _work(self, connection: Connection) -> None:
        last: Settled | None = None
        try:
            while (job := self._jobs.get()) is not None and not self._sender.stopping.is_set():
                settled, last = last, None
                if not self._recorder.step(settled, job.message.delivery_id):
                    self._report.withheld += 1
                    continue
                last = self._send(connection, job)
        finally:
            if last is not None:
                self._recorder.step(last, None)

    def _send(self, connection: Connection, job: Job) -> Settled:
        try:
            receipt = connection.send(job.message)
        except MailerError as error:
            # Nothing was accepted: the row is put off, and this connection ends.
            receipt = Receipt(Outcome.DEFERRED, str(error))
            self._recorder.step(self._settled(job, receipt), None)
            raise
        self._report.count(receipt.outcome)
        self._progress(1)
        return self._settled(job, receipt)

    def _settled(self, job: Job, receipt: Receipt) -> Settled:
        again = None
        if receipt.outcome in {Outcome.DEFERRED, Outcome.UNCERTAIN}:
            again = retry_at(job.attempts + 1, job.planned_at, self._sender.now())
        return Settled(job.message.delivery_id, receipt, again)
