"""One run of sending: a feed that claims and renders, connections that send, a recorder that commits."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from time import monotonic

import structlog
from sqlalchemy.orm import Session

from newsletter.deliver.pace import Pace
from newsletter.errors import MailerError
from newsletter.model import Outcome, Receipt
from newsletter.stages.line import Line
from newsletter.stages.ready import Ready
from newsletter.stages.record import Recorder
from newsletter.stages.send import Broken, Job, Sender, SendReport
from newsletter.store import editions
from newsletter.store import owner as owners
from newsletter.store.claims import Claimed, Scope, Settled
from newsletter.store.engine import reading
from newsletter.store.standing import refusals, submitted_since

log = structlog.get_logger()

_LEAST, _MOST = 50, 1000  # rows of a claim; as many as take about two seconds
_BATCH_SECONDS = 2.0
_HEARTBEAT = 30.0
_POLL = 0.2


class Run:
    """Of one sender, in one event loop."""

    def __init__(
        self,
        sender: Sender,
        scope: Scope,
        progress: Callable[[int], None],
        more: Callable[[], bool],
    ) -> None:
        self._sender = sender
        self._scope = scope
        self._progress = progress
        self._more = more
        self._owner = owners.new_owner()
        self._report = SendReport()
        self._recorder = Recorder(
            sender.sessions, sender.ledger, self._owner, sender.now, sender.stopping,
            patience=sender.rules.patience,
        )  # fmt: skip
        self._ready: Ready[tuple[Job, Claimed]] = Ready(2 * sender.mailer.connections)
        self._all = Pace(sender.rules.rate)
        self._lines: list[Line] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._refused: Counter[date] = Counter()

    async def work(self) -> SendReport:
        """Send until nothing is due, no relay can be used, or a stop is asked for."""
        ledger, sender = self._sender.ledger, self._sender
        await self._recover()
        keeping = [asyncio.create_task(self._beat()), asyncio.create_task(self._watch())]
        try:
            await self._feed()
            self._ready.close()
            await self._finish()
        finally:
            for task in [*keeping, *self._tasks]:
                task.cancel()
            await asyncio.gather(*keeping, *self._tasks, return_exceptions=True)
            self._recorder.close()
            with suppress(Exception), sender.sessions.begin() as session:
                ledger.release(session, self._owner)
        return self._report

    async def _finish(self) -> None:
        # Those that `_watch` cut short have written down what became of their mails, too.
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # A relay may refuse one connection too many; the others went on with all the work.
        failed = [line.error for line in self._lines if line.error is not None]
        for error in failed:
            if not isinstance(error, MailerError):
                raise error
        if failed and len(failed) == len(self._lines):
            self._report.error = str(failed[0])

    # The feed: what is due is claimed, rendered and offered.

    async def _feed(self) -> None:
        limit = 2 * max(_LEAST, self._sender.mailer.connections)
        while not self._ended():
            if self._kept_back():
                return
            begun = monotonic()
            claimed = await self._claim(self._allowed(limit))
            if claimed is None:
                return
            if not claimed:
                if not self._more():
                    return
                await asyncio.sleep(_POLL)
                continue
            self._open_lines(len(claimed))
            await self._offer(await self._due_now(claimed))
            seconds = monotonic() - begun
            if seconds < _BATCH_SECONDS / 2 or seconds > 2 * _BATCH_SECONDS:
                limit = 2 * limit if seconds < _BATCH_SECONDS else limit // 2
                limit = min(max(limit, _LEAST), _MOST)

    def _ended(self) -> bool:
        gone = bool(self._lines) and all(line.error is not None for line in self._lines)
        return self._sender.stopping.is_set() or gone

    def _kept_back(self) -> bool:
        quiet = self._sender.rules.quiet
        if quiet is None or not quiet.covers(self._sender.now()):
            return False
        self._report.note(f"quiet hours ({quiet}): what is planned waits")
        return True

    def _allowed(self, limit: int) -> int:
        rate = self._all.rate
        return max(1, int(min(limit, 2 * rate * _BATCH_SECONDS)))

    async def _claim(self, limit: int) -> list[Claimed] | None:
        """Rows that are ours now; None if the day's share of a new sender is used up."""
        rules, ledger = self._sender.rules, self._sender.ledger

        def claim(session: Session) -> list[Claimed] | None:
            now = self._sender.now()
            most = rules.warm_up.most(now) if rules.warm_up else None
            if most is not None:
                left = most - submitted_since(session, now)
                if left <= 0:
                    return None
            allowed = limit if most is None else min(limit, left)
            return ledger.claim(session, self._owner, now, allowed, self._scope, rules.policy)

        found = await self._recorder.patiently(claim)
        if found is None:
            self._report.note("the day's share of the warm-up is used up: what is planned waits")
        return found

    async def _due_now(self, claimed: list[Claimed]) -> list[Claimed]:
        """Those whose domains take mail now; the others are given back until they do."""
        now, clock = monotonic(), self._sender.now()
        mine, later = [], []
        for row in claimed:
            wait = self._sender.domains.of(row.domain).book(now)
            if wait <= 0:
                mine.append(row)
            else:
                later.append((row.id, clock + timedelta(seconds=wait)))
        if later:
            self._report.put_off += len(later)
            why = "waits, for its domain takes mail slowly"
            await self._recorder.patiently(
                lambda session: self._sender.ledger.postpone(session, self._owner, later, why)
            )
        return mine

    async def _offer(self, claimed: list[Claimed]) -> None:
        rows = {row.id: row for row in claimed}
        if not rows:
            return
        with reading(self._sender.sessions)() as session:
            for job in self._sender.load(session, list(rows)):
                if self._ended():
                    return
                if isinstance(job, Broken):
                    await self._fail(job, rows[job.row_id])
                    continue
                if (wait := self._all.wait(monotonic())) > 0:
                    await asyncio.sleep(wait)
                row = rows[job.message.delivery_id]
                await self._ready.put((job, row), self._sender.domains.of(row.domain))
                # Let the connections have their turn after each mail that was made.
                await asyncio.sleep(0)

    async def _fail(self, broken: Broken, row: Claimed) -> None:
        if await self._recorder.step(None, broken.row_id):
            receipt = Receipt(Outcome.FAILED, broken.reason)
            await self._recorder.step(Settled(row.id, receipt, None, broken.reason), None)
            self._report.outcomes[Outcome.FAILED] += 1
            log.warning("delivery.broken", edition=row.edition, delivery=row.id)

    def _open_lines(self, wanted: int) -> None:
        while len(self._lines) < min(self._sender.mailer.connections, wanted):
            line = Line(self._sender, self._recorder, self._ready, self._report, self._told)
            self._lines.append(line)
            task = asyncio.create_task(line.run())
            task.add_done_callback(lambda _: self._ready.clear() if self._ended() else None)
            self._tasks.add(task)
        self._recorder.lines = len(self._lines)

    async def _told(self, row: Claimed, receipt: Receipt) -> None:
        """What a line tells of each mail."""
        self._progress(1)
        if receipt.outcome is Outcome.FAILED and row.day is not None:
            await self._look_at_losses(row.day)

    # What goes on beside it.

    async def _recover(self) -> None:
        def recover(session: Session) -> int:
            dead = [each for each in self._sender.ledger.holders(session) if owners.is_dead(each)]
            return self._sender.ledger.recover(session, self._sender.now(), dead)

        self._report.recovered += await self._recorder.patiently(recover)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(_HEARTBEAT)
            await self._recorder.patiently(
                lambda session: self._sender.ledger.renew(session, self._owner, self._sender.now())
            )
            await self._recover()

    async def _watch(self) -> None:
        """Once a stop is asked for, what is on the wire has so many seconds."""
        while not self._sender.stopping.is_set():  # noqa: ASYNC110  (other threads set it)
            await asyncio.sleep(_POLL)
        self._ready.clear()
        await asyncio.sleep(self._sender.rules.grace)
        for task in self._tasks:
            task.cancel()

    async def _look_at_losses(self, day: date) -> None:
        """A mail of this edition was refused for good: stop the edition if too many are."""
        rule = self._sender.rules.stop_loss
        if rule is None:
            return
        self._refused[day] += 1
        # Asked of the ledger now and then, for other processes count what they see alone.
        if self._refused[day] % max(1, rule.least // 2):
            return

        def look(session: Session) -> str | None:
            why = rule.tells(*refusals(session, day))
            if why:
                editions.stop(session, day, why, self._sender.now())
            return why

        if why := await self._recorder.patiently(look):
            self._report.note(f"the edition of {day} is stopped: {why}; see `newsletter status`")
            log.error("edition.stopped", edition=str(day), why=why)
