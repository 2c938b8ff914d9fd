"""The daily story, top to bottom.

    sources ──collect──▶ entries ──match, compose──▶ planned deliveries ──render, deliver──▶ receipts
                            (store)                     (ledger)  │                          (ledger)
                                                                  └─summarise─▶ TL;DRs of what was picked

Every step reads what the one before it committed, so each can be run again, alone, at any time: what is
done stays done. `tick` is what the scheduler calls every minute; `run` is what an operator calls by hand.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import structlog

from newsletter.stages.blocks import Blocks
from newsletter.stages.collect import CollectReport, Progress, Step
from newsletter.stages.plan import PlanReport
from newsletter.stages.send import Sender, SendReport
from newsletter.stages.summarise import SummaryReport
from newsletter.store.claims import Scope

log = structlog.get_logger()

# Seconds that mails may wait for a model, and with them the next readers' tick; what is not written by
# then goes out with its extract.
TICK_PATIENCE = 60.0
RUN_PATIENCE = 600.0


class Plan(Protocol):
    """See `App.plan`."""

    def __call__(self, blocks: Blocks, progress: Advance = ...) -> PlanReport: ...


class Summarise(Protocol):
    """See `App.summarise`."""

    def __call__(self, patience: float, *, picks_only: bool = False) -> SummaryReport | None: ...


class Send(Protocol):
    """See `App.send`."""

    def __call__(
        self,
        scope: Scope,
        progress: Callable[[int], None] = ...,
        *,
        more: Callable[[], bool] = ...,
    ) -> SendReport: ...


Advance = Callable[[int], None]
Watch = Callable[[str, int | None], AbstractContextManager[Advance]]
"""Shows how far a step is: (its name, how many there are to do if known) -> a function to count on."""


@dataclass(frozen=True, slots=True)
class Edition:
    """What one edition by hand did, step by step."""

    collected: CollectReport
    planned: PlanReport
    sent: SendReport
    summarised: SummaryReport | None = None


@dataclass(frozen=True)
class Pipeline:
    """The steps, as `app` wires them. `notices` is made anew for each run.

    `summarise(seconds, picks_only=...)` asks a language model, if there is one, for so long at most.
    """

    collect: Callable[[date, datetime, Progress], CollectReport]
    plan: Plan
    summarise: Summarise
    send: Send
    notices: Callable[[], Sender]
    now: Callable[[], datetime]
    summarises: bool = False

    def tick(self, now: datetime) -> tuple[PlanReport, SendReport]:
        """Whoever is due now gets their digest; what was put off is tried again."""
        self.notices().run()
        if not self.summarises:
            return self._beside(lambda: self.plan(due(now)), Scope())
        planned = self.plan(due(now))
        if planned.planned:
            self._summarised(TICK_PATIENCE, picks_only=True)
        return planned, self.send(Scope())

    def _beside(
        self, plan: Callable[[], PlanReport], scope: Scope, progress: Advance = lambda _: None
    ) -> tuple[PlanReport, SendReport]:
        """Plan, and send what is planned already: the first block's readers wait for no other."""
        planning = threading.Event()
        planning.set()
        with ThreadPoolExecutor(1) as beside:
            sending = beside.submit(self.send, scope, progress, more=planning.is_set)
            try:
                planned = plan()
            finally:
                planning.clear()
            return planned, sending.result()

    def run(self, day: date, watch: Watch) -> Edition:
        """One whole edition by hand: collect, and mail everybody at once, whatever their hour."""
        with watch("Collecting", None) as advance:
            collected = self.collect(day, self.now(), counting(advance))
        self.notices().run()
        # Collecting took its time: what it brought is news as of now, not as of the start.
        now = self.now()
        with watch("Matching", None) as advance:
            planned = self.plan(everybody(day, now), advance)
        with watch("Summarising", None):
            summarised = self._summarised(RUN_PATIENCE)
        with watch("Sending", planned.planned) as advance:
            sent = self.send(Scope(day=day), advance)
        return Edition(collected, planned, sent, summarised)

    def _summarised(self, patience: float, *, picks_only: bool = False) -> SummaryReport | None:
        """What the model wrote; whatever breaks there, mails go out with their extracts."""
        try:
            return self.summarise(patience, picks_only=picks_only)
        except Exception as error:  # noqa: BLE001  (told in one line; the mails do not wait for it)
            told = " ".join(f"{type(error).__name__}: {error}".split())
            log.warning("summarise.broke", error=told)
            return SummaryReport(stopped=told)


def counting(advance: Advance) -> Progress:
    """The sources that are done, counted on."""
    done = 0

    def tell(step: Step) -> None:
        nonlocal done
        advance(step.done - done)
        done = step.done

    return tell


def due(now: datetime) -> Blocks:
    """Everybody whose hour has come."""
    return Blocks(now)


def everybody(day: date, now: datetime) -> Blocks:
    """Everybody who may be mailed, for the edition of `day`."""
    return Blocks(now, day)
