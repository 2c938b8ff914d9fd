"""What was learned is stored and read again: the same picks, no moment too long, nothing of anybody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from newsletter.app import App
from newsletter.model import Skip
from newsletter.pipeline import due
from newsletter.stages import learning
from newsletter.stages.learning import learn_stale
from newsletter.stages.spaces import SPACE_DAYS
from newsletter.stages.tastes import readers_of
from newsletter.store import entries, sources
from newsletter.store.learned import LearnedSpace, LearnedTaste
from newsletter.store.tables import Delivery, Entry, EntryKey
from subscribers import audience
from subscribers.feedback import vote
from subscribers.preferences import examples_arrived
from subscribers.privacy import erase
from subscribers.profile import Kind
from subscribers.tables import InterestRow, Subscriber
from tests.factories import NOW, listed
from tests.stages.archive import chosen, clear, count, key, learned

pytestmark = pytest.mark.usefixtures("small")


def test_stored_tastes_pick_what_learning_afresh_picks(
    stocked: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stocked._spaces.refresh(stocked.sessions, NOW)
    afresh = chosen(stocked, 1000)
    assert sum(not isinstance(digest, Skip) for digest in afresh.values()) > 15
    for block in (1, 4, 1000):
        assert chosen(stocked, block) == afresh
        monkeypatch.setattr(learning, "_BLOCK", block)
        clear(stocked)
        assert learned(stocked) == 23
        assert chosen(stocked, 5) == chosen(stocked, 1000) == afresh
        with stocked.sessions.begin() as session:
            session.execute(delete(LearnedTaste).where(LearnedTaste.subscriber_id % 3 == 0))
        assert chosen(stocked, 6) == afresh  # some read, some learned


def test_a_first_run_stores_the_space_and_what_it_learned(stocked: App) -> None:
    would = chosen(stocked, 1000)
    assert count(stocked, LearnedSpace) == count(stocked, LearnedTaste) == 0  # only looked
    planner = stocked.planner(NOW)
    planner.plan(due(NOW))
    assert count(stocked, LearnedSpace) == 1
    assert count(stocked, LearnedTaste) == count(stocked, Delivery) == 23
    with stocked.sessions.begin() as session:
        session.execute(delete(Delivery))
        session.execute(
            update(Subscriber).values(covered_until=NOW - timedelta(days=3), next_send_at=NOW)
        )
    assert set(map(str, chosen(stocked, 1000))) == set(map(str, would))
    assert learned(stocked) == 0


def test_nothing_is_learned_again_that_is_up_to_date(stocked: App) -> None:
    assert learned(stocked) == 0  # there is no space yet
    stocked._spaces.refresh(stocked.sessions, NOW)
    assert learned(stocked) == 23
    assert learned(stocked) == 0
    with stocked.sessions.begin() as session:
        vote(session, session.get_one(Subscriber, 3), key(5), 1, now=NOW + timedelta(minutes=1))
    assert learned(stocked) == 1
    assert learned(stocked, NOW + timedelta(days=SPACE_DAYS, minutes=1)) == 23
    later = NOW + timedelta(days=SPACE_DAYS, minutes=2)
    assert stocked._spaces.refresh(stocked.sessions, later)
    assert learned(stocked, later) == 23


def test_a_vote_changes_the_next_picks(stocked: App) -> None:
    stocked._spaces.refresh(stocked.sessions, NOW)
    learned(stocked)
    before = chosen(stocked, 1000)
    with stocked.sessions.begin() as session:
        for number in range(1, 40, 4):
            vote(session, session.get_one(Subscriber, 1), key(number), -1, now=NOW)
    after = chosen(stocked, 1000)
    assert [id_ for id_ in before if before[id_] != after[id_]] == [1]
    clear(stocked)
    assert chosen(stocked, 1000) == after


def test_at_most_so_many_are_learned_and_the_paused_hold_up_nobody(
    stocked: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "_BLOCK", 4)
    stocked._spaces.refresh(stocked.sessions, NOW)
    with stocked.sessions.begin() as session:
        paused = Subscriber.id <= 9
        until = NOW.date() + timedelta(days=30)
        session.execute(update(Subscriber).where(paused).values(paused_until=until))
    counts = [learn_stale(stocked.sessions, stocked._spaces, NOW, 6) for _ in range(4)]
    assert counts == [6, 6, 2, 0]


def test_a_fetched_example_makes_its_giver_stale(stocked: App) -> None:
    add_to = {"kind": Kind.SEED, "text": "arxiv:1706.03762", "position": 9}
    with stocked.sessions.begin() as session:
        session.add(InterestRow(subscriber_id=2, **add_to))
    stocked._spaces.refresh(stocked.sessions, NOW)
    learned(stocked)
    with stocked.sessions.begin() as session:
        examples_arrived(session, ["arxiv:1706.03762", "arxiv:0000.00000"], now=NOW)
    assert learned(stocked) == 1


def test_an_example_that_a_source_brings_makes_its_giver_stale(stocked: App) -> None:
    with stocked.sessions.begin() as session:
        session.add(InterestRow(subscriber_id=2, kind=Kind.SEED, text=key(9000), position=9))
    stocked._spaces.refresh(stocked.sessions, NOW)
    learned(stocked)
    with stocked.sessions.begin() as session:
        source = sources.add(session, "late", "feed", {})
        entries.save(session, source.id, [listed(9000), listed(9001)], NOW)
    assert learned(stocked) == 1


def test_the_erased_leave_no_taste_even_in_the_midst_of_learning(
    stocked: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    stocked._spaces.refresh(stocked.sessions, NOW)

    def erasing(session, members, now):
        with stocked.sessions.begin() as other:
            erase(other, 5, now=NOW)
        return readers_of(session, members, now)

    monkeypatch.setattr(learning, "readers_of", erasing)
    assert learned(stocked) == 22
    with stocked.sessions.begin() as session:
        erase(session, 6, now=NOW)
    with stocked.sessions() as session:
        left = set(session.scalars(select(LearnedTaste.subscriber_id)))
    assert left == set(range(1, 24)) - {5, 6}


def test_of_two_votes_on_what_is_one_paper_the_latest_counts(stocked: App) -> None:
    with stocked.sessions.begin() as session:
        session.execute(
            update(EntryKey)
            .where(EntryKey.key == key(11))
            .values(entry_id=select(Entry.id).where(Entry.key == key(10)).scalar_subquery())
        )
        one, other = session.get_one(Subscriber, 5), session.get_one(Subscriber, 10)
        for person, first, then in ((one, 1, -1), (other, -1, 1)):
            vote(session, person, key(10), first, now=NOW - timedelta(hours=2))
            vote(session, person, key(11), then, now=NOW - timedelta(hours=1))
    with stocked.sessions() as session:
        members = audience.among(session, [5, 10], now=NOW)
        readers = readers_of(session, members, NOW)
    assert [[k for k, _ in r.likes] for r in readers] == [[], [key(11)]]
    assert [[k for k, _ in r.dislikes] for r in readers] == [[key(11)], []]
