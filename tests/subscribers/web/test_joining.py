from __future__ import annotations

from datetime import timedelta

import pytest

from subscribers.address import parse_address
from subscribers.consent import State
from subscribers.preferences import read_preferences
from subscribers.suppression import SuppressionReason, suppress
from subscribers.tokens import Purpose
from tests.subscribers.support import NOW, dump

FORM = {
    "email": "ada@example.org",
    "topics": ["efficient", "vision"],
    "categories": ["cs.CL"],
    "wishes": "graph rewriting, -survey",
    "cadence": "weekly",
    "weekday": "3",
    "hour": "18",
    "timezone": "Europe/Berlin",
    "max_papers": "12",
}


def test_a_newcomer_signs_up_and_confirms_by_one_button(site):
    assert "<form" in site.client.get("/subscribe").text
    answer = site.client.post("/subscribe", data=FORM, headers={"user-agent": "Some\tBrowser"})
    assert answer.status_code == 200
    assert "Look in your mailbox" in answer.text
    assert site.mailbag.kinds == ["confirm"]
    assert site.mailbag.flushed == 1

    page = f"/confirm/{site.mailbag.last_token()}"
    shown = site.client.get(page)
    assert shown.status_code == 200
    assert shown.text.count("<button") == 1
    assert "every Thursday at 18:00, Berlin time" in shown.text
    assert site.subscriber().state == State.PENDING

    pressed = site.client.post(page)
    assert pressed.status_code == 200
    assert "follows at once" in pressed.text
    assert "every Thursday at 18:00, Berlin time" in pressed.text
    assert (site.mailbag.kinds, site.mailbag.flushed) == (["confirm", "welcome"], 2)
    subscriber = site.subscriber()
    assert subscriber.state == State.CONFIRMED
    texts = [interest.text for interest in subscriber.interests]
    assert texts[:3] == ["speculative decoding", "model quantization", "KV cache compression"]
    assert texts[-3:] == ["cs.CL", "graph rewriting", "survey"]
    assert subscriber.max_papers == 12
    assert "/preferences/" in site.client.post(page).text


@pytest.mark.parametrize("kind", ["nobody", "pending", "confirmed", "left", "suppressed"])
def test_the_answer_is_the_same_for_every_address(site, kind):
    email = "grace@example.org"
    if kind == "pending":
        site.asked(email)
    if kind in {"confirmed", "left"}:
        subscriber = site.joined(email)
    if kind == "left":
        site.client.post(site.link(Purpose.UNSUBSCRIBE, subscriber))
    if kind == "suppressed":
        with site.sessions.begin() as session:
            suppress(session, parse_address(email).hash, SuppressionReason.BOUNCED, NOW)
    site.clock.advance(hours=2)
    mine = site.client.post("/subscribe", data=FORM)
    theirs = site.client.post("/subscribe", data={**FORM, "email": email})
    assert theirs.status_code == mine.status_code
    assert theirs.headers == {**mine.headers, "content-length": theirs.headers["content-length"]}
    assert theirs.text.replace("grace@", "ada@") == mine.text
    link = site.client.post("/preferences", data={"email": email})
    stranger = site.client.post("/preferences", data={"email": "who@example.org"})
    assert link.text.replace("grace@", "who@") == stranger.text


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("email", "not an address", "has an @"),
        ("email", "a@example.org\r\nBcc: b@example.org", "one line"),
        ("wishes", '"open', "no partner"),
        ("cadence", "hourly", "daily, weekdays or weekly"),
        ("weekday", "9", "weekday"),
        ("hour", "25", "0 to 23"),
        ("hour", "x", "whole number"),
        ("timezone", "Mars/Olympus", "time zone"),
        ("max_papers", "41", "1 to 40"),
        ("max_papers", "", "whole number"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_nothing_typed_is_lost(
    site, field, value, message
):
    answer = site.client.post("/subscribe", data={**FORM, field: value})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert f'href="#{field}"' in answer.text
    assert message in answer.text
    assert 'id="topic-vision" name="topics" value="vision" checked' in answer.text
    assert 'value="cs.CL" checked' in answer.text
    if field != "wishes":
        assert "graph rewriting, -survey" in answer.text
    if field not in {"email", "max_papers"}:
        assert 'value="ada@example.org"' in answer.text
    assert site.subscriber() is None
    assert not site.mailbag.notices


def test_all_that_is_wrong_is_said_at_once(site):
    wrong = {"email": "x", "wishes": '"', "hour": "99", "max_papers": "0"}
    text = site.client.post("/subscribe", data=wrong).text
    for field in wrong:
        assert f'id="{field}-error"' in text


def test_without_a_wish_there_is_nothing_to_look_for(site):
    answer = site.client.post("/subscribe", data={"email": "a@example.org", "wishes": "-survey"})
    assert answer.status_code == 422
    assert "tick a topic" in answer.text


def test_a_small_form_elsewhere_needs_only_two_fields(site):
    answer = site.client.post(
        "/subscribe", data={"email": "ada@example.org", "wishes": "graph rewriting"}
    )
    assert answer.status_code == 200
    preferences = read_preferences(site.subscriber())
    assert (preferences.schedule.hour, preferences.schedule.timezone) == (7, "UTC")


def test_a_multipart_form_does_as_well(site):
    fields = {name: (None, value) for name, value in FORM.items() if isinstance(value, str)}
    assert site.client.post("/subscribe", files=fields).status_code == 200
    assert site.subscriber().hour == 18


def test_a_confirmation_link_that_is_too_old_or_overtaken(site):
    subscriber = site.asked()
    page = site.link(Purpose.CONFIRM, subscriber)
    site.clock.advance(days=3)
    assert site.client.get(page).status_code == 404
    assert site.client.post(page).status_code == 404
    assert site.subscriber().state == State.PENDING
    site.clock.now = NOW
    site.client.post(page)
    site.client.post(site.link(Purpose.UNSUBSCRIBE, subscriber))
    for answer in (site.client.get(page), site.client.post(page)):
        assert "You have left since" in answer.text
    assert site.subscriber().state == State.UNSUBSCRIBED


def test_a_fresh_link_comes_by_mail(site):
    site.joined()
    site.clock.advance(minutes=5)
    assert site.client.get("/preferences").status_code == 200
    answer = site.client.post("/preferences", data={"email": "ADA@example.org"})
    assert "If a digest goes to" in answer.text
    assert site.mailbag.kinds == ["preferences"]
    assert site.client.get(f"/preferences/{site.mailbag.last_token()}").status_code == 200
    wrong = site.client.post("/preferences", data={"email": "<b>"})
    assert wrong.status_code == 422
    assert 'id="email-error"' in wrong.text


def test_three_mails_an_hour_at_most_through_the_web(site):
    for _ in range(30):
        site.client.post("/subscribe", data=FORM)
        site.client.post("/preferences", data=FORM)
        site.clock.now += timedelta(minutes=2)
    assert len(site.mailbag.notices) == 3


def test_nothing_is_stored_when_the_mail_cannot_be_queued(site, monkeypatch):
    def fail(*_):
        raise RuntimeError("the queue is full")

    with site.sessions() as session:
        before = dump(session)
    object.__setattr__(site.deps, "send_notice", fail)
    with pytest.raises(RuntimeError):
        site.client.post("/subscribe", data=FORM)
    with site.sessions() as session:
        assert dump(session) == before
