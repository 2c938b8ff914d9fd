"""When a mail that was put off is tried again. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

_DELAYS = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 45, 120, 240, 360))
GIVE_UP_AFTER = timedelta(hours=24)


def retry_at(attempts: int, first_planned_at: datetime, now: datetime) -> datetime | None:
    """The next try after `attempts` failed ones, or None when a day has passed since the planning."""
    moment = now + _DELAYS[min(attempts, len(_DELAYS)) - 1]
    return moment if moment <= first_planned_at + GIVE_UP_AFTER else None
