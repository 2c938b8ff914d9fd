"""What an operator may wish about sending: read in plain words, and kept to."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sending_rules import (
    QuietHours,
    StopLoss,
    WarmUp,
    parse_quiet_hours,
    parse_relays,
    parse_warm_up,
)


def test_several_relays_with_their_limits() -> None:
    first, second = parse_relays(
        "smtp://ada:a,b@one.example?weight=3&connections=8, smtps://two.example?mails=100"
    )
    assert (first.host, first.password, first.weight, first.connections) == (
        "one.example",
        "a,b",
        3,
        8,
    )
    assert (second.port, second.weight, second.connections, second.mails) == (465, 1, 0, 100)
    assert "a,b" not in repr(first)


@pytest.mark.parametrize(
    ("urls", "why"),
    [
        ("smtp://one.example?wieght=3", "wieght= behind its"),
        ("smtp://one.example?weight=0", "weight=0 is not"),
        ("smtp://one.example?mails=many", "mails=many is not"),
        ("smtp://one.example,smtp://one.example:25", "twice"),
        ("http://one.example", "must begin with"),
    ],
)
def test_relays_that_cannot_be_are_told(urls: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_relays(urls)


def at(hour: int, minute: int = 0, month: int = 6) -> datetime:
    return datetime(2026, month, 10, hour, minute, tzinfo=UTC)


def test_quiet_hours_over_midnight_in_a_zone() -> None:
    quiet = parse_quiet_hours("22:00-06:30 Europe/Berlin")
    assert quiet == QuietHours(time(22), time(6, 30), "Europe/Berlin")
    assert [quiet.covers(at(hour)) for hour in (19, 20, 23, 4, 5)] == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert quiet.covers(at(5, 0, month=1)), "in winter 05:00 UTC is 06:00 there"


@pytest.mark.parametrize(
    "text", ["22-6", "25:00-06:00", "22:00-06:00 Mars/Base", "06:00-06:00", ""]
)
def test_quiet_hours_that_cannot_be_are_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_quiet_hours(text)


@given(st.times(), st.times(), st.datetimes(timezones=st.just(UTC)))
def test_it_is_quiet_or_it_is_not(start: time, end: time, now: datetime) -> None:
    if start != end:
        assert QuietHours(start, end).covers(now) is not QuietHours(end, start).covers(now)


def test_a_warm_up_grows_until_it_is_none() -> None:
    plan = parse_warm_up("2026-06-10:500:2")
    assert plan == WarmUp(date(2026, 6, 10), 500, 2.0)
    days = [plan.most(at(12) + timedelta(days=day)) for day in (-1, 0, 1, 2)]
    assert days == [500, 500, 1000, 2000]
    assert plan.most(at(12) + timedelta(days=400)) is None
    assert parse_warm_up("2026-06-10:500:1").most(at(12) + timedelta(days=9000)) == 500


@pytest.mark.parametrize("text", ["2026-06-10", "2026-06-31:5", "2026-06-10:0", "2026-06-10:5:0.5"])
def test_a_warm_up_that_cannot_be_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_warm_up(text)


def test_stop_loss_wants_a_share_and_a_number() -> None:
    rule = StopLoss(0.1, 20)
    assert rule.tells(19, 0) is None
    assert rule.tells(20, 1000) is None
    assert rule.tells(20, 180) is None, "ten percent are allowed"
    assert rule.tells(21, 180) == "21 of 201 mails were refused for good, more than 10%"
    assert StopLoss(1.0).tells(1000, 0) is None
