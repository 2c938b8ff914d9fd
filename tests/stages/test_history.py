"""Replaying votes: each past day is ranked from what was known then, and from nothing that came later."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from newsletter.app import App
from newsletter.match.evaluate import rank
from newsletter.model import DeliveryState
from newsletter.pipeline import due
from newsletter.stages.history import evaluate_history, folders, read_moments
from newsletter.stages.rankers import RANKERS
from newsletter.store import entries, history, sources
from newsletter.store.tables import Delivery, Entry, EntryKey, Pick
from subscribers import feedback
from subscribers.tables import Subscriber
from subscribers.tokens import LESS, MORE
from tests.factories import NOW, listed
from tests.operator import add_readers, sent

SUBJECTS = ("graph coloring", "protein folding", "auction pricing")
DAYS = [NOW + timedelta(days=n) for n in range(7)]  # over a Sunday
A_DAY = 12
DOWN = 3  # votes down; then no auctions come any more


def save(app: App, first: int, seen_at: datetime, count: int = A_DAY, **more) -> None:
    papers = [
        listed(
            number,
            day=seen_at.date(),
            title=f"Studies of {SUBJECTS[number % 3]}, part {number}",
            abstract=f"What we learned of {SUBJECTS[number % 3]} in our experiment {number}.",
            **more,
        )
        for number in range(first, first + count)
    ]
    with app.sessions.begin() as session:
        known = {source.name: source.id for source in sources.all_sources(session)}
        id_ = known.get("papers") or sources.add(session, "papers", "feed", {}).id
        entries.save(session, id_, papers, seen_at)


def vote(app: App, value: int, word: str, at: datetime, count: int = 1, reader: int = 0) -> None:
    """A vote on the latest picks by then that hold a word and are not voted on."""
    with app.sessions.begin() as session:
        person = session.scalars(select(Subscriber).order_by(Subscriber.id)).all()[reader]
        keys = session.scalars(
            select(Entry.key)
            .join(Pick, Pick.entry_id == Entry.id)
            .where(Pick.subscriber_id == person.id, Entry.title.contains(word))
            .where(Entry.first_seen_at < at)
            .order_by(Entry.id.desc())
        ).all()
        free = [key for key in keys if feedback.vote_on(session, person.id, key) is None]
        assert len(free) >= count, (word, keys)
        for key in free[:count]:
            feedback.vote(session, person, key, value, now=at)


def live(app: App, days: list[datetime]) -> None:
    """New papers every morning, a digest for all, and in the evening votes for proteins."""
    for day in days:
        save(app, 1000 * day.day, day - timedelta(hours=1))
        assert app.planner(day).plan(due(day)).planned == 2
        sent(app, day)
        vote(app, MORE, "protein", day + timedelta(hours=9))
        if day in DAYS[:DOWN]:
            vote(app, LESS, "auction", day + timedelta(hours=9))


@pytest.fixture
def lived(app: App) -> App:
    add_readers(app, ["studies", "graph coloring"])
    live(app, DAYS)
    return app


def orders(app: App, ranker: str = "default") -> dict[tuple[str, str], list[str]]:
    """Who and when -> the day's papers in the order in which they are ranked."""
    with app.sessions() as session:
        weeks = read_moments(session, DAYS[-1] + timedelta(days=40), 7)
        return {
            (task.profile, task.pool): order
            for folder in folders(session, weeks)
            for task, order in rank(folder, RANKERS[ranker])
        }


def seen(app: App) -> dict[str, tuple]:
    """Each day's pool -> all papers that a ranker is shown for it: the archive's, and the pool's."""
    with app.sessions() as session:
        weeks = read_moments(session, DAYS[-1] + timedelta(days=40), 7)
        return {
            name: tuple(folder.entries[id_] for id_ in (*(folder.archive or ()), *ids))
            for folder in folders(session, weeks)
            for name, ids in folder.pools.items()
        }


def test_a_day_is_what_the_reader_knew_and_was_offered(lived: App) -> None:
    with lived.sessions() as session:
        weeks = read_moments(session, NOW + timedelta(days=40), 7)
        moments = [moment for week in weeks.values() for moment in week]
        key_of = {entry.id: entry.title for entry in session.scalars(select(Entry))}
    assert [moment.at for moment in moments] == DAYS
    assert {monday.isoformat() for monday in weeks} == {"2026-06-08", "2026-06-15"}
    for number, moment in enumerate(moments):
        assert len(moment.pool) == A_DAY
        assert sorted(value for value, _ in moment.voted.values()) == [
            *[-1] * min(number, DOWN),
            *[1] * number,
        ]
        assert all(age >= 0.6 for _, age in moment.voted.values())
        # The reader's own vote for it is what makes a paper relevant; a vote down does not.
        assert [key_of[id_][:19] for id_ in moment.relevant] == ["Studies of protein "]
        assert f"part {moment.at.day}0" in key_of[next(iter(moment.relevant))]


def test_nothing_that_came_later_changes_the_order_of_a_day(lived: App) -> None:
    before, shown = orders(lived), seen(lived)
    assert len(before) == len(shown) == len(DAYS)
    last = DAYS[-1] + timedelta(hours=10)
    vote(lived, MORE, "graph", last, count=7)
    vote(lived, LESS, "protein", last + timedelta(hours=1), count=5)
    # Papers that are like what was liked, old news among them; and much talk of old papers.
    save(lived, 90_000, last, count=60)
    save(lived, 1000 * NOW.day, last, votes=500, comments=90)
    with lived.sessions.begin() as session:
        session.execute(
            update(Entry)
            .where(Entry.title.contains(f"part {1000 * NOW.day}"))
            .values(withdrawn_at=last)
        )
    after, shown_after = orders(lived), seen(lived)
    assert {at: after[at] for at in before} == before
    assert {name: shown_after[name] for name in shown} == shown


def test_an_earlier_vote_does_change_it(lived: App) -> None:
    before = orders(lived)
    vote(lived, MORE, "graph", NOW + timedelta(hours=9), count=3)
    after = orders(lived)
    names = sorted(before)
    assert after[names[0]] == before[names[0]]
    assert after[names[1]] != before[names[1]]


@pytest.mark.parametrize("ranker", sorted(RANKERS))
def test_what_was_liked_is_found_again(lived: App, ranker: str) -> None:
    with lived.sessions() as session:
        weeks = read_moments(session, NOW + timedelta(days=40), 7)
        told: list[int] = []
        figures = evaluate_history(session, weeks, RANKERS[ranker], told.append)
    assert list(figures) == ["0 liked", "1 liked", "2-3 liked", "4-10 liked"]
    assert sum(told) == len(DAYS)
    # Four of twelve papers are of the subject that is always liked; one of them is the answer.
    assert figures["4-10 liked"].mean["recall@5"] == 1
    assert figures["4-10 liked"].profiles == 1


def test_who_never_answered_is_not_replayed(app: App) -> None:
    add_readers(app, ["studies", "graph coloring"])
    save(app, 0, NOW - timedelta(hours=1))
    app.planner(NOW).plan(due(NOW))
    assert not orders(app)
    vote(app, LESS, "auction", NOW + timedelta(hours=1))
    assert not orders(app)
    vote(app, MORE, "graph", NOW + timedelta(hours=1), reader=1)
    assert [profile for profile, _ in orders(app)] == ["2"]


def test_picks_are_counted_by_their_answers(lived: App) -> None:
    with lived.sessions.begin() as session:
        session.execute(update(Delivery).values(state=DeliveryState.PLANNED))
    with lived.sessions() as session:
        assert history.answers(session)[1].sent == 0, "planned is not sent"
        explored = session.scalars(
            select(Entry.key).join(Pick).where(Pick.section == "explore").order_by(Entry.id)
        ).all()
    sent(lived, DAYS[-1])
    with lived.sessions() as session:
        picks = len(session.scalars(select(Pick.entry_id)).all())
        exploring, others = history.answers(session)
    assert exploring.sent == len(explored)
    assert exploring.sent + others.sent == picks
    assert (exploring.up + others.up, exploring.down + others.down) == (len(DAYS), DOWN)


def test_of_two_votes_on_what_became_one_entry_the_latest_counts(lived: App) -> None:
    with lived.sessions.begin() as session:
        person = session.scalars(select(Subscriber).order_by(Subscriber.id)).first()
        assert person
        first = min(person_votes(session, person.id), key=lambda vote: vote.at)
        session.add(EntryKey(key="doi:10.1/same", entry_id=entry_id(session, first.entry_key)))
        later = DAYS[3] + timedelta(hours=1)
        feedback.vote(session, person, "doi:10.1/same", -first.value, now=later)
    lived.sender().run()
    with lived.sessions() as session:
        weeks = read_moments(session, NOW + timedelta(days=40), 7)
        moments = [moment for week in weeks.values() for moment in week]
        one = entry_id(session, first.entry_key)
        exploring, others = history.answers(session)
    known = {moment.at: moment.voted[one][0] for moment in moments if one in moment.voted}
    assert known == {day: first.value if day < later else -first.value for day in DAYS[1:]}
    change = -first.value
    assert exploring.up + others.up == len(DAYS) + change
    assert exploring.down + others.down == DOWN - change


def person_votes(session, id_: int) -> tuple[feedback.VoteGiven, ...]:
    return feedback.votes_of(session, [id_])[id_]


def entry_id(session, key: str) -> int:
    return history.entry_ids(session, [key])[key]
