"""A month as a calendar of days with papers. Pure."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Day:
    """A square of the calendar: a day, how many papers it has, and whether it is the one shown."""

    day: date
    count: int
    shown: bool


@dataclass(frozen=True, slots=True)
class Month:
    """Weeks from Monday to Sunday, None for days of other months; the nearest months with papers."""

    first: date
    weeks: tuple[tuple[Day | None, ...], ...]
    before: date | None
    after: date | None


def bounds(day: date) -> tuple[date, date]:
    """The first and last day of a day's month."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def month(shown: date, counts: Mapping[date, int], months: Mapping[tuple[int, int], int]) -> Month:
    """The month of a day. `counts`: papers a day; `months`: papers by year and month."""
    first, _last = bounds(shown)
    here = (shown.year, shown.month)
    others = [date(*known, 1) for known in months if months[known]]
    weeks = Calendar().monthdatescalendar(*here)
    return Month(
        first,
        tuple(
            tuple(
                Day(day, counts.get(day, 0), day == shown) if day.month == shown.month else None
                for day in week
            )
            for week in weeks
        ),
        max((each for each in others if each < first), default=None),
        min((each for each in others if each > first), default=None),
    )
