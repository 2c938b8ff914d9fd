from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from subscribers.feedback import VoteGiven, unvote, vote, vote_on, votes_of
from subscribers.tables import Subscriber, Vote
from subscribers.tokens import LESS, MORE
from tests.subscribers.support import NOW, join

PAPER = "arxiv:2606.00011"
LATER = NOW + timedelta(hours=1)


def stored(session):
    session.expire_all()
    return [(row.entry_key, row.value, row.at) for row in session.scalars(select(Vote))]


def test_a_vote_is_given_changed_and_taken_back(session):
    ada = join(session)
    assert vote_on(session, ada.id, PAPER) is None
    assert vote(session, ada, PAPER, MORE, now=NOW)
    assert vote_on(session, ada.id, PAPER) == MORE
    assert vote(session, ada, PAPER, LESS, now=LATER)
    assert stored(session) == [(PAPER, LESS, LATER)]
    assert unvote(session, ada, PAPER, now=LATER)
    assert stored(session) == []


def test_pressing_twice_is_pressing_once(session):
    ada = join(session)
    vote(session, ada, PAPER, MORE, now=NOW)
    assert not vote(session, ada, PAPER, MORE, now=LATER)
    assert stored(session) == [(PAPER, MORE, NOW)]
    assert ada.taste_changed_at == NOW
    unvote(session, ada, PAPER, now=LATER)
    assert not unvote(session, ada, PAPER, now=LATER + timedelta(hours=1))
    assert ada.taste_changed_at == LATER


def test_each_change_moves_the_moment_of_taste(session):
    ada = join(session)
    for hours, change in enumerate((MORE, LESS, None), start=1):
        now = NOW + timedelta(hours=hours)
        if change is None:
            unvote(session, ada, PAPER, now=now)
        else:
            vote(session, ada, PAPER, change, now=now)
        session.expire_all()
        assert ada.taste_changed_at == now


@pytest.mark.parametrize("value", [0, 2, -2])
def test_nothing_but_more_and_less_is_a_vote(session, value):
    ada = join(session)
    with pytest.raises(ValueError, match="no vote"):
        vote(session, ada, PAPER, value, now=NOW)
    row = {"subscriber_id": ada.id, "entry_key": PAPER, "value": value, "at": NOW}
    with pytest.raises(IntegrityError):
        session.execute(insert(Vote), [row])


@pytest.mark.parametrize("values", [(MORE, MORE), (MORE, LESS)])
def test_two_presses_at_once_leave_one_vote(sessions, values):
    with sessions.begin() as session:
        ada_id = join(session).id
    together = Barrier(2)

    def press(value):
        together.wait()
        with sessions.begin() as session:
            vote(session, session.get(Subscriber, ada_id), PAPER, value, now=NOW)

    for _ in range(5):
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(press, values))
        with sessions.begin() as session:
            [(key, value, _)] = stored(session)
            assert (key, value in values) == (PAPER, True)
            unvote(session, session.get(Subscriber, ada_id), PAPER, now=NOW)


def test_votes_are_read_by_the_block(session):
    people = [join(session, f"{name}@example.org") for name in "abcd"]
    for person in people[:3]:
        for key in ("url:https://x.example/1", PAPER):
            vote(session, person, key, LESS, now=NOW)
    a, b, c, d = (person.id for person in people)
    both = (VoteGiven(PAPER, LESS, NOW), VoteGiven("url:https://x.example/1", LESS, NOW))
    assert votes_of(session, [a, c, d]) == {a: both, c: both}
    assert votes_of(session, [b]) == {b: both}
    assert votes_of(session, []) == {}
