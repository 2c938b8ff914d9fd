"""Vectors of entries in the database: what is missing, what is kept, what comes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import select, update

from newsletter.store import entries, sources, vectors
from newsletter.store.engine import Sessions
from newsletter.store.tables import Entry, EntryVector
from tests.encoders import WordBags
from tests.factories import DAY, NOW, listed

ENCODER = WordBags()
LATER = NOW + timedelta(hours=1)

Save = Callable[..., None]


@pytest.fixture
def save(sessions: Sessions) -> Save:
    with sessions.begin() as session:
        source = sources.add(session, "papers", "feed", {}).id

    def save_papers(*papers, now=NOW) -> None:
        with sessions.begin() as session:
            entries.save(session, source, papers, now)

    return save_papers


def missing(sessions: Sessions, encoder: str = ENCODER.name, **more) -> list[vectors.EntryText]:
    how = {"since": DAY - timedelta(days=30), "limit": 100} | more
    with sessions() as session:
        return vectors.missing(session, encoder, **how)


def encode(sessions: Sessions, texts: list[vectors.EntryText]) -> int:
    rows = ENCODER.encode([each.text for each in texts])
    with sessions.begin() as session:
        return vectors.save(session, ENCODER.name, texts, rows)


def read(sessions: Sessions, ids, encoder: str = ENCODER.name):
    with sessions() as session:
        return vectors.read(session, encoder, ids)


def test_the_newest_come_first_and_the_old_and_withdrawn_not_at_all(sessions, save: Save) -> None:
    save(
        listed(1, day=DAY - timedelta(days=3)),
        listed(2),
        listed(3, day=DAY - timedelta(days=31)),
        listed(4, withdrawn=True),
        listed(5),
    )
    found = missing(sessions)
    assert [each.text.split("\n")[0] for each in found] == [
        f"Paper number {number}" for number in (5, 2, 1)
    ]
    assert found[0].text.split("\n")[1] == "What paper number 5 is about."
    assert missing(sessions, limit=2) == found[:2]


def test_vectors_come_back_in_key_order_and_nearly_exact(sessions, save: Save) -> None:
    save(*[listed(number) for number in range(40)])
    texts = missing(sessions)
    assert encode(sessions, texts) == 40
    assert missing(sessions) == []
    wanted = [each.entry_id for each in texts]
    ids, stored = read(sessions, [*wanted, *wanted, 10_000])
    assert ids.tolist() == sorted(wanted)
    assert stored.dtype == np.float16
    exact = dict(zip(wanted, ENCODER.encode([each.text for each in texts]), strict=True))
    got = stored.astype(np.float32)
    got /= np.linalg.norm(got, axis=1, keepdims=True)
    cosines = [row @ exact[entry_id] for entry_id, row in zip(ids.tolist(), got, strict=True)]
    assert min(cosines) > 1 - 1e-3


def test_another_encoder_has_its_own_vectors(sessions, save: Save) -> None:
    save(listed(1))
    texts = missing(sessions)
    encode(sessions, texts)
    assert missing(sessions, "another") == texts
    ids, rows = read(sessions, [texts[0].entry_id], "another")
    assert (ids.shape, rows.shape) == ((0,), (0, 0))


def test_no_ids_are_no_rows(sessions: Sessions) -> None:
    ids, rows = read(sessions, [])
    assert (ids.shape, rows.shape) == ((0,), (0, 0))


def test_a_changed_text_is_missing_again_but_its_old_vector_serves_until_then(
    sessions, save: Save
) -> None:
    save(listed(1, version=1))
    encode(sessions, missing(sessions))
    save(listed(1, version=1), now=LATER)
    assert missing(sessions) == []
    save(listed(1, version=2, title="Another title"), now=LATER)
    (again,) = missing(sessions)
    assert again.text.startswith("Another title\n")
    (_, before) = read(sessions, [again.entry_id])
    assert len(before) == 1
    encode(sessions, [again])
    assert missing(sessions) == []
    (_, after) = read(sessions, [again.entry_id])
    assert not np.array_equal(before, after)


def test_a_text_that_changes_while_it_is_encoded_is_missing_again(sessions, save: Save) -> None:
    save(listed(1, version=1))
    texts = missing(sessions)
    save(listed(1, version=2, title="Another title"), now=LATER)
    encode(sessions, texts)
    assert [each.text.split("\n")[0] for each in missing(sessions)] == ["Another title"]


def test_an_entry_that_is_gone_meanwhile_costs_only_itself(sessions, save: Save) -> None:
    save(listed(1), listed(2))
    texts = missing(sessions)
    with sessions.begin() as session:
        gone = session.get(Entry, texts[0].entry_id)
        session.delete(gone)
    assert encode(sessions, texts) == 1
    assert missing(sessions) == []


def test_vectors_go_with_their_entry_and_survive_a_merge(sessions, save: Save) -> None:
    save(listed(1), listed(2, keys=("doi:10.1/2",)))
    encode(sessions, missing(sessions))
    save(listed(3, keys=("arxiv:2606.00001", "doi:10.1/2")), now=LATER)
    with sessions() as session:
        (kept,) = session.scalars(select(EntryVector.entry_id))
        assert kept == session.scalar(select(Entry.id))
    with sessions.begin() as session:
        session.delete(session.get(Entry, kept))
    assert len(read(sessions, [kept])[0]) == 0


def test_two_who_save_the_same_at_once_leave_one_vector_each(sessions, save: Save) -> None:
    save(*[listed(number) for number in range(5)])
    texts = missing(sessions)
    assert encode(sessions, texts) == encode(sessions, texts[::-1]) == 5
    with sessions() as session:
        assert len(list(session.scalars(select(EntryVector.entry_id)))) == 5


def test_an_entry_touched_in_the_same_text_is_only_encoded_once_more(sessions, save: Save) -> None:
    save(listed(1))
    encode(sessions, missing(sessions))
    with sessions.begin() as session:
        session.execute(update(Entry).values(tldr="In short.", updated_at=LATER))
    encode(sessions, missing(sessions))
    assert missing(sessions) == []
