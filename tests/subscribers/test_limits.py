"""No mailbox can be flooded, whatever is tried, from wherever, by however many processes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from subscribers import moving
from subscribers.address import parse_address
from subscribers.consent import Origin, State
from subscribers.errors import TooManyRequestsError
from subscribers.expiry import UNCONFIRMED_FOR, forget_unconfirmed
from subscribers.feedback import votes_of
from subscribers.importing import import_csv
from subscribers.limits import (
    FROM_A_NETWORK,
    FROM_A_NETWORK_THAT_WORKS,
    HOUR,
    Rule,
    check_network,
    mailbox_of,
    may_mail_to,
    network_of,
    prune,
    take,
)
from subscribers.preferences import locked
from subscribers.signup import request_link
from subscribers.tables import ConsentEvent, Subscriber, Tally
from tests.subscribers.support import NOW, SIGNER, Mailbag, ask, join


def test_every_spelling_that_reaches_a_mailbox_counts_as_one():
    for one, other in [
        ("ada@example.org", "ADA+papers@Example.org"),
        ("ada.b.lovelace@gmail.com", "AdaBLovelace+x@googlemail.com"),
        ("+ada@example.org", "+ada@example.org"),
    ]:
        assert mailbox_of(one) == mailbox_of(other)
    assert mailbox_of("a.da@example.org") != mailbox_of("ada@example.org")
    assert mailbox_of("ada@example.org") != mailbox_of("ada@example.com")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.9", "192.0.2.0/24"),
        ("2001:db8:1:2ff:aaaa::1", "2001:db8:1:200::/56"),
        ("fe80::1%eth0", None),
        ("127.0.0.1", None),
        ("::ffff:10.1.2.3", None),
        ("10.1.2.3", None),
        ("testclient", None),
        ("", None),
        (None, None),
    ],
)
def test_a_network_is_what_one_household_has(address, network):
    assert network_of(address) == network


@given(st.lists(st.integers(0, 9000), max_size=60))
def test_no_hour_ever_has_more_than_a_rule_allows(gaps):
    class Row:
        moments = ""

    rule, taken, at = Rule(3, HOUR), [], NOW
    row = Row()

    class Session:
        def flush(self):
            pass

    for gap in gaps:
        at += timedelta(seconds=gap)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("subscribers.limits.take_row", lambda *_: row)
            if take(Session(), "x", [rule], at):
                taken.append(at)
    assert all(later - first >= HOUR for first, later in zip(taken, taken[3:], strict=False))
    assert all(one <= two for one, two in pairwise(taken))


def test_a_victim_is_mailed_three_times_an_hour_whatever_is_tried(session):
    mailbag = Mailbag()
    bullies = [join(session, f"bully{n}@example.org") for n in range(4)]
    join(session, "victim@gmail.com", now=NOW - timedelta(days=9))
    mails = {"signer": SIGNER, "send_notice": mailbag.send_notice}
    spellings = ["victim@gmail.com", "v.ictim@gmail.com", "VICTIM+a@googlemail.com"]
    for minute in range(120):
        now = NOW + timedelta(minutes=minute)
        origin = Origin(f"203.0.{minute}.1")
        spelling = spellings[minute % 3]
        ask(session, spelling, now=now, mailbag=mailbag, origin=origin)
        request_link(session, parse_address(spelling), origin=origin, now=now, **mails)
        who = locked(session, bullies[minute % 4].id)
        to = parse_address(f"victim+{minute}@gmail.com")
        moving.request_move(session, who, to, origin=origin, now=now, **mails)
    assert len(mailbag.notices) == 6  # in two hours


def test_eight_a_day(session):
    allowed = [
        may_mail_to(session, "ada@example.org", NOW + timedelta(minutes=30 * n)) for n in range(48)
    ]
    assert sum(allowed) == 8


def test_a_network_may_ask_more_often_when_it_works(session):
    def asked(origin: str, *, worked: bool) -> int:
        for n in range(200):
            try:
                check_network(session, origin, NOW + timedelta(seconds=n), worked=worked)
            except TooManyRequestsError:
                return n
        return 200

    assert asked("192.0.2.1", worked=False) == FROM_A_NETWORK[0].count
    assert asked("192.0.2.200", worked=False) == 0
    assert asked("192.0.2.200", worked=True) == (
        FROM_A_NETWORK_THAT_WORKS[0].count - FROM_A_NETWORK[0].count
    )
    assert asked("192.0.3.1", worked=False) > 0
    assert asked(None, worked=False) == 200


def test_the_limit_of_a_network_does_not_depend_on_the_address(session):
    join(session, "known@example.org", now=NOW - timedelta(days=2))
    for address in ("known@example.org", "unknown@example.org"):
        origin = Origin(f"203.0.{len(address)}.1")
        for n in range(FROM_A_NETWORK_THAT_WORKS[0].count):
            ask(session, address, now=NOW + timedelta(seconds=n), origin=origin)
        with pytest.raises(TooManyRequestsError):
            ask(session, address, now=NOW + timedelta(minutes=2), origin=origin)


def test_processes_that_ask_at_once_are_counted_one_after_the_other(sessions):
    def one(_: int) -> bool:
        with sessions.begin() as session:
            return take(session, "mailbox x", [Rule(3, HOUR)], NOW)

    with ThreadPoolExecutor(8) as many:
        assert sum(many.map(one, range(24))) == 3


def test_what_no_rule_looks_at_is_dropped(session):
    take(session, "a", [Rule(1, HOUR)], NOW - timedelta(days=2))
    take(session, "b", [Rule(1, HOUR)], NOW)
    prune(session, NOW)
    assert session.query(Tally).count() == 1


def test_who_never_confirmed_is_forgotten(session):
    old, later = NOW - timedelta(days=8), NOW - timedelta(days=2)
    ask(session, "gone@example.org", now=old)
    ask(session, "asked-again@example.org", now=old)
    ask(session, "asked-again@example.org", now=later)
    join(session, "reader@example.org", now=old)
    import_csv(session, ["email,wishes\n", "imported@example.org,graphs\n"], now=old)
    assert forget_unconfirmed(session, NOW) == 1
    left = {row.email for row in session.query(Subscriber)}
    assert left == {"asked-again@example.org", "reader@example.org", "imported@example.org"}
    assert forget_unconfirmed(session, later + UNCONFIRMED_FOR) == 1


def test_what_was_rated_on_the_way_becomes_votes_of_who_confirms(session):
    person = ask(session, ratings=(("arxiv:2606.00001", 1), ("arxiv:2606.00002", -1)))
    person = ask(session, now=NOW + timedelta(minutes=5), ratings=(("arxiv:2606.00003", 1),))
    [votes] = votes_of(session, [person.id]).values()
    assert [(vote.entry_key, vote.value) for vote in votes] == [("arxiv:2606.00003", 1)]
    assert person.state == State.PENDING


def test_nobody_votes_for_a_reader_by_the_form(session):
    join(session)
    person = ask(session, now=NOW + timedelta(hours=2), ratings=(("arxiv:2606.00003", -1),))
    assert not votes_of(session, [person.id])


def test_consent_events_are_never_changed(session):
    person = ask(session)
    session.commit()
    with pytest.raises(DBAPIError, match="never changed"):
        session.execute(text("UPDATE consent_event SET network_address = '192.0.2.1'"))
    session.rollback()
    session.query(Subscriber).filter_by(id=person.id).delete()
    assert session.query(ConsentEvent).count() == 0
