"""The daily story, top to bottom.

    sources ──collect──▶ entries ──match, compose──▶ planned deliveries ──render, deliver──▶ receipts
                            (store)                     (ledger)                             (ledger)

Every step reads what the one before it committed, so each can be run again, alone, at any time: what is
done stays done. `tick` is what the scheduler calls every minute; `run` is what an operator calls by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from newsletter.stages.collect import CollectReport
from newsletter.stages.plan import Blocks, Planner, PlanReport
from newsletter.stages.send import Sender, SendReport
from newsletter.store.ledger import Scope
from subscribers import audience
from subscribers.audience import Member


@dataclass(frozen=True)
class Pipeline:
    """The steps, as `app` wires them. `planner` and `sender` are made anew for each run."""

    collect: Callable[[date, datetime], CollectReport]
    planner: Callable[[datetime], Planner]
    sender: Callable[[], Sender]
    notices: Callable[[], Sender]

    def tick(self, now: datetime) -> tuple[PlanReport, SendReport]:
        """Whoever is due now gets their digest; what was put off is tried again."""
        self.notices().run()
        planned = self.planner(now).plan(due(now))
        sent = self.sender().run()
        return planned, sent

    def run(self, day: date, now: datetime) -> tuple[CollectReport, PlanReport, SendReport]:
        """One whole edition by hand: collect, and mail everybody at once, whatever their hour."""
        collected = self.collect(day, now)
        self.notices().run()
        planned = self.planner(now).plan(everybody(day, now))
        sent = self.sender().run(Scope(day=day))
        return collected, planned, sent


def due(now: datetime) -> Blocks:
    """Everybody whose hour has come."""

    def blocks(session: Session, after: int) -> Iterator[list[Member]]:
        return audience.due(session, now=now, after=after)

    return blocks


def everybody(day: date, now: datetime) -> Blocks:
    """Everybody who may be mailed, for the edition of `day`."""

    def blocks(session: Session, after: int) -> Iterator[list[Member]]:
        for block in audience.everybody(session, now=now, after=after):
            yield [replace(member, edition_day=day) for member in block]

    return blocks
