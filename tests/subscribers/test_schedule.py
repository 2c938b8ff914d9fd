from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.errors import ProfileError
from subscribers.schedule import (
    Cadence,
    Schedule,
    due_day,
    edition_day,
    is_timezone,
    make_schedule,
    missed_until,
    next_send,
    next_send_after_day,
)

# Zones with clock changes by an hour and by half, at midnight and before it, and with a lost day.
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Nuuk",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
)

moments = st.integers(0, 22 * 365 * 24 * 60).map(
    lambda minutes: datetime(2009, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
schedules = st.builds(
    Schedule,
    cadence=st.sampled_from(Cadence),
    hour=st.integers(0, 23),
    timezone=st.sampled_from(ZONES),
    weekday=st.integers(0, 6),
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def daily(hour: int, timezone: str) -> Schedule:
    return Schedule(cadence=Cadence.DAILY, hour=hour, timezone=timezone)


def is_due(schedule: Schedule, day: date) -> bool:
    if schedule.cadence is Cadence.WEEKDAYS:
        return day.weekday() < 5
    return schedule.cadence is Cadence.DAILY or day.weekday() == schedule.weekday


def exists(day: date, timezone: str) -> bool:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(timezone))
    return noon.astimezone(UTC).astimezone(ZoneInfo(timezone)).date() == day


@given(schedules, moments)
def test_it_lies_strictly_after_and_on_a_day_that_is_due(schedule, after):
    moment = next_send(schedule, after)
    assert after < moment <= after + timedelta(days=16)
    assert is_due(schedule, edition_day(moment, schedule.timezone))


@given(schedules, moments)
def test_every_due_day_gets_exactly_one(schedule, start):
    first = next_send(schedule, start)
    days, moment = [], first
    while moment < first + timedelta(days=40):
        days.append(edition_day(moment, schedule.timezone))
        moment = next_send(schedule, moment)
    expected = [
        day
        for offset in range((days[-1] - days[0]).days + 1)
        if is_due(schedule, day := days[0] + timedelta(days=offset))
        and exists(day, schedule.timezone)
    ]
    assert days == expected


@given(schedules, moments)
def test_it_keeps_to_the_hour_where_the_clock_has_that_hour(schedule, after):
    moment = next_send(schedule, after)
    zone = ZoneInfo(schedule.timezone)
    day = edition_day(moment, schedule.timezone)
    wall = datetime(day.year, day.month, day.day, schedule.hour, tzinfo=zone)
    if wall.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        assert moment == wall.astimezone(UTC)


@given(schedules, moments, st.integers(0, 30))
def test_a_pause_is_kept_to_the_day(schedule, after, length):
    until = edition_day(after, schedule.timezone) + timedelta(days=length)
    paused = Schedule(
        cadence=schedule.cadence,
        hour=schedule.hour,
        timezone=schedule.timezone,
        weekday=schedule.weekday,
        paused_until=until,
    )
    moment = next_send(paused, after)
    assert edition_day(moment, schedule.timezone) >= until
    before = until - timedelta(days=2)
    midnight = datetime(before.year, before.month, before.day, tzinfo=UTC)
    assert moment == next_send(paused, max(after, midnight))


@pytest.mark.parametrize(
    ("zone", "hour", "after", "expected"),
    [
        # 02:00 to 03:00 is left out: the first moment after it.
        ("Europe/Berlin", 2, "2026-03-28T12:00", "2026-03-29T01:00"),
        # 02:00 comes twice: the first time, and not again.
        ("Europe/Berlin", 2, "2026-10-24T12:00", "2026-10-25T00:00"),
        ("Europe/Berlin", 2, "2026-10-25T00:00", "2026-10-26T01:00"),
        # The clock leaps by half an hour.
        ("Australia/Lord_Howe", 2, "2026-10-03T12:00", "2026-10-03T15:30"),
        # Midnight itself is left out.
        ("Africa/Cairo", 0, "2026-04-23T12:00", "2026-04-23T22:00"),
        # 23:00 is left out, and after it comes tomorrow: the last hour of today.
        ("America/Nuuk", 23, "2026-03-28T12:00", "2026-03-29T00:00"),
        # Friday 30 December 2011 never was on Samoa.
        ("Pacific/Apia", 7, "2011-12-29T18:00", "2011-12-30T17:00"),
    ],
)
def test_where_the_clock_jumps(zone, hour, after, expected):
    assert next_send(daily(hour, zone), utc(after)) == utc(expected)


@pytest.mark.parametrize(
    ("due_at", "now", "day"),
    [
        ("2026-06-08T05:00", "2026-06-08T05:03", "2026-06-08"),
        ("2026-06-08T05:00", "2026-06-10T12:00", "2026-06-10"),
        ("2026-06-08T05:00", "2026-06-10T04:00", "2026-06-09"),
        ("2026-06-08T05:00", "2026-06-09T04:59", "2026-06-08"),
    ],
)
def test_after_a_standstill_the_latest_day_is_served(due_at, now, day):
    schedule = daily(7, "Europe/Berlin")
    assert due_day(schedule, utc(due_at), utc(now)) == date.fromisoformat(day)


def test_a_tick_after_midnight_still_serves_the_evening_before():
    schedule = daily(23, "Europe/Berlin")
    due_at, now = utc("2026-06-08T21:00"), utc("2026-06-08T22:01")
    day = due_day(schedule, due_at, now)
    assert day == date(2026, 6, 8)
    assert next_send_after_day(schedule, day, now) == utc("2026-06-09T21:00")


@given(schedules, moments, st.integers(0, 20 * 24 * 60))
def test_serving_by_ticks_gives_each_day_at_most_once_and_in_order(schedule, start, minutes):
    due_at = next_send(schedule, start)
    now = due_at + timedelta(minutes=minutes)
    served = due_day(schedule, due_at, now)
    assert edition_day(due_at, schedule.timezone) <= served <= edition_day(now, schedule.timezone)
    following = next_send_after_day(schedule, served, now)
    assert following > now
    assert edition_day(following, schedule.timezone) > served


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("cadence", {"cadence": "hourly"}),
        ("hour", {"hour": 24}),
        ("hour", {"hour": -1}),
        ("weekday", {"weekday": 7}),
        ("timezone", {"timezone": "Mars/Olympus"}),
        ("timezone", {"timezone": "../../etc/passwd"}),
        ("timezone", {"timezone": "America"}),
        ("timezone", {"timezone": ""}),
        ("timezone", {"timezone": "localtime"}),
    ],
)
def test_what_is_out_of_bounds_is_refused_by_name(field, values):
    with pytest.raises(ProfileError) as caught:
        make_schedule(**{"cadence": "daily", "hour": 7, "timezone": "UTC"} | values)
    assert caught.value.field == field


@given(st.text(max_size=30))
def test_any_text_can_be_asked_whether_it_is_a_zone(text):
    if is_timezone(text):
        assert ZoneInfo(text)


@pytest.mark.parametrize(
    ("covered", "missed"),
    [
        ("2026-06-09T05:00", None),  # yesterday's digest was planned at its hour
        ("2026-06-09T04:20", None),  # or looked a little behind
        ("2026-06-08T05:00", "2026-06-09T05:00"),
        ("2026-05-01T05:00", "2026-06-09T05:00"),
    ],
)
def test_what_was_missed_is_told_by_the_digest_before(covered, missed):
    daily = make_schedule(cadence="daily", hour=7, timezone="Europe/Berlin")
    moment = datetime.fromisoformat(covered).replace(tzinfo=UTC)
    found = missed_until(daily, date(2026, 6, 10), moment)
    assert found == (datetime.fromisoformat(missed).replace(tzinfo=UTC) if missed else None)


def test_a_weekend_or_a_week_is_no_gap():
    monday = date(2026, 6, 8)
    friday = datetime(2026, 6, 5, 7, 10, tzinfo=UTC)
    weekdays = make_schedule(cadence="weekdays", hour=7, timezone="UTC")
    assert missed_until(weekdays, monday, friday) is None
    weekly = make_schedule(cadence="weekly", hour=7, timezone="UTC", weekday=0)
    assert missed_until(weekly, monday, datetime(2026, 6, 1, 7, tzinfo=UTC)) is None
    assert missed_until(weekly, monday, datetime(2026, 5, 25, 7, tzinfo=UTC)) is not None
    resting = make_schedule(cadence="daily", hour=7, timezone="UTC", paused_until=date(2026, 6, 8))
    assert missed_until(resting, monday, friday) == datetime(2026, 6, 7, 7, tzinfo=UTC)
