"""Less in place of nothing: what somebody who is about to leave may choose instead, by one press."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from subscribers.consent import State
from subscribers.preferences import MONTH, pause, pause_end, read_preferences, save_preferences
from subscribers.schedule import Cadence
from subscribers.tables import Subscriber


class Softer(StrEnum):
    """A choice beside leaving."""

    MONTH = "month"
    WEEKLY = "weekly"
    FEWER = "fewer"


def fewer(papers: int) -> int:
    """Half as many papers, and one at the least."""
    return max(1, papers // 2)


def offered(subscriber: Subscriber, now: datetime) -> list[Softer]:
    """The choices that would change anything for them."""
    if subscriber.state != State.CONFIRMED:
        return []
    rests = subscriber.paused_until is not None and subscriber.paused_until >= pause_end(
        subscriber, now, MONTH
    )
    return [
        *([] if rests else [Softer.MONTH]),
        *([] if subscriber.cadence == Cadence.WEEKLY else [Softer.WEEKLY]),
        *([] if subscriber.max_papers == 1 else [Softer.FEWER]),
    ]


def choose(
    session: Session, subscriber: Subscriber, choice: Softer, *, papers: int, now: datetime
) -> bool:
    """Does it for a subscriber from `preferences.locked`. False where it would change nothing.

    `papers`: to how many `FEWER` goes down, so that a second press does not halve them again.
    """
    if choice not in offered(subscriber, now):
        return False
    before = read_preferences(subscriber)
    match choice:
        case Softer.MONTH:
            return pause(session, subscriber, now=now, length=MONTH)
        case Softer.WEEKLY:
            schedule = replace(before.schedule, cadence=Cadence.WEEKLY)
            after = replace(before, schedule=schedule)
        case Softer.FEWER:
            if not 1 <= papers < before.max_papers:
                return False
            after = replace(before, max_papers=papers)
    save_preferences(session, subscriber, after, now=now)
    return True
