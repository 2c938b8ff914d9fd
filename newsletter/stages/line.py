"""One connection, and what goes over it: a mail, its receipt, the next mail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from time import monotonic

import structlog

from newsletter.deliver.pace import Pace
from newsletter.deliver.port import Connection
from newsletter.errors import MailerError
from newsletter.model import Outcome, Receipt
from newsletter.stages.outcomes import bounce_of, settle
from newsletter.stages.ready import Ready
from newsletter.stages.record import Recorder
from newsletter.stages.send import Job, Sender, SendReport
from newsletter.store.claims import STOPPED, Claimed, Settled

log = structlog.get_logger()

_UNSENT_PAUSE = timedelta(minutes=1)


class Line:
    """Takes mails until there are no more, or its relay is of no use: `error` tells."""

    def __init__(
        self,
        sender: Sender,
        recorder: Recorder,
        ready: Ready[tuple[Job, Claimed]],
        report: SendReport,
        told: Callable[[Claimed, Receipt], Awaitable[None]],
    ) -> None:
        self._sender = sender
        self._recorder = recorder
        self._ready = ready
        self._report = report
        self._told = told
        self._last: Settled | None = None
        self._log = log.bind()
        self.error: Exception | None = None

    async def run(self) -> None:
        """Send what is offered."""
        try:
            async with self._sender.mailer.connect() as connection:
                await self._work(connection)
        except Exception as error:  # noqa: BLE001  (told by the run)
            self.error = error

    async def _work(self, connection: Connection) -> None:
        try:
            while found := await self._take():
                (job, row), pace = found
                settled, self._last = self._last, None
                if await self._recorder.step(settled, row.id):
                    await self._send(connection, job, row, pace)
                else:
                    self._report.withheld += 1
                    pace.busy -= 1
                    self._ready.freed()
        finally:
            if self._last is not None:
                await self._recorder.step(self._last, None)

    async def _take(self) -> tuple[tuple[Job, Claimed], Pace] | None:
        found = self._ready.take_now(monotonic())
        if found is None and self._last is not None:
            # Nothing is ready: what became of the last mail need not wait for the next.
            settled, self._last = self._last, None
            await self._recorder.step(settled, None)
        return found or await self._ready.take(monotonic)

    async def _send(self, connection: Connection, job: Job, row: Claimed, pace: Pace) -> None:
        """Send one mail; what became of it is in `_last` afterwards, whatever happens."""
        try:
            receipt = await connection.send(job.message)
        except MailerError as error:
            # Nothing was accepted: the row waits as it did, and this connection ends.
            self._last = _unsent(self._sender, row, str(error))
            pace.busy -= 1
            raise
        except asyncio.CancelledError:
            # The time that a stop allows is over.
            if connection.is_committed:
                self._last = self._settled(job, row, Receipt(Outcome.UNCERTAIN, STOPPED))
            else:
                self._last = _unsent(self._sender, row, "stopped before the mail had left")
            raise
        if receipt.slows:
            pace.slowed(monotonic())
        else:
            pace.accepted()
        if pace.is_limited:
            self._ready.freed()
        self._last = self._settled(job, row, receipt)
        if report := bounce_of(job.message, receipt):
            await self._recorder.patiently(lambda _: self._sender.bounced(report))
        if receipt.outcome is Outcome.FAILED:
            # Written down before it is told of, so that whoever counts counts it, too.
            settled, self._last = self._last, None
            await self._recorder.step(settled, None)
        await self._told(row, receipt)

    def _settled(self, job: Job, row: Claimed, receipt: Receipt) -> Settled:
        self._report.outcomes[receipt.outcome] += 1
        if receipt.outcome is Outcome.SUBMITTED:
            self._log.debug("delivery", outcome="submitted", edition=row.edition, delivery=row.id)
            return Settled(row.id, receipt, None)
        self._log.info(
            "delivery",
            outcome=receipt.outcome.value,
            edition=row.edition,
            delivery=row.id,
            code=receipt.code,
            status=receipt.status,
        )
        rules = self._sender.rules
        return settle(
            row.id,
            receipt,
            attempts=job.attempts,
            planned_at=job.planned_at,
            now=self._sender.now(),
            give_up_after=rules.give_up_after,
            hold=rules.policy.hold,
        )


def _unsent(sender: Sender, row: Claimed, why: str) -> Settled:
    again = sender.now() + _UNSENT_PAUSE
    receipt = Receipt(Outcome.DEFERRED, why)
    return Settled(row.id, receipt, again, "no relay could be used", unsent=True)
