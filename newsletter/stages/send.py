"""Sending what is planned: claim, render, send, record, until nothing is due."""

from __future__ import annotations

import asyncio
import math
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from newsletter.bounce.values import Report
from newsletter.deliver.pace import Domains
from newsletter.deliver.port import Mailer
from newsletter.deliver.retry import GIVE_UP_AFTER
from newsletter.model import Message, Outcome
from newsletter.sending_rules import QuietHours, StopLoss, WarmUp
from newsletter.store.claims import Policy, Scope
from newsletter.store.engine import Sessions
from newsletter.store.ledger import Ledger


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
    """What a sending run did.

    `withheld`: claimed, but their readers left before they began. `recovered`: found uncertain after a
    crash. `put_off`: given back, for their domains take mail slowly. `error`: what ended it early;
    `notes`: what else kept mail back, in words.
    """

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    withheld: int = 0
    recovered: int = 0
    put_off: int = 0
    error: str | None = None
    notes: list[str] = field(default_factory=list)

    def note(self, line: str) -> None:
        """Tell something once."""
        if line not in self.notes:
            self.notes.append(line)

    def add(self, other: SendReport) -> None:
        """Count in what another process did beside this one."""
        self.outcomes.update(other.outcomes)
        self.withheld += other.withheld
        self.recovered += other.recovered
        self.put_off += other.put_off
        self.error = self.error or other.error
        for line in other.notes:
            self.note(line)


@dataclass(frozen=True, slots=True)
class Rules:
    """The operator's wishes about sending. Rates: mails a second.

    `grace`: seconds that mails on the wire have to end once a stop is asked for; `patience`: seconds that a
    database may be away before the run gives up, and its rows wait for the next one.
    """

    policy: Policy = field(default_factory=Policy)
    give_up_after: timedelta = GIVE_UP_AFTER
    rate: float = math.inf
    quiet: QuietHours | None = None
    warm_up: WarmUp | None = None
    stop_loss: StopLoss | None = None
    grace: float = 20.0
    patience: float = 600.0


def _no_bounce(_report: Report) -> None:
    """Where nobody counts bounces."""


@dataclass(frozen=True)
class Sender:
    """Everything that sending needs; `load` renders claimed rows to messages.

    `bounced` is told what a refusal says of its address, before the refusal is recorded.
    """

    sessions: Sessions
    ledger: Ledger
    mailer: Mailer
    load: Load
    now: Callable[[], datetime]
    stopping: threading.Event = field(default_factory=threading.Event)
    rules: Rules = Rules()
    bounced: Callable[[Report], None] = _no_bounce
    domains: Domains = field(default_factory=Domains)

    def run(
        self,
        scope: Scope | None = None,
        progress: Callable[[int], None] = lambda _: None,
        *,
        more: Callable[[], bool] = lambda: False,
    ) -> SendReport:
        """Send all that is due within the scope. What could not be sent now stays in the ledger.

        `more`: whether to wait for rows to come, though nothing is due now.
        """
        from newsletter.stages.sending import Run  # it knows this module

        return asyncio.run(Run(self, scope or Scope(), progress, more).work())
