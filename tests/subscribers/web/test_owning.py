"""Fresh links for old ones, dead links for those that were forwarded, one's data, and being erased."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from subscribers.feedback import vote
from subscribers.signup import unsubscribe
from subscribers.tables import ConsentEvent, Subscriber, Suppression
from subscribers.tokens import MORE, Purpose
from tests.subscribers.support import NOW, ORIGIN, SIGNER, any_token, dump, unheard, vote_tokens


@pytest.fixture
def ada(site):
    return site.joined("ada.lovelace@analytical.example.org")


@pytest.fixture
def token(site, ada):
    return site.link(Purpose.PREFERENCES, ada).rpartition("/")[2]


def test_a_link_of_thirty_days_ago_is_renewed_by_one_press(site, token):
    site.clock.advance(days=30)
    for page in ("preferences", "move", "erase", "links", "data"):
        answer = site.client.get(f"/{page}/{token}")
        assert answer.status_code == 410
        assert f'action="/fresh/{token}"' in answer.text
        assert "a…@a….org" in answer.text
        assert "lovelace" not in answer.text
        assert "analytical" not in answer.text
    assert not site.mailbag.notices
    assert site.client.get(f"/fresh/{token}").status_code == 405
    answer = site.client.post(f"/fresh/{token}")
    assert answer.status_code == 200
    assert "lovelace" not in answer.text
    assert site.mailbag.kinds == ["preferences"]
    assert site.mailbag.flushed == 1
    assert site.client.get(f"/preferences/{site.mailbag.last_token()}").status_code == 200


def test_no_post_by_an_old_link_does_anything_else(site, token):
    site.clock.advance(days=30)
    with site.sessions() as session:
        before = dump(session)
    for page in ("preferences", "move", "erase", "links"):
        assert site.client.post(f"/{page}/{token}", data={"hour": "3"}).status_code == 410
    with site.sessions() as session:
        assert dump(session) == before


def test_pressing_it_again_and_again_fills_no_mailbox(site, token):
    site.clock.advance(days=30)
    for _ in range(20):
        assert site.client.post(f"/fresh/{token}").status_code == 200
        site.clock.advance(minutes=2)
    assert len(site.mailbag.notices) == 3


@pytest.mark.parametrize("how", ["left", "revoked", "erased", "forged", "another purpose"])
def test_of_any_other_link_nothing_is_told(site, ada, token, how):
    with site.sessions.begin() as session:
        found = session.get(Subscriber, ada.id)
        if how == "left":
            unsubscribe(session, found, origin=ORIGIN, send_notice=unheard, now=NOW)
        elif how == "revoked":
            found.links_version = 2
        elif how == "erased":
            session.delete(found)
        elif how == "forged":
            token = token[:-1] + ("A" if token[-1] != "A" else "B")
        else:
            token = any_token(Purpose.CONFIRM, ada.id)
    site.clock.advance(days=40)
    for method, page in (("GET", "preferences"), ("POST", "fresh"), ("GET", "erase")):
        answer = site.client.request(method, f"/{page}/{token}")
        assert answer.status_code == 404
        assert "example.org</" not in answer.text.replace("editor@example.org</", "")
    assert not site.mailbag.notices


def test_new_links_end_the_old_ones_but_for_the_way_out(site, ada, token):
    leave, rest = site.link(Purpose.UNSUBSCRIBE, ada), site.link(Purpose.PAUSE, ada)
    more = f"/vote/{vote_tokens(ada.id)[0]}"
    assert site.client.get(f"/links/{token}").text.count("<button") == 1
    assert site.client.get(more).status_code == 200
    answer = site.client.post(f"/links/{token}")
    assert "Your old links are dead." in answer.text
    for dead in (f"/preferences/{token}", f"/links/{token}", more, rest):
        assert site.client.get(dead).status_code == 404
        assert site.client.post(dead).status_code == 404
    assert site.client.get(leave).status_code == 200
    # The fresh one is mailed, and on no page: the one who pressed may be the one it was forwarded to.
    fresh = site.mailbag.last_token()
    assert fresh not in answer.text
    assert not re.search(r"/preferences/\w", answer.text)
    assert site.client.get(f"/preferences/{fresh}").status_code == 200


def test_new_links_fill_no_mailbox_either(site, token):
    for _ in range(3):
        site.client.post("/preferences", data={"email": "ada.lovelace@analytical.example.org"})
        site.clock.advance(minutes=2)
    answer = site.client.post(f"/links/{token}")
    assert "several links mailed in the last hour" in answer.text
    assert site.mailbag.kinds == ["preferences"] * 3
    with site.sessions() as session:
        assert list(session.scalars(select(ConsentEvent.kind)))[-1] == "links-ended"
    assert site.client.get(f"/preferences/{token}").status_code == 404


def test_ones_data_are_all_there_as_json(site, ada, token):
    with site.sessions.begin() as session:
        found = session.get(Subscriber, ada.id)
        found.parts_off, found.sources_off = ["trending"], ["blog"]
        vote(session, found, "arxiv:2606.00011", MORE, now=NOW)
    answer = site.client.get(f"/data/{token}")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["cache-control"] == "no-store"
    held = json.loads(answer.text)
    assert held["subscriber"]["email"] == "ada.lovelace@analytical.example.org"
    assert held["subscriber"]["parts_off"] == ["trending"]
    assert held["subscriber"]["sources_off"] == ["blog"]
    assert held["votes"][0]["entry_key"] == "arxiv:2606.00011"
    assert held["profile"]["interests"]
    assert {event["kind"] for event in held["consent_events"]} == {"requested", "confirmed"}
    assert "digests" in held


def test_erasing_takes_a_page_and_a_press_and_leaves_a_hash(site, ada, token):
    assert site.client.get(f"/erase/{token}").text.count("<button") == 1
    assert site.subscriber("ada.lovelace@analytical.example.org") is not None
    answer = site.client.post(f"/erase/{token}")
    assert "Nothing of you is left here." in answer.text
    assert "lovelace" not in answer.text
    assert site.deps.library.forgotten == ["ada.lovelace@analytical.example.org"]
    with site.sessions() as session:
        rows = dump(session)
        # A tally is known by a hash, too, and goes after a day.
        assert {name for name, found in rows.items() if found} <= {"suppression", "tally"}
        assert session.scalars(select(Suppression.reason)).all() == ["erased"]
    assert site.client.post(f"/erase/{token}").status_code == 404
    # The page of the provider's button still answers as it must.
    assert site.client.post(site.link(Purpose.UNSUBSCRIBE, ada)).status_code == 200


def test_another_persons_link_erases_nobody(site, ada):
    stranger = SIGNER.make(Purpose.PREFERENCES, ada.id + 1, 1, now=NOW)
    assert site.client.post(f"/erase/{stranger}").status_code == 404
    assert site.client.post(f"/erase/{any_token(Purpose.UNSUBSCRIBE, ada.id)}").status_code == 404
    late = SIGNER.make(Purpose.PREFERENCES, ada.id, 1, now=NOW - timedelta(days=31))
    assert site.client.post(f"/erase/{late}").status_code == 410
    assert site.subscriber("ada.lovelace@analytical.example.org") is not None
