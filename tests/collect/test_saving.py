"""Saving listings: every paper once, the best of each field, whatever came first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, event, func, select
from sqlalchemy.orm import Session, sessionmaker

from newsletter.collect.keys import keys_of
from newsletter.collect.latex import readable
from newsletter.collect.text import fold
from newsletter.model import Listed, ListingType
from newsletter.store import entries, sources
from newsletter.store.entries import Saved
from newsletter.store.tables import Delivery, Edition, Entry, EntryKey, Listing, Pick
from subscribers.orm import Base
from subscribers.tables import Subscriber
from tests import inputs

NOW = datetime(2026, 6, 16, 6, tzinfo=UTC)
DAY = date(2026, 6, 16)
Sessions = sessionmaker[Session]


def paper(*names: str, **more: Any) -> Listed:
    told = {"title": "A title", "day": DAY, "keys": keys_of(*names)}
    return Listed(**(told | more))


def source(sessions: Sessions, name: str = "one") -> int:
    with sessions.begin() as session:
        return sources.add(session, name, "samples", {}).id


def save(sessions: Sessions, source_id: int, *listed: Listed, now: datetime = NOW) -> Saved:
    with sessions.begin() as session:
        return entries.save(session, source_id, listed, now)


def count(sessions: Sessions, table: type) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def only_entry(sessions: Sessions) -> Entry:
    with sessions() as session:
        return session.scalars(select(Entry)).one()


def test_a_paper_is_stored_once_with_its_listing(sessions: Sessions) -> None:
    one = source(sessions)
    listed = paper("2606.00001", votes=3, abstract="Text", authors=("A B",), categories=("cs.AI",))
    assert save(sessions, one, listed) == Saved(listed=1, new=1)
    assert save(sessions, one, listed, now=NOW + timedelta(hours=1)) == Saved(listed=1, unchanged=1)
    entry = only_entry(sessions)
    assert (entry.key, entry.title, entry.authors) == ("arxiv:2606.00001", "A title", ["A B"])
    assert (entry.first_seen_at, entry.first_listed_on, entry.updated_at) == (NOW, DAY, NOW)
    assert count(sessions, Listing) == 1


def test_the_same_again_writes_nothing(sessions: Sessions) -> None:
    one = source(sessions)
    batch = [paper(f"2606.{n:05}", votes=n, comment="c", version=2) for n in range(20)]
    save(sessions, one, *batch)
    written: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.lstrip().upper().startswith(("SELECT", "PRAGMA")):
            written.append(statement)

    engine = sessions.kw["bind"]
    event.listen(engine, "before_cursor_execute", note)
    save(sessions, one, *batch, now=NOW + timedelta(days=1))
    event.remove(engine, "before_cursor_execute", note)
    assert [line for line in written if not line.upper().startswith("BEGIN")] == []


def test_a_second_source_adds_what_the_first_lacked(sessions: Sessions) -> None:
    one, two = source(sessions), source(sessions, "two")
    save(sessions, one, paper("2606.00001", abstract="Long text", version=1, categories=("cs.AI",)))
    told = paper("https://huggingface.co/papers/2606.00001", votes=7, tldr="Short", abstract="")
    assert save(sessions, two, told).updated == 1
    entry = only_entry(sessions)
    assert (entry.abstract, entry.tldr, entry.version) == ("Long text", "Short", 1)
    assert count(sessions, Listing) == 2


def test_a_replacement_updates_but_is_never_new(sessions: Sessions) -> None:
    one = source(sessions)
    second = paper("2606.00001", title="New title", version=2, type=ListingType.REPLACE)
    assert save(sessions, one, second) == Saved(listed=1, left_out=1)
    assert count(sessions, Entry) == 0
    save(sessions, one, paper("2606.00001", title="A much longer old title", version=1))
    later = NOW + timedelta(days=3)
    assert save(sessions, one, replace(second, day=DAY + timedelta(days=3)), now=later).updated == 1
    entry = only_entry(sessions)
    assert (entry.title, entry.version, entry.first_seen_at) == ("New title", 2, NOW)
    assert (entry.first_listed_on, entry.updated_at) == (DAY, later)


def test_the_strongest_type_and_the_latest_votes_stay(sessions: Sessions) -> None:
    one = source(sessions)
    save(sessions, one, paper("2606.00001", type=ListingType.CROSS, votes=5))
    save(sessions, one, paper("2606.00001", votes=4), paper("2606.00001", type=ListingType.CROSS))
    with sessions() as session:
        listing = session.scalars(select(Listing)).one()
    assert (listing.type, listing.votes) == ("new", 4)


def test_two_entries_that_turn_out_to_be_one_are_merged(sessions: Sessions) -> None:
    one, two = source(sessions), source(sessions, "two")
    save(sessions, one, paper("10.1000/x", title="By its DOI", abstract="Longer text here"))
    save(sessions, two, paper("2606.00001", version=1), now=NOW + timedelta(hours=2))
    with sessions.begin() as session:
        elder, younger = session.scalars(select(Entry.id).order_by(Entry.id))
        reader = reader_with_picks(session, elder, younger)
    told = paper("2606.00001", "10.1000/x", version=1)
    assert save(sessions, two, told).merged == 1
    entry = only_entry(sessions)
    assert (entry.id, entry.key, entry.abstract) == (elder, "arxiv:2606.00001", "Longer text here")
    assert entry.first_seen_at == NOW
    with sessions() as session:
        assert set(session.scalars(select(EntryKey.entry_id))) == {elder}
        assert session.execute(select(Pick.subscriber_id, Pick.entry_id)).all() == [(reader, elder)]
        assert set(session.scalars(select(Listing.source_id))) == {one, two}


READER = {
    "email": "a@example.org",
    "address_hash": "0" * 64,
    "state": "confirmed",
    "cadence": "daily",
    "hour": 7,
    "timezone": "UTC",
    "max_papers": 10,
    "created_at": NOW,
}


def reader_with_picks(session: Session, *entry_ids: int) -> int:
    """A reader who was sent each of these entries."""
    reader = Subscriber(**READER)
    session.add(reader)
    session.add(Edition(day=DAY, created_at=NOW))
    session.flush()
    delivery = Delivery(subscriber_id=reader.id, edition_day=DAY, state="planned", planned_at=NOW)
    session.add(delivery)
    session.flush()
    for position, entry_id in enumerate(entry_ids):
        session.add(
            Pick(
                subscriber_id=reader.id,
                entry_id=entry_id,
                delivery_id=delivery.id,
                position=position,
                section="for-you",
                score=1.0,
                evidence=[],
            )
        )
    return reader.id


def test_a_batch_merges_within_itself(sessions: Sessions) -> None:
    one = source(sessions)
    batch = [
        paper("2606.00001"),
        paper("10.1000/x"),
        paper("2606.00001", "10.1000/x"),
        paper("2606.00002"),
    ]
    assert save(sessions, one, *batch) == Saved(listed=2, new=2)


def test_nothing_is_nothing(sessions: Sessions) -> None:
    assert save(sessions, source(sessions)) == Saved()


# One paper is known by several names; each showing uses some of them.
NAMES = {
    "a": ("2606.00001", "10.1000/a", "https://a.example/a"),
    "b": ("2606.00002", "10.1000/b", "https://b.example/b"),
    "c": ("10.1000/c", "https://c.example/c"),
}
SHOWINGS = st.lists(
    st.sampled_from(sorted(NAMES)).flatmap(
        lambda which: st.builds(
            paper,
            *[st.just(name) for name in NAMES[which][:1]],
        ).flatmap(
            lambda _: st.builds(
                lambda names, title, abstract, comment, version, tldr, votes, day, gone: paper(
                    *names,
                    title=title,
                    abstract=abstract,
                    comment=comment,
                    version=version,
                    tldr=tldr,
                    votes=votes,
                    withdrawn=gone,
                    day=DAY + timedelta(days=day),
                    url=f"https://{names[0][-3:]}.example",
                ),
                st.lists(st.sampled_from(NAMES[which]), min_size=1, unique=True),
                st.sampled_from(["T", "Title", "Other"]),
                st.sampled_from(["", "text", "a longer text"]),
                st.sampled_from([None, "c", "comment"]),
                st.sampled_from([None, 1, 2]),
                st.sampled_from([None, "short"]),
                st.sampled_from([None, 1, 9]),
                st.integers(0, 2),
                st.booleans(),
            )
        )
    ),
    min_size=1,
    max_size=7,
)


@pytest.fixture(scope="module")
def memory() -> Iterator[Engine]:
    engine = create_engine("sqlite://")
    yield engine
    engine.dispose()


def stored(engine: Engine, batches: list[list[Listed]]) -> list[Any]:
    """What is in the database after these batches: entries by their keys, with their listings."""
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    sessions = sessionmaker(engine)
    one = source(sessions)
    for batch in batches:
        save(sessions, one, *batch)
    with sessions() as session:
        found = []
        for entry in session.scalars(select(Entry)):
            names = session.scalars(select(EntryKey.key).where(EntryKey.entry_id == entry.id))
            days = session.execute(
                select(Listing.day, Listing.type).where(Listing.entry_id == entry.id)
            )
            columns = {
                c.name: getattr(entry, c.name)
                for c in Entry.__table__.columns
                if c.name not in {"id", "first_seen_at", "updated_at", "withdrawn_at"}
            }
            columns["withdrawn"] = entry.withdrawn_at is not None
            found.append(
                (sorted(names), sorted(map(tuple, days)), sorted(columns.items(), key=str))
            )
    return sorted(found, key=str)


@settings(max_examples=60)
@given(st.data(), SHOWINGS)
def test_any_order_of_arrival_gives_the_same_entries(
    memory: Engine, data: st.DataObject, shown: list[Listed]
) -> None:
    shuffled = data.draw(st.permutations(shown))
    cut = data.draw(st.integers(0, len(shown)))
    at_once = stored(memory, [shown])
    assert stored(memory, [[each] for each in shuffled]) == at_once
    assert stored(memory, [shuffled[:cut], shuffled[cut:], shown]) == at_once


def of_record(record: dict[str, Any], day: str) -> Listed:
    hugging_face = record["source"] == "hf-daily"
    return Listed(
        keys=keys_of(f"arXiv:{record['id']}"),
        title=readable(fold(record["title"])),
        abstract=readable(fold(record["abstract"])),
        authors=tuple(record["authors"]),
        categories=tuple(record.get("categories") or ()),
        url=f"https://arxiv.org/abs/{record['id']}",
        day=date.fromisoformat(day),
        votes=record.get("upvotes") if hugging_face else None,
        organisation=record.get("org"),
    )


def test_two_days_of_the_stream_give_every_paper_once(sessions: Sessions) -> None:
    by_source = {"arxiv-listing": source(sessions, "arxiv"), "hf-daily": source(sessions, "hf")}
    new: dict[str, int] = {}
    for day in ("2026-06-16", "2026-06-17"):
        records = inputs.listed_on(day)
        for name, source_id in by_source.items():
            ours = [of_record(record, day) for record in records if record["source"] == name]
            saved = save(sessions, source_id, *ours, now=NOW + timedelta(days=len(new)))
            new[f"{day} {name}"] = saved.new
    everything = {r["id"] for d in ("2026-06-16", "2026-06-17") for r in inputs.listed_on(d)}
    assert sum(new.values()) == count(sessions, Entry) == len(everything)
    assert new["2026-06-16 arxiv-listing"] == 555
    assert new["2026-06-17 arxiv-listing"] == 220
    assert new["2026-06-16 hf-daily"] < 34
    assert count(sessions, Listing) == 555 + 220 + 34 + 26


def test_a_day_of_1500_is_saved_in_a_handful_of_statements(sessions: Sessions) -> None:
    batch = [
        of_record(record, "2026-06-16")
        for record, _ in zip(inputs.stream(), range(1500), strict=False)
    ]
    one = source(sessions)
    statements: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    engine = sessions.kw["bind"]
    event.listen(engine, "before_cursor_execute", note)
    saved = save(sessions, one, *batch)
    event.remove(engine, "before_cursor_execute", note)
    assert saved.new > 1400
    assert len(statements) < 30
    assert json.loads(json.dumps(only_titles(sessions)))


def only_titles(sessions: Sessions) -> list[str]:
    with sessions() as session:
        return list(session.scalars(select(Entry.title)))
