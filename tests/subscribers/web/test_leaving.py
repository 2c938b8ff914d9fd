from __future__ import annotations

import pytest
from sqlalchemy import select

from subscribers.consent import State
from subscribers.privacy import erase
from subscribers.tables import ConsentEvent
from subscribers.tokens import Purpose
from tests.subscribers.support import NOW

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def page(site):
    return site.link(Purpose.UNSUBSCRIBE, site.joined())


def test_the_page_has_one_button_and_changes_nothing(site, page):
    answer = site.client.get(page)
    assert answer.text.count("<button") == 1
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
