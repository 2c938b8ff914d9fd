"""Five weeks of real papers, replayed day by day from both origins as they really came.

Weekends repeat Friday's list, papers repeat within a day, Hugging Face shows what arXiv has shown.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from newsletter.model import Listed
from newsletter.store import entries, signals, sources
from newsletter.store.engine import open_engine, open_sessions, upgrade
from newsletter.store.tables import Entry, EntryKey, Listing, Signal
from subscribers.orm import Base
from tests import inputs
from tests.collect.test_saving import of_record

Sessions = sessionmaker[Session]
ORIGINS = ("arxiv-listing", "hf-daily")
Days = dict[str, dict[str, list[dict[str, Any]]]]


@pytest.fixture(scope="module")
def days() -> Days:
    """day -> origin -> its lines on that day, repeats included."""
    found: Days = defaultdict(lambda: {origin: [] for origin in ORIGINS})
    for record in inputs.stream():
        for day in record["listed_on"]:
            copies = record.get("copies_on", {}).get(day, 1)
            found[day][record["source"]] += [record] * copies
    return dict(sorted(found.items()))


@pytest.fixture(scope="module")
def replayed(days: Days, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sessions]:
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('stream') / 'x.sqlite3'}")
    upgrade(engine)
    sessions = open_sessions(engine)
    ids = places(sessions)
    for day, origins in days.items():
        for origin, records in origins.items():
            listed = [of_record(record, day) for record in records]
            with sessions.begin() as session:
                entries.save(session, ids[origin], listed, morning(day))
    yield sessions
    engine.dispose()


def places(sessions: Sessions) -> dict[str, int]:
    with sessions.begin() as session:
        return {name: sources.add(session, name, "samples", {}).id for name in ORIGINS}


def morning(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(hour=6, tzinfo=UTC)


def test_the_stream_is_what_we_think_it_is(days: Days) -> None:
    lines = Counter({origin: sum(len(d[origin]) for d in days.values()) for origin in ORIGINS})
    assert len(days) == 35
    assert lines == {"arxiv-listing": 14_334, "hf-daily": 709}


def test_every_paper_is_there_once_on_its_first_day(days: Days, replayed: Sessions) -> None:
    first: dict[str, str] = {}
    by_origin: dict[str, set[str]] = defaultdict(set)
    for day, origins in days.items():
        for origin, records in origins.items():
            for record in records:
                first.setdefault(f"arxiv:{record['id']}", day)
                by_origin[origin].add(record["id"])
    assert len(by_origin["arxiv-listing"]) == 7_946
    assert len(by_origin["hf-daily"]) == 708
    assert len(by_origin["arxiv-listing"] & by_origin["hf-daily"]) == 466
    with replayed() as session:
        rows = session.execute(select(Entry.key, Entry.first_listed_on, Entry.first_seen_at)).all()
    assert len(rows) == len(first) == 7_946 + 708 - 466 == 8_188
    assert {key: str(day) for key, day, _ in rows} == first
    assert all(seen == morning(str(day)) for _, day, seen in rows)


def test_all_other_listings_are_attached(days: Days, replayed: Sessions) -> None:
    shown = {
        (f"arxiv:{record['id']}", origin, day)
        for day, origins in days.items()
        for origin, records in origins.items()
        for record in records
    }
    with replayed() as session:
        names = {view.id: view.name for view in sources.all_sources(session)}
        rows = session.execute(
            select(Entry.key, Listing.source_id, Listing.day).join(
                Listing, Listing.entry_id == Entry.id
            )
        )
        kept = {(key, names[source], str(day)) for key, source, day in rows}
        both = session.scalars(
            select(Listing.entry_id)
            .group_by(Listing.entry_id)
            .having(func.count(Listing.source_id.distinct()) == 2)
        ).all()
        total = session.scalar(select(func.count()).select_from(Listing))
    assert kept == shown
    assert total == len(shown)
    assert len(both) == 466
    assert ("arxiv:2606.11176", "hf-daily", "2026-06-10") in kept
    assert ("arxiv:2606.11176", "hf-daily", "2026-06-16") in kept


def test_nothing_is_new_at_weekends_and_votes_are_signals(days: Days, replayed: Sessions) -> None:
    with replayed() as session:
        new = Counter(map(str, session.scalars(select(Entry.first_listed_on))))
        votes = session.scalar(
            select(func.count()).select_from(Signal).where(Signal.kind == "votes")
        )
        twice = entries.ids_by_key(session, ["arxiv:2606.11176"])["arxiv:2606.11176"]
        assert signals.history(session, twice, "votes")
    # One Saturday's archive held eight papers that Friday's had not; all else is a repeat.
    assert {day: new[day] for day in new if date.fromisoformat(day).weekday() > 4} == {
        "2026-06-06": 8
    }
    assert new["2026-06-22"] <= 9, "the Monday that repeats a Friday brings only Hugging Face's"
    assert votes is not None
    assert votes >= 708


def test_replaying_it_all_again_changes_nothing(days: Days, replayed: Sessions) -> None:
    with replayed() as session:
        ids = {view.name: view.id for view in sources.all_sources(session)}
        before = contents(session)
    for day in ("2026-06-05", "2026-06-06", "2026-06-16"):
        for origin, records in days[day].items():
            with replayed.begin() as session:
                saved = entries.save(
                    session, ids[origin], [of_record(r, day) for r in records], morning(day)
                )
                assert saved.new == 0
    with replayed() as session:
        assert contents(session) == before


def contents(session: Session) -> list[Any]:
    """All entries with their keys and listings, whatever their ids and moments."""
    hidden = {"id", "first_seen_at", "updated_at"}
    columns = [c for c in Entry.__table__.columns if c.name not in hidden]
    keys: dict[int, list[str]] = defaultdict(list)
    listed: dict[int, list[Any]] = defaultdict(list)
    for key, entry_id in session.execute(select(EntryKey.key, EntryKey.entry_id)):
        keys[entry_id].append(key)
    for row in session.execute(select(Listing.entry_id, Listing.source_id, Listing.day)):
        listed[row.entry_id].append((row.source_id, row.day))
    rows = session.execute(select(Entry.id, *columns)).all()
    return sorted(((sorted(keys[r[0]]), sorted(listed[r[0]]), r[1:]) for r in rows), key=str)


@pytest.fixture(scope="module")
def memory() -> Iterator[Engine]:
    engine = create_engine("sqlite://")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def shown(days: Days) -> list[tuple[str, Listed]]:
    """Real listings of a hundred papers of both origins, over all days."""
    ids = sorted({r["id"] for o in days.values() for r in o["hf-daily"]})
    chosen = set(random.Random(7).sample(ids, 60)) | {"2606.11176"}
    return [
        (origin, of_record(record, day))
        for day, origins in days.items()
        for origin, records in origins.items()
        for record in records
        if record["id"] in chosen
    ]


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False), st.integers(1, 9))
def test_any_order_of_arrival_gives_the_same_entries(
    memory: Engine, shown: list[tuple[str, Listed]], chance: random.Random, batches: int
) -> None:
    def after(order: list[tuple[str, Listed]], parts: int) -> list[Any]:
        Base.metadata.drop_all(memory)
        Base.metadata.create_all(memory)
        sessions = sessionmaker(memory)
        ids = places(sessions)
        size = len(order) // parts + 1
        for start in range(0, len(order), size):
            for origin in ORIGINS:
                part = [p for name, p in order[start : start + size] if name == origin]
                with sessions.begin() as session:
                    now = morning("2026-05-25") + timedelta(days=start)
                    entries.save(session, ids[origin], part, now)
        with sessions() as session:
            return contents(session)

    shuffled = list(shown)
    chance.shuffle(shuffled)
    assert after(shuffled, batches) == after(shown, 1)
