from __future__ import annotations

import re

import pytest

from subscribers.length import Length
from subscribers.preferences import read_preferences
from subscribers.profile import to_text
from subscribers.tokens import Purpose
from tests.subscribers.support import SIGNER

CHANGED = {
    "topics": ["vision"],
    "categories": ["math.AG"],
    "wishes": "-survey\nmy own words ^2",
    "cadence": "weekdays",
    "weekday": "0",
    "hour": "9",
    "timezone": "Asia/Tokyo",
    "max_papers": "5",
    "length": "titles",
    "quiet_days": "7",
    "paused_until": "2026-06-15",
}


@pytest.fixture
def page(site):
    wishes = "speculative decoding, model quantization, KV cache compression, cs.CL, mine"
    return site.link(Purpose.PREFERENCES, site.joined(wishes=wishes))


def typed_wishes(text):
    return re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", text, re.DOTALL)[1]


def test_the_page_shows_what_is_set(site, page):
    text = site.client.get(page).text
    assert "ada@example.org" in text
    assert 'value="efficient" checked' in text
    assert 'value="cs.CL" checked' in text
    assert typed_wishes(text) == "mine"
    assert "<option selected>Berlin" in text
    assert "Thursday 11 June at 07:00, Berlin time" in text


def test_what_is_saved_is_shown_again(site, page):
    answer = site.client.post(page, data=CHANGED)
    assert answer.status_code == 200
    assert "Saved." in answer.text
    assert "Monday 15 June at 09:00, Tokyo time" in answer.text
    assert 'value="2026-06-15"' in answer.text
    saved = read_preferences(site.subscriber())
    assert to_text(saved.profile).splitlines() == [
        "object detection", "image segmentation", "vision-language models",
        "cat:math.AG", "-survey", "my own words ^2",
    ]  # fmt: skip
    assert (saved.max_papers, saved.schedule.hour) == (5, 9)
    assert (saved.length, saved.quiet_days) == (Length.TITLES, 7)
    assert 'value="titles" checked' in answer.text
    again = site.client.get(page).text
    assert typed_wishes(again) == "-survey\nmy own words ^2"
    resent = {**CHANGED, "wishes": typed_wishes(again)}
    site.client.post(page, data=resent)
    assert read_preferences(site.subscriber()) == saved


def test_a_pause_that_is_over_is_not_in_the_way(site, page):
    site.client.post(page, data=CHANGED)
    site.clock.advance(days=10)
    text = site.client.get(page).text
    assert 'name="paused_until" type="date" min="2026-06-21" value=""' in text


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("paused_until", "2026-06-10", "to come"),
        ("paused_until", "soon", "2027-01-31"),
        ("paused_until", "9999-12-31", "a year"),
        ("length", "longest", "titles, short or full"),
        ("quiet_days", "61", "1 to 60"),
        ("max_papers", "0", "1 to 40"),
        ("wishes", "x" * 201, "at most 200"),
    ],
)
def test_what_is_wrong_is_not_saved(site, page, field, value, message):
    before = read_preferences(site.subscriber())
    answer = site.client.post(page, data={**CHANGED, field: value})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert message in answer.text
    assert "Saved." not in answer.text
    assert read_preferences(site.subscriber()) == before


def test_a_field_that_is_not_sent_stays_as_it_was(site, page):
    site.client.post(page, data={"wishes": "only this"})
    saved = read_preferences(site.subscriber())
    assert to_text(saved.profile) == "only this"
    assert (saved.schedule.hour, saved.schedule.timezone) == (7, "Europe/Berlin")


def test_a_zone_in_an_old_spelling_can_be_kept(site):
    page = site.link(Purpose.PREFERENCES, site.joined(timezone="Asia/Calcutta"))
    assert "<option selected>Asia/Calcutta" in site.client.get(page).text


def test_raising_the_links_version_kills_old_links_but_never_the_way_out(site, page):
    subscriber = site.subscriber()
    leave = site.link(Purpose.UNSUBSCRIBE, subscriber)
    with site.sessions.begin() as session:
        session.merge(subscriber).links_version = 2
    assert site.client.get(page).status_code == 404
    assert site.client.post(page, data=CHANGED).status_code == 404
    assert site.client.get(site.link(Purpose.PREFERENCES, site.subscriber())).status_code == 200
    assert site.client.get(leave).status_code == 200


def test_the_way_out_is_on_the_page_but_no_way_in_on_the_way_out(site, page):
    way_out = re.search(r'href="(/unsubscribe/[^"]+)"', site.client.get(page).text)[1]
    text = site.client.get(way_out).text
    assert "Stop the digest?" in text
    assert "/preferences/" not in text
    token = way_out.rpartition("/")[2]
    SIGNER.read(token, Purpose.UNSUBSCRIBE, now=site.clock.now)


@pytest.mark.parametrize(
    ("count", "words"),
    [(1, "1 digest left out"), (5, "5 digests left out"), (7, "7 digests left out")],
)
def test_the_note_is_told_in_what_it_counts(site, page, count, words):
    # Days for one reader, weeks for another: the form does not know which until it is sent.
    site.client.post(page, data={**CHANGED, "quiet_days": str(count)})
    assert f'value="{count}" selected>{words}<' in site.client.get(page).text
