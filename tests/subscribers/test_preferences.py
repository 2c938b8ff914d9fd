from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest

from subscribers.consent import State
from subscribers.errors import ProfileError
from subscribers.preferences import (
    check_max_papers,
    check_pause,
    locked,
    read_preferences,
    save_preferences,
)
from subscribers.signup import unsubscribe
from tests.subscribers.support import NOW, ORIGIN, join, preferences, unheard


def test_what_is_saved_is_what_is_read(sessions):
    wishes = 'b ^2, a, "x, y", -survey, author:Z, cs.CL, 2404.06395'
    changed = preferences(wishes, cadence="weekdays", hour=18, timezone="Asia/Tokyo", max_papers=40)
    with sessions.begin() as session:
        subscriber = join(session, wishes="a, gone, b")
        kept = {row.text: row.id for row in subscriber.interests}
        save_preferences(session, subscriber, changed, now=NOW)
    with sessions.begin() as session:
        subscriber = locked(session, subscriber.id)
        assert read_preferences(subscriber) == changed
        rows = {row.text: row.id for row in subscriber.interests}
        assert (rows["a"], rows["b"]) == (kept["a"], kept["b"])
        assert subscriber.next_send_at == NOW.replace(hour=9, minute=0)


def test_other_wishes_change_the_taste_and_another_hour_does_not(session):
    subscriber = join(session, wishes="a, b")
    assert subscriber.taste_changed_at == NOW
    later = NOW + timedelta(hours=1)
    save_preferences(session, subscriber, preferences("a, b", hour=18), now=later)
    assert subscriber.taste_changed_at == NOW
    for wishes in ("a, b ^2", "a, -b", "a"):
        later += timedelta(hours=1)
        save_preferences(session, subscriber, preferences(wishes), now=later)
        session.expire_all()
        assert subscriber.taste_changed_at == later


def test_a_pause_moves_the_next_digest(session):
    subscriber = join(session)
    paused = preferences(paused_until=date(2026, 7, 1))
    save_preferences(session, subscriber, paused, now=NOW)
    assert subscriber.next_send_at == NOW.replace(month=7, day=1, hour=5, minute=0)


def test_a_later_hour_on_a_day_already_served_waits_for_tomorrow(session):
    subscriber = join(session)
    subscriber.covered_until = NOW - timedelta(hours=1)
    save_preferences(session, subscriber, preferences(hour=18), now=NOW)
    assert subscriber.next_send_at == NOW.replace(day=11, hour=16, minute=0)


def test_who_has_left_is_not_mailed_for_changing_something(session):
    subscriber = join(session)
    unsubscribe(session, subscriber, origin=ORIGIN, send_notice=unheard, now=NOW)
    save_preferences(session, subscriber, preferences("other"), now=NOW)
    assert (subscriber.state, subscriber.next_send_at) == (State.UNSUBSCRIBED, None)


def test_two_tabs_saving_at_once_leave_one_of_the_two(sessions):
    with sessions.begin() as session:
        subscriber_id = join(session, wishes="old").id
    choices = [preferences("old, same, one"), preferences("same, two")]
    together = Barrier(2)

    def save(choice):
        together.wait()
        with sessions.begin() as session:
            save_preferences(session, locked(session, subscriber_id), choice, now=NOW)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(save, choices))
    with sessions.begin() as session:
        assert read_preferences(locked(session, subscriber_id)) in choices


def test_bounds():
    assert check_max_papers(40) == 40
    for number in (0, 41, -1):
        with pytest.raises(ProfileError, match="1 to 40"):
            check_max_papers(number)
    today = NOW.date()
    assert check_pause(None, today) is None
    assert check_pause(today + timedelta(days=1), today)
    for days, message in ((0, "to come"), (-1, "to come"), (400, "a year")):
        with pytest.raises(ProfileError, match=message):
            check_pause(today + timedelta(days=days), today)


def test_nobody_is_nobody(session):
    assert locked(session, 4711) is None
