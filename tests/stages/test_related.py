"""Related papers, from the stored texts to the line why; and the places that they are found by."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from newsletter.app import App
from newsletter.stages.meaning import Meaning
from newsletter.stages.placing import PREFIX, name_of, place_missing
from newsletter.stages.related import MOST_RELATED, Related, RelatedPapers
from newsletter.stages.shelf import Shelf
from newsletter.stages.spaces import Spaces
from newsletter.stages.vectors import encode_missing
from newsletter.store import entries, sources, vectors
from newsletter.store.spaces import versions
from tests.encoders import WordBags
from tests.factories import NOW, listed

SHIPS = [(f"Ships {n}", f"Harbour sails masts anchor and tide {n}.") for n in range(4)]
BREAD = [(f"Bread {n}", f"Flour oven yeast dough and crust {n}.") for n in range(4, 8)]
LATER = NOW + timedelta(minutes=6)


def save(app: App, papers: list[tuple[str, str]], first: int = 0, **more: object) -> list[int]:
    with app.sessions.begin() as session:
        known = [each.id for each in sources.all_sources(session)]
        source = known[0] if known else sources.add(session, "papers", "samples", {}).id
        batch = [
            listed(n, title=title, abstract=abstract, **more)
            for n, (title, abstract) in enumerate(papers, first)
        ]
        entries.save(session, source, batch, NOW)
        found = entries.ids_by_key(session, [paper.keys[0] for paper in batch])
        return [found[paper.keys[0]] for paper in batch]


def many(app: App) -> list[int]:
    """An archive that is large enough for a space: half of it ships, half of it bread."""
    # Numbers are words, too: none is in both halves.
    ships = [(f"Ships {n}", f"Harbour sails masts anchor tide, {n % 50}.") for n in range(600)]
    bread = [
        (f"Bread {n}", f"Flour oven yeast dough crust, {n % 50 + 600}.") for n in range(600, 1200)
    ]
    return save(app, [*ships, *bread])


def related(app: App, entry_id: int, now: datetime = NOW, **more: int) -> tuple[Related, ...]:
    with app.sessions() as session:
        return app.related_papers.related(session, entry_id, now, **more)


def test_a_small_archive_has_related_papers_too(app: App) -> None:
    published = datetime(2026, 1, 2, tzinfo=UTC)
    ids = save(app, [*SHIPS, *BREAD], published_at=published)
    found = related(app, ids[0])
    assert {each.entry.id for each in found} == set(ids[1:4])
    assert {each.day for each in found} == {date(2026, 1, 2)}
    assert all(each.why.startswith("Also by Ada Lovelace; both speak of “") for each in found)
    assert [each.likeness for each in found] == sorted((f.likeness for f in found), reverse=True)


def test_neither_the_paper_nor_its_other_versions_nor_withdrawn_ones_are_shown(app: App) -> None:
    ids = save(app, [*SHIPS, ("Ships 0", "Harbour sails masts anchor and tide 0.")])
    with app.sessions.begin() as session:
        entries.withdraw(session, ["arxiv:2606.00001"], NOW)
    assert {each.entry.id for each in related(app, ids[0])} == {ids[2], ids[3]}


def test_versions_of_one_paper_stand_beside_another_once(app: App) -> None:
    ids = save(app, [*SHIPS[:2], ("ships 1!", "Harbour sails masts and tide, otherwise."), *BREAD])
    assert len([each for each in related(app, ids[0]) if "hips 1" in each.entry.title]) == 1


def test_a_paper_of_its_own_kind_has_none_and_an_unknown_one_neither(app: App) -> None:
    ids = save(app, [*SHIPS, ("Zebra", "Stripes.")])
    assert related(app, ids[-1]) == ()
    assert related(app, 10_000) == ()
    assert related(app, ids[0], count=0) == ()


def test_from_a_stored_space_up_places_decide(app: App) -> None:
    ids = many(app)
    app.refresh(NOW)
    found = related(app, ids[0], count=MOST_RELATED + 5)
    assert len(found) == MOST_RELATED
    assert {each.entry.title.split()[0] for each in found} == {"Ships"}
    assert related(app, ids[700], count=3)[0].entry.title.startswith("Bread")


def test_new_papers_are_placed_and_seen_some_minutes_later(app: App) -> None:
    ids = many(app)
    app.refresh(NOW)
    shelf = app.related_papers.shelf

    def is_seen(entry_id: int, now: datetime) -> bool:
        with app.sessions() as session:
            return bool(shelf.shelved(session, now).papers.rows([entry_id])[0] >= 0)

    assert is_seen(ids[0], NOW)
    [fresh] = save(app, [("A ship", "Masts, sails and an anchor for the tide.")], 5000)
    assert {each.entry.title.split()[0] for each in related(app, fresh)} == {
        "Ships"
    }  # not placed yet
    app.learn(NOW)
    assert not is_seen(fresh, NOW + timedelta(minutes=4))
    assert is_seen(fresh, LATER)
    assert {each.entry.title.split()[0] for each in related(app, fresh, LATER)} == {"Ships"}


def test_each_paper_is_placed_once_and_again_when_its_text_changes(app: App) -> None:
    many(app)
    spaces = Spaces()
    assert place_missing(app.sessions, spaces) == 0  # there is no space yet
    spaces.refresh(app.sessions, NOW)
    assert place_missing(app.sessions, spaces) == 1200
    assert place_missing(app.sessions, spaces) == 0
    with app.sessions.begin() as session:
        source = next(iter(sources.all_sources(session))).id
        entries.save(session, source, [listed(3, title="Bread anew, a longer title")], LATER)
    assert place_missing(app.sessions, spaces) == 1


def test_a_stop_is_heeded_and_what_is_left_is_placed_by_the_next(app: App) -> None:
    many(app)
    spaces = Spaces()
    spaces.refresh(app.sessions, NOW)
    answers = iter([False, True])
    assert place_missing(app.sessions, spaces, lambda: next(answers)) == 1000
    assert place_missing(app.sessions, spaces) == 200


def test_a_newer_space_takes_over_once_papers_are_placed_in_it(app: App) -> None:
    ids = many(app)
    app.refresh(NOW)
    shelf = Shelf()
    with app.sessions() as session:
        old = versions(session)[0]
        assert shelf.shelved(session, NOW).version == old
    much_later = NOW + timedelta(days=30)
    spaces = Spaces()
    assert spaces.refresh(app.sessions, much_later)
    with app.sessions() as session:
        assert shelf.shelved(session, much_later).version == old
        new = versions(session)[0]
    assert new != old
    place_missing(app.sessions, spaces)
    with app.sessions() as session:
        shelved = shelf.shelved(session, much_later + timedelta(minutes=6))
        assert shelved.version == new
        assert len(shelved.papers) == len(ids)
        assert vectors.counts(session, [name_of(old)]) == {}
        assert name_of(new).startswith(PREFIX)


@pytest.mark.parametrize("encoded", [True, False])
def test_what_papers_mean_counts_where_they_are_encoded(app: App, encoded: bool) -> None:
    ids = many(app)
    app.refresh(NOW)
    encoder = WordBags()
    if encoded:
        encode_missing(app.sessions, encoder, NOW, 30)
    papers = RelatedPapers(Shelf(Meaning(encoder)))
    with app.sessions() as session:
        found = papers.related(session, ids[0], NOW)
        semantic = papers.shelf.shelved(session, NOW).papers.semantic
    assert semantic.shape == (1200, 64 if encoded else 0)
    assert bool(np.asarray(semantic).any()) == encoded
    assert {each.entry.title.split()[0] for each in found} == {"Ships"}
