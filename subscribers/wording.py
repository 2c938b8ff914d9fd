"""Times, said as a person would. Pure."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from subscribers.schedule import Cadence, Schedule

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def rhythm(schedule: Schedule) -> str:
    """Such as: every day at 07:00, Berlin time."""
    days = {
        Cadence.DAILY: "every day",
        Cadence.WEEKDAYS: "Monday to Friday",
        Cadence.WEEKLY: f"every {WEEKDAYS[schedule.weekday]}",
    }[schedule.cadence]
    return f"{days} at {schedule.hour:02}:00, {place(schedule.timezone)} time"


@lru_cache(maxsize=4096)  # the readers of one zone share most moments
def next_digest(moment: datetime | None, timezone: str) -> str:
    """Such as: Tuesday 6 October at 07:00, Berlin time. Empty if none is due."""
    if moment is None:
        return ""
    local = moment.astimezone(ZoneInfo(timezone))
    return f"{day_in_words(local.date())} at {local:%H:%M}, {place(timezone)} time"


def day_in_words(day: date) -> str:
    """Such as: Tuesday 6 October."""
    return f"{WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"


def place(timezone: str) -> str:
    """`America/New_York` as New York."""
    return timezone.rpartition("/")[2].replace("_", " ")
