from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import update

from subscribers.address import parse_address
from subscribers.audience import advance, by_address, due, everybody, mailable
from subscribers.feedback import VoteGiven, vote
from subscribers.preferences import locked, save_preferences
from subscribers.profile import parse_profile
from subscribers.signup import unsubscribe
from subscribers.suppression import SuppressionReason, suppress
from subscribers.tables import Subscriber
from tests.subscribers.support import NOW, ORIGIN, ask, join, preferences, unheard

MORNING = NOW.replace(day=11, hour=5, minute=2)


def names(blocks):
    return [[member.email.partition("@")[0] for member in block] for block in blocks]


def test_those_who_are_due_come_in_blocks_with_their_wishes(session):
    for name in "abcde":
        join(session, f"{name}@example.org", wishes=f"z {name}, -survey, a {name}")
    join(session, "late@example.org", cadence="weekly", weekday=6)
    assert names(due(session, now=MORNING, block=2)) == [["a", "b"], ["c", "d"], ["e"]]
    assert names(due(session, now=NOW)) == []
    [block] = due(session, now=MORNING)
    first = block[0]
    assert first.interests == parse_profile("z a, -survey, a a").interests
    assert first.edition_day == date(2026, 6, 11)
    assert first.covered_until == NOW - timedelta(days=3)
    assert first.max_papers == 10
    after = block[1].id
    assert names(due(session, now=MORNING, after=after, upto=block[3].id)) == [["c", "d"]]


def test_members_bring_their_votes_and_when_their_taste_changed(session):
    people = [join(session, f"{name}@example.org") for name in "abc"]
    vote(session, people[0], "arxiv:2606.00001", 1, now=NOW + timedelta(hours=1))
    vote(session, people[2], "arxiv:2606.00002", -1, now=NOW + timedelta(hours=2))
    members = [member for block in due(session, now=MORNING, block=2) for member in block]
    assert [member.votes for member in members] == [
        (VoteGiven("arxiv:2606.00001", 1, NOW + timedelta(hours=1)),),
        (),
        (VoteGiven("arxiv:2606.00002", -1, NOW + timedelta(hours=2)),),
    ]
    assert [member.taste_changed_at - NOW for member in members] == [
        timedelta(hours=1), timedelta(0), timedelta(hours=2)
    ]  # fmt: skip


def test_only_who_may_be_mailed_is_among_them(session):
    join(session, "yes@example.org")
    ask(session, "pending@example.org")
    unsubscribe(
        session, join(session, "left@example.org"), origin=ORIGIN, send_notice=unheard, now=NOW
    )
    join(session, "bounced@example.org")
    bounced = parse_address("bounced@example.org").hash
    suppress(session, bounced, SuppressionReason.BOUNCED, NOW)
    paused = join(session, "paused@example.org")
    save_preferences(session, paused, preferences(paused_until=date(2026, 7, 1)), now=NOW)
    ids = [row.id for row in session.query(Subscriber)]
    # However the row came to be due, a pause is a pause.
    session.execute(update(Subscriber).values(next_send_at=NOW))
    session.flush()
    assert names(due(session, now=MORNING)) == [["yes"]]
    assert names(everybody(session, now=MORNING, block=1)) == [["yes"]]
    assert by_address(session, "paused@example.org", now=MORNING) is None
    yes = by_address(session, "YES@example.org", now=MORNING)
    assert yes is not None
    assert mailable(session, ids, now=MORNING) == {yes.id}
    assert len(mailable(session, ids, now=NOW.replace(month=7, day=1))) == 2


def test_who_was_served_is_due_the_day_after(session):
    join(session)
    join(session, "bob@example.org", timezone="Asia/Tokyo", hour=14)
    [members] = due(session, now=MORNING)
    advance(session, members, covered_until=MORNING, now=MORNING)
    session.commit()
    assert names(due(session, now=MORNING)) == []
    session.expire_all()
    for row in session.query(Subscriber):
        assert row.covered_until == MORNING
        assert row.next_send_at == NOW.replace(day=12, hour=5, minute=0)


def test_a_forced_run_takes_the_place_of_todays(session):
    join(session, hour=18)
    noon = NOW.replace(hour=10)
    [members] = everybody(session, now=noon)
    assert members[0].edition_day == date(2026, 6, 10)
    advance(session, members, covered_until=noon, now=noon)
    session.expire_all()
    assert session.query(Subscriber).one().next_send_at == NOW.replace(day=11, hour=16, minute=0)


def test_an_hour_changed_while_we_worked_stays_changed(session):
    subscriber = join(session)
    [members] = due(session, now=MORNING)
    held = locked(session, subscriber.id)
    save_preferences(session, held, preferences(hour=20), now=MORNING)
    session.flush()
    advance(session, members, covered_until=MORNING, now=MORNING)
    session.expire_all()
    row = session.query(Subscriber).one()
    assert row.next_send_at == NOW.replace(day=11, hour=18, minute=0)
    assert row.covered_until == MORNING


def test_who_left_while_we_worked_stays_away(session):
    subscriber = join(session)
    [members] = due(session, now=MORNING)
    unsubscribe(
        session, locked(session, subscriber.id), origin=ORIGIN, send_notice=unheard, now=MORNING
    )
    advance(session, members, covered_until=MORNING, now=MORNING)
    session.expire_all()
    assert session.query(Subscriber).one().next_send_at is None


def test_nobody_served_is_nothing_to_do(session):
    advance(session, [], covered_until=NOW, now=NOW)
