"""A week's pause, by one press."""

from __future__ import annotations

from datetime import date

from subscribers.tokens import Purpose


def test_a_week_by_one_press_and_no_more_however_often(site):
    page = site.link(Purpose.PAUSE, site.joined())
    shown = site.client.get(page)
    assert "before Wednesday 17 June" in shown.text
    assert site.subscriber().paused_until is None
    for _ in range(2):
        pressed = site.client.post(page)
        assert "before Wednesday 17 June" in pressed.text
    subscriber = site.subscriber()
    assert subscriber.paused_until == date(2026, 6, 17)
    assert subscriber.next_send_at.isoformat() == "2026-06-17T05:00:00+00:00"
    assert "rests already" in site.client.get(page).text


def test_a_longer_pause_stays(site):
    subscriber = site.joined()
    page = site.link(Purpose.PAUSE, subscriber)
    with site.sessions.begin() as session:
        session.merge(subscriber).paused_until = date(2026, 8, 1)
    assert "before Saturday 1 August" in site.client.post(page).text
    assert site.subscriber().paused_until == date(2026, 8, 1)


def test_who_is_not_mailed_has_nothing_to_pause(site):
    page = site.link(Purpose.PAUSE, site.asked())
    assert "<button" not in site.client.get(page).text
    assert "nothing to pause" in site.client.post(page).text
    assert site.subscriber().paused_until is None
