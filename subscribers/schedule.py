"""When a person's next digest is due, in their own zone and hour, right across clock changes. Pure.

Local time is turned into UTC in this file and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from subscribers.errors import ProfileError
from subscribers.language import gettext as _

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
_LATE = timedelta(hours=1)  # what was planned late, or looked a little behind, was planned


class Cadence(StrEnum):
    """How often somebody wants a digest."""

    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When to mail somebody. `weekday` (0 is Monday) counts for weekly only; `paused_until` is the
    first local day on which mail may come again.
    """

    cadence: Cadence
    hour: int
    timezone: str
    weekday: int = 0
    paused_until: date | None = None


def make_schedule(
    *, cadence: str, hour: int, timezone: str, weekday: int = 0, paused_until: date | None = None
) -> Schedule:
    """A schedule within bounds. Raises ProfileError that names the field."""
    if cadence not in set(Cadence):
        raise ProfileError("cadence", _("Please choose daily, weekdays or weekly."))
    if not 0 <= hour <= 23:
        raise ProfileError("hour", _("The hour is a number from 0 to 23."))
    if not 0 <= weekday <= 6:
        raise ProfileError("weekday", _("The weekday is a number from 0 (Monday) to 6 (Sunday)."))
    if not is_timezone(timezone):
        raise ProfileError("timezone", _("We do not know this time zone; one is Europe/Berlin."))
    return Schedule(
        cadence=Cadence(cadence),
        hour=hour,
        timezone=timezone,
        weekday=weekday,
        paused_until=paused_until,
    )


def is_timezone(name: str) -> bool:
    """Whether `name` is a zone of the IANA database (and no path, alias file or empty text)."""
    return name in _zone_names()


def edition_day(send_at: datetime, timezone: str) -> date:
    """The reader's own date at `send_at` (aware)."""
    return send_at.astimezone(_zone(timezone)).date()


def next_send(schedule: Schedule, after: datetime) -> datetime:
    """The first moment (UTC) strictly after `after` (aware) at which a digest is due.

    An hour that the clock leaves out becomes the first moment after it; one that it repeats counts
    once, the first time.
    """
    day = edition_day(after, schedule.timezone) - _DAY
    if schedule.paused_until is not None:
        day = max(day, schedule.paused_until)
    while True:
        moment = _moment(schedule, day)
        if moment is not None and moment > after:
            return moment
        day += _DAY


def due_day(schedule: Schedule, due_at: datetime, now: datetime) -> date:
    """The local day whose digest is to be sent at `now` to somebody who is due since `due_at`.

    After a standstill of days it is the latest one that has come due, never several. A tick just
    after midnight still belongs to the evening before.
    """
    first = edition_day(due_at, schedule.timezone)
    day = edition_day(now, schedule.timezone)
    while day > first:
        moment = _moment(schedule, day)
        if moment is not None and moment <= now:
            return day
        day -= _DAY
    return first


def previous_send(schedule: Schedule, day: date) -> datetime:
    """The last moment (UTC) of a local day before `day` at which a digest was due, paused or not."""
    while True:
        day -= _DAY
        moment = _moment(schedule, day)
        if moment is not None:
            return moment


def missed_until(schedule: Schedule, day: date, covered_until: datetime) -> datetime | None:
    """When the digest before that of `day` was due, if nothing since `covered_until` was sent then."""
    before = previous_send(schedule, day)
    return before if covered_until < before - _LATE else None


def next_send_after_day(schedule: Schedule, day: date, now: datetime) -> datetime:
    """The first due moment after `now` that belongs to a later local day than `day`."""
    moment = next_send(schedule, now)
    while edition_day(moment, schedule.timezone) <= day:
        moment = next_send(schedule, moment)
    return moment


def _moment(schedule: Schedule, day: date) -> datetime | None:
    """When the digest of `day` is due (UTC); None if none is, or if the zone never had that day."""
    if schedule.cadence is Cadence.WEEKDAYS and day.weekday() >= 5:
        return None
    if schedule.cadence is Cadence.WEEKLY and day.weekday() != schedule.weekday:
        return None
    # Where the clock leaps over midnight, the first moment after the hour is tomorrow's; then the
    # last hour that today does have is meant (Nuuk, each spring at 23:00).
    for hour in range(schedule.hour, -1, -1):
        moment = _at(day, hour, schedule.timezone)
        if edition_day(moment, schedule.timezone) == day:
            return moment
    return None


def _at(day: date, hour: int, timezone: str) -> datetime:
    zone = _zone(timezone)
    wall = datetime.combine(day, time(hour), zone)
    moment = wall.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return moment
    return _leap(wall.replace(fold=1).astimezone(UTC), moment, zone)


def _leap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first moment after the leap that lies between the two (UTC), to the second."""
    old = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + timedelta(seconds=(after - before) // _SECOND // 2)
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime", "Factory", "posixrules"})
