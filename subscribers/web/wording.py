"""Times, said as a person would."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from subscribers.schedule import Cadence, Schedule
from subscribers.web.forms import WEEKDAYS

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


def next_digest(moment: datetime | None, timezone: str) -> str:
    """Such as: Tuesday 6 October at 07:00, Berlin time. Empty if none is due."""
    if moment is None:
        return ""
    local = moment.astimezone(ZoneInfo(timezone))
    weekday, month = WEEKDAYS[local.weekday()], _MONTHS[local.month - 1]
    return f"{weekday} {local.day} {month} at {local:%H:%M}, {place(timezone)} time"


def place(timezone: str) -> str:
    """`America/New_York` as New York."""
    return timezone.rpartition("/")[2].replace("_", " ")
