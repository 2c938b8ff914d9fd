"""arXiv's calendar: which submissions are announced on which day, and when that day's batch is due.

A day here is the date that arXiv prints over its batch, the morning after the announcement at 20:00
US Eastern: Monday to Friday (info.arxiv.org/help/availability.html). Holidays are not foretold: a
batch that does not come is seen to be missing, and what the feed says of it decides.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")

_CUT = time(14)  # submissions until then are announced on the same evening
_FRIDAY, _SATURDAY, _SUNDAY = 4, 5, 6
_DAY = timedelta(days=1)
_FEED_TURNS = timedelta(hours=6)  # after midnight UTC: midnight EST, and an hour's grace
_ARCHIVE_TURNS = timedelta(hours=4)  # OAI-PMH follows near 22:30 Eastern, 03:30 UTC in winter
_PATIENCE = timedelta(hours=14)


def expected(day: date) -> bool:
    """Whether a batch of that day is to be expected: every weekday, a holiday being the exception."""
    return day.weekday() < _SATURDAY


def expected_days(after: date, until: date) -> list[date]:
    """The days in (after, until] on which a batch is to be expected."""
    days = (after + number * _DAY for number in range(1, (until - after).days + 1))
    return [day for day in days if expected(day)]


def announcement_day(submitted: datetime) -> date:
    """The first day on which a paper submitted then can be announced; moderation may hold it longer.

    >>> announcement_day(datetime(2026, 6, 12, 18, 30, tzinfo=UTC))  # a Friday, 14:30 Eastern
    datetime.date(2026, 6, 16)
    """
    local = submitted.astimezone(EASTERN)
    evening = local.date() + (_DAY if local.time() >= _CUT else timedelta(0))
    # Thursday's late and Friday's early papers are out on Sunday evening; from Friday's cut on,
    # they wait for Monday evening.
    waits = {_FRIDAY: 2, _SATURDAY: 2, _SUNDAY: 1}
    return evening + waits.get(evening.weekday(), 0) * _DAY + _DAY


def submission_window(day: date) -> tuple[datetime, datetime]:
    """The submissions that the batch of a weekday covers: from (inclusive) and until."""
    spans = {0: (4, 3), 1: (4, 1)}  # Monday: Thursday to Friday; Tuesday: Friday to Monday
    first, last = spans.get(day.weekday(), (2, 1))
    return _cut(day - first * _DAY), _cut(day - last * _DAY)


def _cut(day: date) -> datetime:
    return datetime.combine(day, _CUT, EASTERN).astimezone(UTC)


def feed_due_at(day: date) -> datetime:
    """When the RSS feeds must show the batch of that day."""
    return datetime.combine(day, time(), UTC) + _FEED_TURNS


def archive_due_at(day: date) -> datetime:
    """When OAI-PMH must hold the batch of that day."""
    return datetime.combine(day, time(), UTC) + _ARCHIVE_TURNS


def deadline(day: date) -> datetime:
    """When an edition counts as complete without those that have not come."""
    return datetime.combine(day, time(), UTC) + _PATIENCE
