"""How fast mail may go: less when a domain asks for it, more again by itself, never beyond the ceiling."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.deliver.pace import SLOWEST, Domains, Pace


def complained(rate: float = math.inf, *, busy: int = 8) -> Pace:
    """A domain that took 100 mails in ten seconds and then asked for less."""
    pace = Pace(rate)
    for number in range(100):
        pace.begin(number / 10)
        pace.accepted()
    for _ in range(busy):
        pace.begin(10.0)
    pace.slowed(10.0)
    return pace


def test_nothing_is_limited_until_it_asks_for_less() -> None:
    pace = Pace()
    assert not pace.is_limited
    assert [pace.wait(0.0) for _ in range(1000)] == [0.0] * 1000
    assert pace.book(0.0) == 0.0


def test_a_complaint_halves_rate_and_connections_once_for_all_that_left_together() -> None:
    pace = complained()
    rate, window = pace.rate, pace.window
    assert 2 < rate < 8, "about half of ten a second"
    assert window == 4
    for _ in range(5):
        pace.slowed(11.0)
    assert (pace.rate, pace.window) == (rate, window)
    pace.slowed(30.0)
    assert pace.rate < rate
    assert pace.window < window


def test_it_recovers_by_itself() -> None:
    pace = complained()
    now, sent = 20.0, 0
    while pace.is_limited:
        now += max(pace.wait(now), 0.001)
        pace.begin(now)
        pace.accepted()
        sent += 1
        assert sent < 100_000
    assert now - 20 < 3600
    assert pace.wait(now) == 0.0


def test_the_ceiling_of_the_operator_stays() -> None:
    pace = complained(5.0)
    for number in range(10_000):
        pace.begin(20.0 + number)
        pace.accepted()
    assert pace.rate == 5.0


def test_a_domain_without_room_is_passed_over() -> None:
    pace = complained()
    while pace.busy:
        pace.busy -= 1
    while pace.has_room():
        pace.begin(20.0)
    assert pace.busy == 4


def test_what_cannot_go_now_is_spread_over_the_time_to_come() -> None:
    pace = Pace(10.0)
    waits = [pace.book(0.0) for _ in range(100)]
    assert waits.count(0.0) in {10, 11}
    later = [wait for wait in waits if wait]
    assert later == sorted(later)
    assert later[-1] == pytest.approx(10, abs=1.2)
    assert max(pace.book(0.0) for _ in range(10_000)) == 60


steps = st.lists(
    st.tuples(st.floats(0, 100), st.sampled_from(["accepted", "slowed", "wait", "book"])),
    max_size=200,
)


@given(steps, st.sampled_from([math.inf, 100.0, 0.5]))
def test_whatever_happens_it_stays_within_its_bounds(steps, ceiling) -> None:
    pace, now = Pace(ceiling), 0.0
    for seconds, what in steps:
        now += seconds
        if what == "wait":
            assert pace.wait(now) >= 0
        elif what == "book":
            assert 0 <= pace.book(now) <= 60
        else:
            pace.begin(now)
            if what == "slowed":
                pace.slowed(now)
            else:
                pace.accepted()
        assert min(SLOWEST, ceiling) <= pace.rate <= ceiling
        assert pace.window >= 1
        assert pace.busy == 0


@given(st.floats(0.1, 1000), st.integers(2, 300), st.lists(st.floats(0, 2), max_size=300))
def test_no_more_leaves_than_the_rate_allows(rate, mails, pauses) -> None:
    pace, now, left = Pace(rate), 0.0, []
    for number in range(mails):
        now += pauses[number] if number < len(pauses) else 0.0
        now += pace.wait(now)
        left.append(now)
    for first in range(0, mails, 7):
        seconds = left[-1] - left[first]
        assert mails - first <= seconds * rate * 1.000001 + 1.000001


def test_domains_that_are_free_are_forgotten_and_limited_ones_kept() -> None:
    domains = Domains(most=10)
    slow = domains.of("slow.example")
    slow.begin(0.0)
    slow.slowed(0.0)
    for number in range(100):
        domains.of(f"{number}.example")
    assert domains.of("slow.example") is slow
    assert len(domains._paces) <= 11
