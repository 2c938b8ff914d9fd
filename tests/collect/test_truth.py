"""Versions and withdrawals: a paper changes, is never new again, and who had it can be told."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from newsletter.collect.keys import keys_of
from newsletter.collect.port import Batch
from newsletter.collect.withdrawals import is_withdrawn
from newsletter.model import Listed, ListingType
from newsletter.store import entries, reading, revisions, sources
from newsletter.store.tables import Delivery, Entry, Revision
from tests import inputs
from tests.collect.test_saving import reader_with_picks

NOW = datetime(2026, 6, 16, 6, tzinfo=UTC)
DAY = date(2026, 6, 16)
Sessions = sessionmaker[Session]


@pytest.fixture
def source(sessions: Sessions) -> int:
    with sessions.begin() as session:
        return sources.add(session, "one", "samples", {}).id


def paper(version: int | None = 1, **more: Any) -> Listed:
    kind = ListingType.NEW if version in {None, 1} else ListingType.REPLACE
    told = {"keys": keys_of("2606.00001"), "title": "A title", "day": DAY, "type": kind}
    return Listed(**(told | {"version": version, "abstract": "Text"} | more))


def save(sessions: Sessions, source: int, *listed: Listed, hours: int = 0) -> None:
    with sessions.begin() as session:
        entries.save(session, source, listed, NOW + timedelta(hours=hours))


def found(sessions: Sessions) -> list[tuple[int, list[str]]]:
    with sessions() as session:
        rows = session.scalars(select(Revision).order_by(Revision.version))
        return [(row.version, row.changed) for row in rows]


def new(sessions: Sessions) -> list[str]:
    with sessions() as session:
        far = timedelta(days=9)
        return [e.key for e in reading.new_entries(session, NOW - far, NOW + far, DAY)]


def test_the_versions_of_a_real_paper(sessions: Sessions, source: int) -> None:
    folder = inputs.require("inputs", "sources", "arxiv-docmeta")
    for version in (1, 2, 3):
        told = json.loads((folder / f"1404.3450v{version}.json").read_text("utf-8"))
        listed = paper(
            version,
            keys=keys_of("1404.3450"),
            title=told["title"],
            abstract=told["abstract"],
            authors=tuple(told["authors"].split(", ")),
            comment=told["comments"],
            withdrawn=is_withdrawn(told["comments"], told["abstract"]),
        )
        save(sessions, source, listed, hours=24 * version)
        save(sessions, source, listed, hours=24 * version + 1)
    assert found(sessions) == [(2, ["title", "abstract", "comment"]), (3, ["comment"])]
    with sessions() as session:
        entry = session.scalars(select(Entry)).one()
        assert (entry.version, entry.title) == (3, "The Exotic Four Quark Matter: $Z_1(4475)$")
        assert entry.first_seen_at == NOW + timedelta(hours=24)
        assert entry.withdrawn_at is None


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        (1, 1, []),
        (None, 1, []),
        (None, 3, [3]),
        (2, 1, []),
        (1, 4, [4]),
        (1, None, []),
    ],
)
def test_which_listings_are_revisions(
    sessions: Sessions, source: int, first: int | None, then: int | None, expected: list[int]
) -> None:
    save(sessions, source, paper(first, type=ListingType.NEW))
    save(sessions, source, paper(then), hours=1)
    assert [version for version, _ in found(sessions)] == expected


def test_a_withdrawn_paper_is_never_news(sessions: Sessions, source: int) -> None:
    save(sessions, source, paper(1), paper(1, keys=keys_of("2606.00002"), withdrawn=True))
    assert new(sessions) == ["arxiv:2606.00001"]
    save(sessions, source, paper(2, withdrawn=True), hours=1)
    assert new(sessions) == []
    assert found(sessions) == [(2, ["withdrawn"])]
    save(sessions, source, paper(2, withdrawn=True), hours=5)
    with sessions() as session:
        at = session.scalars(select(Entry.withdrawn_at).order_by(Entry.id)).first()
    assert at == NOW + timedelta(hours=1)


def test_a_later_version_puts_a_paper_right(sessions: Sessions, source: int) -> None:
    save(sessions, source, paper(1))
    save(sessions, source, paper(2, withdrawn=True), hours=1)
    save(sessions, source, paper(1), hours=2)
    assert new(sessions) == []
    save(sessions, source, paper(3), hours=3)
    assert new(sessions) == ["arxiv:2606.00001"]


def test_a_record_that_was_deleted_is_withdrawn(sessions: Sessions, source: int) -> None:
    save(sessions, source, paper(1))
    for _ in range(2):
        with sessions.begin() as session:
            entries.withdraw(session, ["arxiv:2606.00001", "arxiv:2606.09999"], NOW)
    assert new(sessions) == []


def test_who_was_sent_what_has_changed_since(sessions: Sessions, source: int) -> None:
    save(sessions, source, paper(1), paper(1, keys=keys_of("2606.00002")))
    with sessions.begin() as session:
        ids = list(session.scalars(select(Entry.id).order_by(Entry.id)))
        reader = reader_with_picks(session, *ids)
        session.execute(
            update(Delivery).values(state="submitted", settled_at=NOW + timedelta(hours=1))
        )
    save(sessions, source, paper(2, withdrawn=True, title="Gone"), hours=30)
    save(sessions, source, paper(2, keys=keys_of("2606.00002"), title="Better"), hours=31)
    with sessions() as session:
        told = revisions.sent_and_outdated(session, NOW, NOW + timedelta(hours=48), range(1, 99))
        assert [(o.subscriber_id, o.entry_id, o.withdrawn, o.version, o.changed) for o in told] == [
            (reader, ids[0], True, None, ()),
            (reader, ids[1], False, 2, ("title",)),
        ]
        later = NOW + timedelta(hours=31)
        assert (
            revisions.sent_and_outdated(session, later, later + timedelta(days=9), range(1, 99))
            == []
        )
    with sessions.begin() as session:  # who was sent the new version need not be told
        session.execute(update(Delivery).values(settled_at=NOW + timedelta(hours=40)))
        assert (
            revisions.sent_and_outdated(session, NOW, NOW + timedelta(hours=48), range(1, 99)) == []
        )


def test_a_batch_may_take_papers_back() -> None:
    assert Batch(withdrawn=("arxiv:2606.00001",)).withdrawn
