from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import select

from subscribers.consent import State
from subscribers.preferences import read_preferences
from subscribers.privacy import erase
from subscribers.schedule import Cadence
from subscribers.tables import ConsentEvent
from subscribers.tokens import Purpose
from tests.subscribers.support import NOW

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def page(site):
    return site.link(Purpose.UNSUBSCRIBE, site.joined())


def test_the_page_has_one_button_and_changes_nothing(site, page):
    answer = site.client.get(page)
    form = answer.text.partition("</form>")[0]
    assert form.count("<button") == 1
    assert site.subscriber().state == State.CONFIRMED


@pytest.mark.parametrize(
    "body",
    [
        {"data": ONE_CLICK},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {"content": b"List-Unsubscribe=One-Click"},
        {"content": b""},
        {"content": b"\xff\x00", "headers": {"content-type": "multipart/form-data"}},
    ],
)
def test_a_providers_post_ends_it_whatever_its_form(site, page, body):
    answer = site.client.post(page, **body)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert site.subscriber().state == State.UNSUBSCRIBED
    assert site.subscriber().next_send_at is None


def test_twice_is_harmless(site, page):
    for _ in range(3):
        assert site.client.post(page, data=ONE_CLICK).status_code == 200
    with site.sessions() as session:
        kinds = list(session.scalars(select(ConsentEvent.kind)))
    assert kinds.count("unsubscribed") == 1
    assert "You are unsubscribed" in site.client.get(page).text


def test_it_works_years_later(site, page):
    site.clock.advance(days=4000)
    assert site.client.post(page, data=ONE_CLICK).status_code == 200
    assert site.subscriber().state == State.UNSUBSCRIBED


def test_an_erased_person_is_told_the_same(site, page):
    with site.sessions.begin() as session:
        erase(session, site.subscriber().id, now=NOW)
    answer = site.client.post(page, data=ONE_CLICK)
    assert answer.status_code == 200
    assert "You are unsubscribed" in answer.text
    assert site.client.post("/unsubscribe/forged", data=ONE_CLICK).status_code == 404


def stay(site, page, choice):
    return site.client.post(page.replace("unsubscribe", "stay"), data={"choice": choice})


def test_less_of_it_is_one_press_away_and_pressing_twice_is_pressing_once(site, page):
    text = site.client.get(page).text
    choices = re.findall(r'name="choice" value="([^"]+)"', text)
    assert choices == ["month", "weekly", "fewer 5"]
    for choice in (*choices, *choices):
        answer = stay(site, page, choice)
        assert answer.status_code == 200
        assert "/preferences/" not in answer.text
    saved = read_preferences(site.subscriber())
    assert saved.max_papers == 5
    assert saved.schedule.cadence is Cadence.WEEKLY
    assert saved.schedule.paused_until == date(2026, 7, 10)
    assert site.subscriber().state == State.CONFIRMED
    assert site.subscriber().next_send_at.date() == date(2026, 7, 13)  # a Monday
    # What changes nothing more is not offered any more.
    assert re.findall(r'name="choice" value="([^"]+)"', site.client.get(page).text) == ["fewer 2"]


@pytest.mark.parametrize(
    "choice", ["", "fewer", "fewer 0", "fewer 40", "fewer -3", "fewer ²", "leave", "month\x00"]
)
def test_no_other_choice_does_anything(site, page, choice):
    before = read_preferences(site.subscriber())
    assert stay(site, page, choice).status_code == 200
    assert read_preferences(site.subscriber()) == before


def test_who_has_left_is_not_brought_back_by_a_softer_choice(site, page):
    site.client.post(page)
    answer = stay(site, page, "weekly")
    assert "You are unsubscribed" in answer.text
    assert site.subscriber().state == State.UNSUBSCRIBED
    assert site.subscriber().next_send_at is None
    assert "Or less of it" not in site.client.get(page).text
