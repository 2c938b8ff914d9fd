"""Another address for the same person."""

from __future__ import annotations

import pytest

from subscribers import suppression
from subscribers.address import address_hash, parse_address
from subscribers.privacy import export_person
from subscribers.suppression import SuppressionReason
from subscribers.tables import Subscriber
from subscribers.tokens import Purpose


def ask_to_move(site, subscriber, email):
    site.clock.advance(minutes=5)
    page = site.link(Purpose.PREFERENCES, subscriber).replace("/preferences/", "/move/")
    assert site.client.get(page).status_code == 200
    return site.client.post(page, data={"email": email})


def test_it_moves_when_the_new_mailbox_says_so(site):
    subscriber = site.joined()
    answer = ask_to_move(site, subscriber, "new@example.org")
    assert "new@example.org" in answer.text
    assert site.mailbag.kinds == ["address"]
    link = f"/address/{site.mailbag.last_token()}"
    assert site.client.get(link).text.count("<button") == 1
    assert site.subscriber("new@example.org") is None
    old_links = [site.link(each, subscriber) for each in (Purpose.PREFERENCES, Purpose.PAUSE)]
    assert "new@example.org" in site.client.post(link).text
    assert site.mailbag.flushed == 2
    moved = site.subscriber("new@example.org")
    assert (moved.id, moved.email, moved.new_email) == (subscriber.id, "new@example.org", None)
    assert moved.address_hash == address_hash("new@example.org")
    assert site.subscriber() is None
    assert [site.client.get(old).status_code for old in old_links] == [404, 404]
    assert site.client.get(site.link(Purpose.UNSUBSCRIBE, subscriber)).status_code == 200
    assert site.client.post(link).status_code == 404


def test_only_the_address_that_was_asked_for_last(site):
    subscriber = site.joined()
    ask_to_move(site, subscriber, "first@example.org")
    first = f"/address/{site.mailbag.last_token()}"
    ask_to_move(site, subscriber, "second@example.org")
    for answer in (site.client.get(first), site.client.post(first)):
        assert "overtaken" in answer.text
    assert site.subscriber().email == "ada@example.org"
    site.client.post(f"/address/{site.mailbag.last_token()}")
    assert site.subscriber("second@example.org") is not None


@pytest.mark.parametrize("taken", ["bob@example.org", "gone@example.org", "ada@example.org"])
def test_an_address_that_cannot_be_theirs_is_answered_alike_and_not_mailed(site, taken):
    subscriber = site.joined()
    site.joined("bob@example.org")
    with site.sessions.begin() as session:
        gone = parse_address("gone@example.org").hash
        suppression.suppress(session, gone, SuppressionReason.COMPLAINED, site.clock.now)
    answer = ask_to_move(site, subscriber, taken)
    free = ask_to_move(site, site.joined("eve@example.org"), "free@example.org")
    assert answer.status_code == free.status_code == 200
    told = answer.text.replace(taken, "X").replace("ada@example.org", "Y")
    assert "If <strong" in told
    assert site.mailbag.kinds == ["address"]


@pytest.mark.parametrize("other", ["bob@example.org", "free@example.org"])
def test_ones_own_data_and_links_do_not_tell_who_else_is_a_reader(site, other):
    subscriber = site.joined()
    site.joined("bob@example.org")
    ask_to_move(site, subscriber, "mine@example.org")
    first = f"/address/{site.mailbag.last_token()}"
    ask_to_move(site, subscriber, other)
    held = site.client.get(
        site.link(Purpose.PREFERENCES, subscriber).replace("preferences", "data")
    ).json()
    assert held["subscriber"]["new_email"] == other
    kinds = [each["kind"] for each in held["consent_events"]]
    assert kinds == ["requested", "confirmed", "address-asked", "address-asked"]
    assert "overtaken" in site.client.get(first).text


def test_somebody_else_may_come_first(site):
    subscriber = site.joined()
    ask_to_move(site, subscriber, "new@example.org")
    site.joined("new@example.org")
    assert "overtaken" in site.client.post(f"/address/{site.mailbag.last_token()}").text
    assert site.subscriber().id == subscriber.id


def test_what_is_no_address_is_told(site):
    answer = ask_to_move(site, site.joined(), "no address")
    assert answer.status_code == 422
    assert "has an @" in answer.text
    assert site.mailbag.kinds == []


def test_few_mails_an_hour(site):
    subscriber = site.joined()
    for number in range(8):
        site.clock.advance(minutes=2)
        ask_to_move(site, subscriber, f"new{number}@example.org")
    assert len(site.mailbag.kinds) == 2  # signing up was the first of three


def moved(site, subscriber, email):
    """After a move that the new mailbox confirmed: the link that the old one was mailed."""
    ask_to_move(site, subscriber, email)
    site.client.post(f"/address/{site.mailbag.last_token()}")
    _, kind, context = site.mailbag.notices[-1]
    assert (kind, context["email"]) == ("moved", subscriber.email)
    return f"/undo/{context['token']}"


def test_the_old_address_is_told_and_can_undo_it(site):
    subscriber = site.joined()
    undo = moved(site, subscriber, "new@example.org")
    stolen = site.link(Purpose.PREFERENCES, site.subscriber("new@example.org"))
    shown = site.client.get(undo).text
    assert "ada@example.org" in shown
    assert shown.count("<button") == 1
    # Whoever reads the old mailbox learns nothing else, nor gets any other link.
    assert "new@example.org" not in shown
    done = site.client.post(undo)
    assert done.status_code == 200
    assert "/preferences/" not in shown + done.text
    assert site.subscriber().id == subscriber.id
    assert site.subscriber("new@example.org") is None
    assert site.client.get(stolen).status_code == 404
    assert "overtaken" in site.client.post(undo).text


def test_moving_on_does_not_shake_off_the_first_address(site):
    subscriber = site.joined()
    first = moved(site, subscriber, "second@example.org")
    second = moved(site, site.subscriber("second@example.org"), "third@example.org")
    site.client.post(first)
    assert site.subscriber().id == subscriber.id
    for answer in (site.client.get(second), site.client.post(second)):
        assert "overtaken" in answer.text
    assert site.subscriber("second@example.org") is None


def test_a_move_can_be_undone_for_a_week(site):
    subscriber = site.joined()
    undo = moved(site, subscriber, "new@example.org")
    site.clock.advance(days=7, minutes=-1)
    assert site.client.get(undo).status_code == 200
    site.clock.advance(minutes=1)
    assert site.client.post(undo).status_code == 404
    assert site.subscriber() is None


@pytest.mark.parametrize("why", ["taken", "suppressed", "left"])
def test_what_cannot_be_undone_is_left_alone(site, why):
    subscriber = site.joined()
    undo = moved(site, subscriber, "new@example.org")
    if why == "taken":
        site.joined()
    elif why == "suppressed":
        with site.sessions.begin() as session:
            gone = parse_address("ada@example.org").hash
            suppression.suppress(session, gone, SuppressionReason.COMPLAINED, site.clock.now)
    else:
        site.client.post(site.link(Purpose.UNSUBSCRIBE, subscriber))
    assert "overtaken" in site.client.post(undo).text
    assert site.subscriber("new@example.org").id == subscriber.id


def test_an_old_address_that_must_not_be_mailed_is_not_told(site):
    subscriber = site.joined()
    ask_to_move(site, subscriber, "new@example.org")
    with site.sessions.begin() as session:
        suppression.suppress(
            session, subscriber.address_hash, SuppressionReason.BOUNCED, site.clock.now
        )
    site.client.post(f"/address/{site.mailbag.last_token()}")
    assert site.subscriber("new@example.org").id == subscriber.id
    assert site.mailbag.kinds == ["address"]


def test_a_former_address_is_kept_no_longer_than_it_is_of_use(site):
    subscriber = site.joined()
    moved(site, subscriber, "second@example.org")
    site.clock.advance(days=8)
    moved(site, site.subscriber("second@example.org"), "third@example.org")
    with site.sessions() as session:
        held = export_person(session, session.get(Subscriber, subscriber.id))
    assert [each["email"] for each in held["former_addresses"]] == ["second@example.org"]
