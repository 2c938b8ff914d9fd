"""What a returned mail leads to. Pure: days and kinds in, a decision out.

The way is Mailman's: what is certain acts at once, what may pass is counted, at most once a day, and
fades. With a half-life of 30 days, five bad days in a row reach the threshold, and so do six bad weeks of
a weekly digest; one bad day a month never does.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from newsletter.bounce.values import Kind

THRESHOLD = 4.0
HALF_LIFE = 30  # days


class Effect(StrEnum):
    """What became of what a returned mail says of a reader.

    `kept`: nothing changed. `counted`: against the threshold, or blocked for spam, which is only shown.
    `nobody`: no reader of ours is known by it.
    """

    SUPPRESSED = "suppressed"
    UNSUBSCRIBED = "unsubscribed"
    COUNTED = "counted"
    KEPT = "kept"
    NOBODY = "nobody"


SCORED = frozenset({Kind.SOFT, Kind.FULL})
"""What counts against the threshold. What is taken for spam is about the sender, not the reader."""


ACTING = SCORED | {Kind.HARD, Kind.COMPLAINT, Kind.UNSUBSCRIBE}
"""What may change something for a reader. Everything else is only written down."""


def score(days: Iterable[date], today: date) -> float:
    """How bad a reader's last weeks were: each day with a bounce counts 1, and fades."""
    return float(sum(0.5 ** (max((today - day).days, 0) / HALF_LIFE) for day in set(days)))


def decide(kind: Kind, days: Iterable[date], today: date) -> Effect:
    """What a proven report leads to. `days`: those of the reader's scored bounces, this one included."""
    if kind is Kind.HARD:
        return Effect.SUPPRESSED
    if kind in {Kind.COMPLAINT, Kind.UNSUBSCRIBE}:
        return Effect.UNSUBSCRIBED
    if kind in SCORED:
        return Effect.SUPPRESSED if score(days, today) >= THRESHOLD else Effect.COUNTED
    return Effect.COUNTED if kind is Kind.BLOCKED else Effect.KEPT
