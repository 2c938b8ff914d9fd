"""When a mail that was put off is tried again. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

_DELAYS = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 45, 120, 240, 360))
GIVE_UP_AFTER = timedelta(hours=24)


def retry_at(
    attempts: int,
    first_planned_at: datetime,
    now: datetime,
    give_up_after: timedelta = GIVE_UP_AFTER,
) -> datetime | None:
    """The next try after `attempts` failed ones, or None when it would come too long after the planning.

    A clock that was set back does not put off the giving up: what was planned "later" is planned now.
    """
    moment = now + _DELAYS[min(attempts, len(_DELAYS)) - 1]
    return moment if moment <= min(first_planned_at, now) + give_up_after else None
