"""What is talked about just now: attention over time, aged, and careful with small numbers. Pure.

An entry's heat is the rate at which attention comes to it. Each vote, comment or point counts half as
much once `half_life` has passed since it came, and so does the time in which it could have come: a
paper of this morning is compared by what its few hours brought, not by what a week brought another.
Of two entries with one rate the one with more behind it wins: the rate is that of a gamma-Poisson
model, drawn towards the day's ordinary rate as long as little was seen, less one standard deviation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# What one more of each says. Stars gather at projects that are older than their papers: not counted.
WEIGHTS: Mapping[str, float] = {
    "votes": 1.0,
    "comments": 2.0,
    "hn-points": 0.5,
    "hn-comments": 0.5,
    "reddit-posts": 3.0,
}
DAILY = timedelta(hours=18)
WEEKLY = timedelta(days=4)
# Fewer than this many, aged and weighted, are no talk at all.
LEAST = 3.0
_DAY = timedelta(days=1)
_FIRST_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Attention:
    """How an entry's numbers grew: for each kind, when it was seen to stand at what, in time order.

    `since`: from when on there was something to vote on.
    """

    entry_id: int
    since: datetime
    history: Mapping[str, Sequence[tuple[datetime, int]]]


@dataclass(frozen=True, slots=True)
class Trend:
    """An entry with its heat, in weighted votes a day, and its numbers as they stood."""

    entry_id: int
    heat: float
    numbers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Heat:
    """An entry's heat, in weighted votes a day. `hot`: it is talked about, and more than is ordinary."""

    value: float
    hot: bool


def trending(
    attention: Sequence[Attention], now: datetime, half_life: timedelta, most: int
) -> list[Trend]:
    """The hottest entries that are hotter than ordinary, at most `most`, the hottest first."""
    found = []
    for each, heat in zip(attention, heats(attention, now, half_life), strict=True):
        if heat.hot:
            numbers = {kind: said[-1][1] for kind, said in each.history.items() if said}
            found.append(Trend(each.entry_id, heat.value, numbers))
    found.sort(key=lambda trend: (-trend.heat, trend.entry_id))
    return found[:most]


def heats(attention: Sequence[Attention], now: datetime, half_life: timedelta) -> list[Heat]:
    """How hot each entry is, in the order given; they are measured by each other."""
    gained = [_gained(each, now, half_life) for each in attention]
    exposed = [_weight_of(_age(each.since, now), timedelta(), half_life) for each in attention]
    all_gained, all_exposed = sum(gained), sum(exposed)
    doubt = half_life / _DAY / 4
    found = []
    for count, time in zip(gained, exposed, strict=True):
        others = all_exposed - time
        # What is ordinary is told by the others: a paper is not measured by itself.
        ordinary = max(0.0, all_gained - count) / others if others > 1e-9 else 0.0
        seen, span = count + ordinary * doubt, time + doubt
        heat = (seen - math.sqrt(seen)) / span
        found.append(Heat(heat, count >= LEAST and heat > ordinary))
    return found


def _gained(each: Attention, now: datetime, half_life: timedelta) -> float:
    """Weighted votes, each aged by when it came; between two looks they came evenly."""
    total = 0.0
    for kind, said in each.history.items():
        start, before = each.since, 0
        for at, value in said:
            # A number that fell (a vote taken back, a post deleted) takes nothing from what came.
            span = max(at - start, _FIRST_HOUR)
            share = _weight_of(_age(at, now) + span, _age(at, now), half_life) / (span / _DAY)
            total += WEIGHTS.get(kind, 0.0) * max(0, value - before) * min(1.0, share)
            start, before = at, max(value, before)
    return total


def _age(at: datetime, now: datetime) -> timedelta:
    return max(now - at, timedelta())


def _weight_of(older: timedelta, younger: timedelta, half_life: timedelta) -> float:
    """The days between two ages, each moment worth half of one that is `half_life` younger."""
    older = max(older, younger + _FIRST_HOUR)
    life = half_life / _DAY
    aged = 2 ** -(younger / half_life) - 2 ** -(older / half_life)
    return float(life / math.log(2) * aged)
