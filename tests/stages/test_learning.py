"""What was learned is stored and read again: the same picks, no moment too long, nothing of anybody else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

import pytest
from sqlalchemy import delete, func, select, update

from newsletter.app import App
from newsletter.model import Digest, Skip
from newsletter.pipeline import due
from newsletter.stages import company as companies
from newsletter.stages import learning
from newsletter.stages.learning import learn_stale
from newsletter.stages.meaning import Meaning
from newsletter.stages.spaces import SPACE_DAYS, Spaces
from newsletter.stages.tastes import readers_of
from newsletter.store import entries, sources
from newsletter.store.learned import LearnedCompany, LearnedSpace, LearnedTaste
from newsletter.store.tables import Delivery, Entry, EntryKey
from subscribers import audience
from subscribers.feedback import vote
from subscribers.preferences import examples_arrived
from subscribers.privacy import erase
from subscribers.profile import Kind
from subscribers.tables import InterestRow, Subscriber
from tests import inputs
from tests.encoders import WordBags
from tests.factories import NOW, listed
from tests.operator import add_readers

ARCHIVE = 400
WISHES = [
    "language model\nreinforcement learning",
    "diffusion, -survey",
    '"neural network"\nrobot',
    "graph",
    "protein structure\nimage segmentation ^2",
    "",
]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive of some hundred papers counts as large."""
    for module in (
        "newsletter.match.space",
        "newsletter.match.features",
        "newsletter.stages.plan",
        "newsletter.stages.spaces",
    ):
        monkeypatch.setattr(f"{module}.SMALLEST_ARCHIVE", 300)
    monkeypatch.setattr("newsletter.match.space.DIMENSIONS", 40)


def papers() -> list[tuple[str, str]]:
    if inputs.shared() is not None:
        return [(r["title"], r["abstract"] or "") for r in islice(inputs.stream(), ARCHIVE)]
    words = [f"{a}{b}" for a in ("graph", "model", "robot", "image") for b in range(9)]
    return [
        (f"{words[n % 36]} {words[n * 7 % 31]}", " ".join(words[n * k % 36] for k in range(12)))
        for n in range(ARCHIVE)
    ]


@pytest.fixture
def stocked(app: App) -> App:
    """Readers with wishes, votes and examples, and the archive; half of it is of this morning."""
    with app.sessions.begin() as session:
        source = sources.add(session, "papers", "feed", {})
        for half, seen_at in ((0, NOW - timedelta(days=9)), (1, NOW - timedelta(minutes=30))):
            batch = [
                listed(n, title=title, abstract=abstract, day=seen_at.date())
                for n, (title, abstract) in enumerate(papers())
                if n % 2 == half
            ]
            entries.save(session, source.id, batch, seen_at)
    add_readers(app, [WISHES[n % 6] for n in range(23)])
    with app.sessions.begin() as session:
        for person in session.scalars(select(Subscriber)):
            for n in range(person.id % 5):
                at = NOW - timedelta(days=1 + 40 * n)
                vote(session, person, key(2 * (7 * n + person.id)), 1 if n % 3 else -1, now=at)
    return app


def key(number: int) -> str:
    return f"arxiv:2606.{number:05}"


def chosen(app: App, block: int, now: datetime = NOW) -> dict[int, object]:
    """What everybody would get, by a planner that only reads, in blocks."""
    planner, found = app.planner(now), dict[int, object]()
    with app.sessions() as session:
        for members in audience.due(session, now=now, block=block):
            for member, digest in zip(members, planner.choose(session, members), strict=True):
                found[member.id] = told(digest)
    return found


def told(digest: Digest | Skip) -> object:
    if isinstance(digest, Skip):
        return digest
    return [(pick.entry_id, pick.section, pick.evidence) for pick in digest.picks]


def count(app: App, table: type) -> int:
    with app.sessions() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def learned(app: App, now: datetime = NOW) -> int:
    return learn_stale(app.sessions, app._spaces, now, 10_000)


def clear(app: App) -> None:
    with app.sessions.begin() as session:
        session.execute(delete(LearnedTaste))


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


def test_an_archive_that_has_doubled_is_learned_anew(
    stocked: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.stages.spaces.SMALLEST_ARCHIVE", 100)
    with stocked.sessions() as session:
        half = session.scalar(select(func.max(Entry.first_seen_at)))  # the other half came before
    before = half - timedelta(minutes=1)
    assert stocked._spaces.refresh(stocked.sessions, before)
    assert not stocked._spaces.refresh(stocked.sessions, before + timedelta(seconds=1))
    assert stocked._spaces.refresh(stocked.sessions, NOW)
    assert not stocked._spaces.refresh(stocked.sessions, NOW + timedelta(hours=1))


def test_spaces_are_renewed_after_a_week_and_two_are_kept(stocked: App) -> None:
    spaces, sessions = stocked._spaces, stocked.sessions
    moments = [NOW + timedelta(days=days) for days in (0, 6, 7, 8, 14)]
    assert [spaces.refresh(sessions, at) for at in moments] == [True, False, True, False, True]
    with sessions() as session:
        kept = session.scalars(select(LearnedSpace.id).order_by(LearnedSpace.id)).all()
        found = spaces.space(session, NOW)
        elsewhere = Spaces().space(session, NOW)
        other = Spaces(Meaning(WordBags())).stored(session)
    # Nothing is encoded, so the space of terms serves whoever has an encoder, too.
    assert found and elsewhere and other
    assert kept == [2, 3] and found[0] == elsewhere[0] == other[0] == 3


def test_too_few_papers_store_nothing(app: App) -> None:
    add_readers(app, ["paper number"])
    assert not app._spaces.refresh(app.sessions, NOW)
    app.planner(NOW).plan(due(NOW))
    assert count(app, LearnedSpace) == count(app, LearnedTaste) == 0


def test_two_who_refresh_at_once_leave_one_space(
    stocked: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, made = threading.Barrier(2), []
    learn = Spaces.refresh.__globals__["_learned"]

    def together(archive) -> bytes:
        both.wait(60)
        return learn(archive)

    monkeypatch.setattr("newsletter.stages.spaces._learned", together)
    threads = [
        threading.Thread(target=lambda: made.append(Spaces().refresh(stocked.sessions, NOW)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False, True]
    assert count(stocked, LearnedSpace) == 1


def test_a_run_keeps_the_space_that_it_began_with(stocked: App) -> None:
    stocked._spaces.refresh(stocked.sessions, NOW)
    planner = stocked.planner(NOW)
    with stocked.sessions() as session:
        members = next(audience.due(session, now=NOW))
        first = planner.choose(session, members)
    Spaces().refresh(stocked.sessions, NOW + timedelta(days=8))
    with stocked.sessions() as session:
        assert planner.choose(session, members) == first
    planner.plan(due(NOW))
    with stocked.sessions() as session:
        assert set(session.scalars(select(LearnedTaste.space_id))) == {1}


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


@pytest.fixture
def likers(stocked: App, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """Twelve who like papers 2 and 4, of whom one has a pair of their own."""
    monkeypatch.setattr("newsletter.match.company.FEWEST_LIBRARIES", 10)
    with stocked.sessions.begin() as session:
        for id_ in range(1, 13):
            person = session.get_one(Subscriber, id_)
            for number in (302, 304):
                vote(session, person, key(number), 1, now=NOW)
        for number in (306, 308):
            vote(session, session.get_one(Subscriber, 3), key(number), 1, now=NOW)
        vote(session, session.get_one(Subscriber, 20), key(302), 1, now=NOW)
    return stocked


def test_what_many_like_together_is_lent_and_what_one_likes_is_not(likers: App) -> None:
    likers._spaces.refresh(likers.sessions, NOW)
    assert companies.learn_company(likers.sessions, likers._spaces, NOW)
    with likers.sessions() as session:
        version = likers._spaces.stored(session)[0]
        company = companies.read_company(session, version)
        assert company is not None
        assert {key(302), key(304)} <= set(company.keys)
        assert not {key(306), key(308)} & set(company.keys)
        members = audience.among(session, [20], now=NOW)
        (reader,) = companies.borrowing(session, readers_of(session, members, NOW), company)
    assert reader.lent is not None
    assert learned(likers) == 23
    with likers.sessions() as session:
        lent = session.get_one(LearnedTaste, 20).dense
    clear(likers)
    with likers.sessions.begin() as session:
        session.execute(delete(LearnedCompany))
    learned(likers)
    with likers.sessions() as session:
        assert session.get_one(LearnedTaste, 20).dense != lent


def test_too_few_libraries_are_forgotten(likers: App, monkeypatch: pytest.MonkeyPatch) -> None:
    likers._spaces.refresh(likers.sessions, NOW)
    assert companies.learn_company(likers.sessions, likers._spaces, NOW)
    monkeypatch.setattr("newsletter.match.company.FEWEST_LIBRARIES", 30)
    assert not companies.learn_company(likers.sessions, likers._spaces, NOW)
    assert count(likers, LearnedCompany) == 0
