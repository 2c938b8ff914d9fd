from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from subscribers.address import parse_address
from subscribers.consent import REQUEST_WORDING, EventKind, Origin, State
from subscribers.preferences import locked, read_preferences
from subscribers.privacy import erase
from subscribers.returning import ask_again
from subscribers.signup import Confirmation, confirm, request_link, unsubscribe
from subscribers.suppression import SuppressionReason, lift, suppress
from subscribers.tables import ConsentEvent, Subscriber
from subscribers.tokens import Purpose
from tests.subscribers.support import (
    NOW,
    ORIGIN,
    SIGNER,
    Mailbag,
    ask,
    dump,
    join,
    preferences,
    unheard,
)


def events(session, subscriber):
    asked = select(ConsentEvent.kind).where(ConsentEvent.subscriber_id == subscriber.id)
    return list(session.scalars(asked.order_by(ConsentEvent.id)))


def test_a_request_is_kept_and_asks_for_a_confirmation_mail(session):
    mailbag = Mailbag()
    subscriber = ask(session, mailbag=mailbag, wishes="a, b", cadence="weekly", weekday=4)
    assert subscriber.state == State.PENDING
    assert subscriber.next_send_at is None
    assert read_preferences(subscriber) == preferences("a, b", cadence="weekly", weekday=4)
    [(email, kind, _)] = mailbag.notices
    assert (email, kind) == ("ada@example.org", "confirm")
    link = SIGNER.read(mailbag.last_token(), Purpose.CONFIRM, now=NOW)
    assert link.subscriber_id == subscriber.id
    event = session.scalars(select(ConsentEvent)).one()
    assert (event.kind, event.at, event.network_address) == ("requested", NOW, "192.0.2.7")
    assert (event.text_version, event.text_hash) == (REQUEST_WORDING.version, REQUEST_WORDING.hash)


def test_a_newcomer_is_welcomed_and_a_leaver_told_once(session):
    mailbag = Mailbag()
    subscriber = ask(session)
    for _ in range(2):
        confirm(
            session,
            subscriber,
            origin=ORIGIN,
            signer=SIGNER,
            send_notice=mailbag.send_notice,
            now=NOW,
        )
    assert mailbag.kinds == ["welcome"]
    assert SIGNER.read(mailbag.last_token(), Purpose.PREFERENCES, now=NOW)
    for _ in range(2):
        unsubscribe(session, subscriber, origin=ORIGIN, send_notice=mailbag.send_notice, now=NOW)
    assert mailbag.kinds == ["welcome", "goodbye"]


def test_who_never_confirmed_gets_no_goodbye(session):
    mailbag = Mailbag()
    pending = ask(session)
    unsubscribe(session, pending, origin=ORIGIN, send_notice=mailbag.send_notice, now=NOW)
    assert mailbag.kinds == []


def test_asked_again_nobody_is_mailed_until_they_press(session):
    mailbag, subscriber = Mailbag(), join(session)
    asking = {"signer": SIGNER, "send_notice": mailbag.send_notice, "now": NOW}
    assert ask_again(session, subscriber, **asking)
    assert (subscriber.state, subscriber.next_send_at) == (State.PENDING, None)
    assert mailbag.kinds == ["reconfirm"]
    assert (
        SIGNER.read(mailbag.last_token(), Purpose.CONFIRM, now=NOW).subscriber_id == subscriber.id
    )
    pressed = confirm(session, subscriber, origin=ORIGIN, **asking)
    assert pressed is Confirmation.CONFIRMED
    assert subscriber.next_send_at == NOW
    assert events(session, subscriber)[-2:] == ["asked-again", "confirmed"]
    unsubscribe(session, subscriber, origin=ORIGIN, send_notice=unheard, now=NOW)
    assert not ask_again(session, subscriber, **asking)


def test_asked_again_a_reader_goes_on_where_they_were(session):
    mailbag, subscriber = Mailbag(), join(session)
    later = NOW + timedelta(days=20)
    subscriber.covered_until = NOW + timedelta(days=2)
    asking = {"signer": SIGNER, "send_notice": mailbag.send_notice, "now": later}
    ask_again(session, subscriber, **asking)
    confirm(session, subscriber, origin=ORIGIN, **asking)
    assert subscriber.state == State.CONFIRMED
    assert subscriber.confirmed_at == NOW
    assert subscriber.covered_until == NOW + timedelta(days=2)
    assert subscriber.next_send_at == later
    assert mailbag.kinds == ["reconfirm"]
    # Who left since, and comes back, begins anew.
    unsubscribe(session, subscriber, origin=ORIGIN, send_notice=unheard, now=later)
    coming = later + timedelta(hours=2)
    ask(session, mailbag=mailbag, now=coming)
    confirm(session, subscriber, origin=ORIGIN, **asking | {"now": coming})
    assert subscriber.confirmed_at == coming
    assert subscriber.covered_until == coming - timedelta(days=3)
    assert mailbag.kinds == ["reconfirm", "confirm", "welcome"]


def test_asked_again_after_todays_digest_the_next_comes_tomorrow(session):
    subscriber = join(session)
    subscriber.covered_until = NOW
    later = NOW + timedelta(hours=3)
    asking = {"signer": SIGNER, "send_notice": unheard, "now": later}
    ask_again(session, subscriber, **asking)
    confirm(session, subscriber, origin=ORIGIN, **asking)
    assert subscriber.next_send_at == datetime(2026, 6, 11, 5, tzinfo=UTC)


def test_confirming_does_not_end_a_pause(session):
    subscriber = join(session)
    subscriber.paused_until = date(2026, 6, 20)
    asking = {"signer": SIGNER, "send_notice": unheard, "now": NOW + timedelta(days=2)}
    ask_again(session, subscriber, **asking)
    confirm(session, subscriber, origin=ORIGIN, **asking)
    assert subscriber.next_send_at == datetime(2026, 6, 20, 5, tzinfo=UTC)
    assert subscriber.paused_until == date(2026, 6, 20)


def test_confirming_sets_the_first_digest_and_lets_it_look_back(session):
    subscriber = ask(session)
    assert (
        confirm(session, subscriber, origin=ORIGIN, signer=SIGNER, send_notice=unheard, now=NOW)
        is Confirmation.CONFIRMED
    )
    assert subscriber.state == State.CONFIRMED
    assert subscriber.next_send_at == NOW  # the first digest follows at once
    assert subscriber.covered_until == NOW - timedelta(days=3)
    assert subscriber.confirmed_at == NOW
    again = confirm(
        session,
        subscriber,
        origin=ORIGIN,
        signer=SIGNER,
        send_notice=unheard,
        now=NOW + timedelta(hours=1),
    )
    assert again is Confirmation.ALREADY
    assert subscriber.confirmed_at == NOW
    assert events(session, subscriber) == ["requested", "confirmed"]


def test_somebody_pending_may_ask_again_and_the_last_wishes_count(session):
    mailbag = Mailbag()
    ask(session, mailbag=mailbag, wishes="old")
    later = NOW + timedelta(minutes=5)
    subscriber = ask(session, "ADA@example.org", mailbag=mailbag, wishes="new", now=later)
    assert mailbag.kinds == ["confirm", "confirm"]
    assert read_preferences(subscriber) == preferences("new")
    assert session.scalar(select(func.count()).select_from(Subscriber)) == 1


def test_somebody_confirmed_gets_their_link_and_keeps_their_wishes(session):
    mailbag = Mailbag()
    before = join(session, wishes="mine")
    later = NOW + timedelta(minutes=5)
    subscriber = ask(session, mailbag=mailbag, wishes="a stranger's", now=later)
    assert mailbag.kinds == ["preferences"]
    assert subscriber.state == State.CONFIRMED
    assert read_preferences(subscriber) == preferences("mine")
    link = SIGNER.read(mailbag.last_token(), Purpose.PREFERENCES, now=later)
    assert link.subscriber_id == before.id


def test_coming_back_takes_a_new_confirmation(session):
    subscriber = join(session)
    unsubscribe(session, subscriber, origin=ORIGIN, send_notice=unheard, now=NOW)
    assert (
        confirm(session, subscriber, origin=ORIGIN, signer=SIGNER, send_notice=unheard, now=NOW)
        is Confirmation.LEFT
    )
    assert subscriber.state == State.UNSUBSCRIBED
    mailbag = Mailbag()
    later = NOW + timedelta(hours=2)
    subscriber = ask(session, mailbag=mailbag, now=later)
    assert subscriber.state == State.PENDING
    assert (
        confirm(session, subscriber, origin=ORIGIN, signer=SIGNER, send_notice=unheard, now=later)
        is Confirmation.CONFIRMED
    )
    assert events(session, subscriber) == [
        "requested", "confirmed", "unsubscribed", "requested", "confirmed",
    ]  # fmt: skip


def test_unsubscribing_is_for_good_and_harmless_twice(session):
    subscriber = join(session)
    assert unsubscribe(session, subscriber, origin=ORIGIN, send_notice=unheard, now=NOW)
    assert not unsubscribe(session, subscriber, origin=ORIGIN, send_notice=unheard, now=NOW)
    assert (subscriber.state, subscriber.next_send_at) == (State.UNSUBSCRIBED, None)
    assert events(session, subscriber).count("unsubscribed") == 1


@pytest.mark.parametrize("known", ["nobody", "pending", "confirmed"])
def test_no_mailbox_can_be_flooded(session, known):
    if known != "nobody":
        {"pending": ask, "confirmed": join}[known](session, now=NOW - timedelta(days=1))
    mailbag = Mailbag()
    for minute in range(0, 60, 2):
        network = f"198.51.{minute}.7"  # as if each time from elsewhere
        ask(session, mailbag=mailbag, now=NOW + timedelta(minutes=minute), origin=Origin(network))
        request_link(
            session,
            parse_address("Ada@example.org"),
            origin=Origin(network),
            signer=SIGNER,
            send_notice=mailbag.send_notice,
            now=NOW + timedelta(minutes=minute + 1),
        )
    assert len(mailbag.notices) == 3
    ask(session, mailbag=mailbag, now=NOW + timedelta(hours=2))
    assert len(mailbag.notices) == 4


def test_a_double_click_sends_one_mail(session):
    mailbag = Mailbag()
    ask(session, mailbag=mailbag)
    ask(session, mailbag=mailbag, now=NOW + timedelta(seconds=1))
    assert mailbag.kinds == ["confirm"]


def test_a_suppressed_address_gets_nothing_and_leaves_nothing(session):
    address = parse_address("ada@example.org")
    suppress(session, address.hash, SuppressionReason.COMPLAINED, NOW)
    before, mailbag = dump(session), Mailbag()
    with pytest.raises(Exception, match="No row"):
        ask(session, mailbag=mailbag)
    assert {**dump(session), "tally": []} == before
    assert not mailbag.notices
    assert lift(session, address.hash)
    assert not lift(session, address.hash)
    ask(session, mailbag=mailbag)
    assert mailbag.kinds == ["confirm"]


@pytest.mark.parametrize(
    ("make", "kinds"), [(ask, ["confirm"]), (join, ["preferences"]), (None, [])]
)
def test_a_fresh_link_goes_to_whom_it_may(session, make, kinds):
    if make:
        make(session, now=NOW - timedelta(hours=2))
    mailbag = Mailbag()
    request_link(
        session,
        parse_address("ada@example.org"),
        origin=ORIGIN,
        signer=SIGNER,
        send_notice=mailbag.send_notice,
        now=NOW,
    )
    assert mailbag.kinds == kinds


def test_of_two_racing_presses_one_confirms(sessions):
    with sessions.begin() as session:
        subscriber_id = ask(session).id
    together = Barrier(4)

    def press(_):
        together.wait()
        with sessions.begin() as session:
            subscriber = locked(session, subscriber_id)
            return confirm(
                session, subscriber, origin=ORIGIN, signer=SIGNER, send_notice=unheard, now=NOW
            )

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(press, range(4)))
    assert outcomes == [Confirmation.ALREADY] * 3 + [Confirmation.CONFIRMED]
    with sessions() as session:
        kinds = session.scalars(select(ConsentEvent.kind)).all()
        assert kinds.count(EventKind.CONFIRMED) == 1


def test_of_racing_requests_one_makes_the_subscriber(sessions):
    mailbag, together = Mailbag(), Barrier(4)

    def request(number):
        together.wait()
        with sessions.begin() as session:
            return ask(session, mailbag=mailbag, wishes=f"wish {number}").id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(request, range(4)))) == 1
    assert mailbag.kinds == ["confirm"]


def test_an_erased_persons_number_is_never_given_again(session):
    first = join(session).id
    erase(session, first, now=NOW)
    assert join(session, "bob@example.org").id > first
