"""Attention over time as a small drawing: what an inline SVG needs, and the sentence that says it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.render.wording import short_date
from newsletter.web.told import thousands
from subscribers.language import gettext as _

WIDTH, HEIGHT = 320, 64
_EDGE = 5  # pixels that the line keeps from the border, for its own thickness and the last dot
_LEAST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Curve:
    """How one number grew. `line`, `area`: paths; `x`, `y`: where it stands now; `told`: all in words."""

    name: str
    value: int
    line: str
    area: str
    x: str
    y: str
    told: str


def curve(name: str, seen: Sequence[tuple[datetime, int]], now: datetime) -> Curve | None:
    """The drawing of a number that was seen at moments, in time order; None where nothing is to see.

    A number stays as it is until it is seen to differ, so the line goes in steps, from 0 if it began there.
    """
    if not seen or max(value for _at, value in seen) <= 0 or len(seen) < 2:
        return None
    first, last = seen[0][0], max(now, seen[-1][0])
    span = max(last - first, _LEAST)
    most = max(value for _at, value in seen)

    def place(at: datetime, value: int) -> tuple[float, float]:
        x = _EDGE + (WIDTH - 2 * _EDGE) * ((at - first) / span)
        return x, HEIGHT - _EDGE - (HEIGHT - 2 * _EDGE) * value / most

    points = [place(*seen[0])]
    for at, value in [*seen[1:], (last, seen[-1][1])]:
        x, y = place(at, value)
        points += [(x, points[-1][1]), (x, y)]
    line = "M" + " ".join(f"{x:.1f},{y:.1f}" for x, y in dict.fromkeys(points))
    x, y = points[-1]
    floor = HEIGHT - _EDGE
    area = f"{line} {x:.1f},{floor} {points[0][0]:.1f},{floor}Z"
    told = _("{name}: from {before} on {first} to {after} on {last}").format(
        name=name,
        before=thousands(seen[0][1]),
        first=short_date(first),
        after=thousands(seen[-1][1]),
        last=short_date(last),
    )
    return Curve(name, seen[-1][1], line, area, f"{x:.1f}", f"{y:.1f}", told)
