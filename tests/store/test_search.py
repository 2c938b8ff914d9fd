"""Looking papers up, on both databases: what meets a search, and that the index follows what is saved."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select, text

from newsletter.match.lookup import lookup
from newsletter.match.query import parse_query
from newsletter.model import Listed, ListingType
from newsletter.store import entries, search, sources
from newsletter.store.engine import Sessions, _config, upgrade
from newsletter.store.search import Asked
from newsletter.store.searchable import SearchText
from newsletter.store.tables import Entry
from tests.factories import DAY, NOW, listed


def save(sessions: Sessions, *papers: Listed, source: str = "arxiv-rss") -> None:
    with sessions.begin() as session:
        known = {each.name: each.id for each in sources.all_sources(session)}
        if source not in known:
            known[source] = sources.add(session, source, source, {}).id
        entries.save(session, known[source], papers, NOW)


def found(sessions: Sessions, typed: str, *, ranked: bool = True, loose: bool = False) -> list[str]:
    """The titles of what meets a search, in order."""
    query = parse_query(typed)
    look = lookup(query)
    asked = Asked.any_of(look) if loose else Asked.all_of(look)
    with sessions() as session:
        hits = search.candidates(session, query, asked, 100, ranked=ranked)
        titles = dict(session.execute(select(Entry.id, Entry.title)).all())
    return [titles[hit.entry_id] for hit in hits]


@pytest.fixture
def shelf(sessions: Sessions) -> Sessions:
    """Five papers that differ in all that can be asked for."""
    save(
        sessions,
        paper(1, "Speculative decoding", "We decode with KV-caches of language models."),
        paper(
            2,
            "A survey",
            "On decoding with a cache for KV stores.",
            authors=("Jürgen Schmidhuber",),
        ),
        paper(
            3, "Graphs", "State of the art: networks.", authors=("Geoffrey E. Hinton", "Wei Zhang")
        ),
        paper(4, "Poetry", "By hand.", authors=("Ada Hinton",), categories=("cs.CV", "stat.ML")),
    )
    save(
        sessions,
        paper(5, "Old news", "Decoding of old.", day=date(2020, 3, 1), keywords=("runes",)),
        source="biorxiv",
    )
    return sessions


def paper(number: int, title: str, abstract: str, **more: Any) -> Listed:
    return listed(number, title=title, abstract=abstract, **more)


@pytest.mark.parametrize(
    ("typed", "titles"),
    [
        ("decoding", {"Speculative decoding", "A survey", "Old news"}),
        ("DECODING language model", {"Speculative decoding"}),
        ('"kv cache"', {"Speculative decoding"}),
        ("kv-cache", {"Speculative decoding"}),
        ("kv cache", {"Speculative decoding", "A survey"}),
        ('"decoding we"', set()),  # a title does not run on into the abstract
        ("state-of-the-art", {"Graphs"}),
        ("the survey", {"A survey"}),
        ("decoding -survey", {"Speculative decoding", "Old news"}),
        ('decoding -"kv caches"', {"A survey", "Old news"}),
        ("Schmidhuber", {"A survey"}),
        ("author:schmidhuber", {"A survey"}),
        ("author:Hinton", {"Graphs", "Poetry"}),
        ('author:"G. Hinton"', {"Graphs"}),
        ('author:"Hinton, Geoffrey"', {"Graphs"}),
        ('author:"Ada Zhang"', set()),
        ("author:decoding", set()),
        ("-author:Hinton cat:cs", {"Speculative decoding", "A survey", "Old news"}),
        ("cat:cs.CV", {"Poetry"}),
        ("cat:stat", {"Poetry"}),
        ("decoding -cat:cs.CL", set()),
        ("runes", {"Old news"}),
        ("after:2026", {"Speculative decoding", "A survey", "Graphs", "Poetry"}),
        ("before:2020-03-02", {"Old news"}),
        ("before:2020-03", set()),
        ("after:2020-03-01 before:2021 decoding", {"Old news"}),
        ("source:biorxiv", {"Old news"}),
        ("decoding source:arxiv", {"Speculative decoding", "A survey"}),
        ("decoding -source:arxiv", {"Old news"}),
        ("arxiv:2606.00003", {"Graphs"}),
        ("arxiv:2606.00003 decoding", set()),
        ("nothingofthekind", set()),
    ],
)
def test_what_meets_a_search(shelf: Sessions, typed: str, titles: set[str]) -> None:
    assert set(found(shelf, typed)) == titles
    assert set(found(shelf, typed, ranked=False)) == titles


def test_titles_count_for_more_and_the_newest_come_first_without_ranking(shelf: Sessions) -> None:
    assert found(shelf, "decoding")[0] == "Speculative decoding"
    assert found(shelf, "decoding", ranked=False)[0] == "Old news"  # the last that was stored


def test_some_of_the_words_may_do_but_names_and_categories_stay(shelf: Sessions) -> None:
    assert set(found(shelf, "survey poetry", loose=True)) == {"A survey", "Poetry"}
    assert found(shelf, "survey poetry author:Hinton", loose=True) == ["Poetry"]


def test_only_the_newest_are_candidates(shelf: Sessions) -> None:
    query = parse_query("cat:cs")
    with shelf() as session:
        hits = search.candidates(session, query, Asked.all_of(lookup(query)), 2, ranked=False)
        newest = session.scalars(select(Entry.id).order_by(Entry.id.desc()).limit(2)).all()
    assert [hit.entry_id for hit in hits] == newest


def test_a_new_version_is_found_by_its_new_words_alone(shelf: Sessions) -> None:
    later = paper(1, "Sampling", "We sample.", version=2, type=ListingType.REPLACE)
    save(shelf, later)
    assert found(shelf, "sampling") == ["Sampling"]
    assert "Sampling" not in found(shelf, "decoding")


def test_what_a_rolled_back_batch_brought_is_not_found(shelf: Sessions) -> None:
    with shelf() as session:
        source = next(iter(sources.all_sources(session))).id
        entries.save(session, source, [paper(9, "Vanished", "Gone.")], NOW)
        session.rollback()
    assert found(shelf, "vanished") == []


def test_merged_papers_are_found_once_by_the_words_of_both(sessions: Sessions) -> None:
    address = "url:https://example.org/a"
    save(sessions, listed(1, title="One", abstract="Kittens."))
    save(
        sessions, listed(2, keys=(address,), title="One", abstract="Kittens.", keywords=("claws",))
    )
    save(sessions, listed(1, keys=("arxiv:2606.00001", address), title="One", abstract="Kittens."))
    assert found(sessions, "kittens claws") == ["One"]
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(SearchText)) == 1


def test_withdrawn_and_deleted_papers_are_not_found(shelf: Sessions) -> None:
    with shelf.begin() as session:
        entries.withdraw(session, ["arxiv:2606.00004"], NOW)
        session.execute(text("DELETE FROM entry_key WHERE key = 'arxiv:2606.00005'"))
        session.execute(text("DELETE FROM listing WHERE entry_id = 5"))
        session.execute(text("DELETE FROM entry WHERE key = 'arxiv:2606.00005'"))
    assert found(shelf, "poetry") == []
    assert found(shelf, "runes") == []


def test_a_publication_day_counts_before_the_day_of_the_listing(sessions: Sessions) -> None:
    published = datetime(2019, 12, 31, 23, tzinfo=UTC)
    save(sessions, paper(1, "Late", "Told late.", day=DAY, published_at=published))
    assert found(sessions, "before:2020") == ["Late"]
    assert found(sessions, "after:2020") == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Schmidhubr", "schmidhuber"),
        ("Shmidhuber", "schmidhuber"),
        ("Hitnon", "hinton"),
        ("Geofrey Hinton", "geoffrey hinton"),
        ("G. Hintom", "g hinton"),
    ],
)
def test_misspelt_names_lead_to_known_ones(shelf: Sessions, typed: str, meant: str) -> None:
    with shelf() as session:
        assert meant in search.spellings(session, typed)


def test_a_name_like_nobodys_leads_nowhere(shelf: Sessions) -> None:
    with shelf() as session:
        for typed in ("Quartermain", "xyz", "...", "\u3042", "Hinton Quartermain"):
            assert search.spellings(session, typed) == ()


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    st.text(max_size=80)
    | st.lists(
        st.sampled_from(
            [
                '"',
                "-",
                "a",
                "'",
                "author:",
                "β",
                "日本",
                "*",
                ":",
                "cat:cs.CL",
                "NEAR(",
                "))",
                "\\",
                "the",
                "%",
                "🙂",
            ]
        )
    ).map(" ".join)
)
def test_nothing_that_is_typed_breaks_the_database(shelf: Sessions, typed: str) -> None:
    for loose in (False, True):
        found(shelf, typed, loose=loose)


@given(abstract=st.text(max_size=300))
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_any_text_can_be_indexed_and_found_by_its_own_words(
    sessions: Sessions, abstract: str
) -> None:
    number = abs(hash(abstract)) % 90_000
    clean = "".join(
        char for char in abstract if char.isprintable() and not 0xD800 <= ord(char) < 0xE000
    )
    save(sessions, paper(number, f"Marker{number}", clean))
    assert found(sessions, f"marker{number}")


def test_a_migration_indexes_what_was_stored_before(engine: Engine, shelf: Sessions) -> None:
    with engine.begin() as connection:
        command.downgrade(_config(connection), "0011")
    upgrade(engine)
    assert set(found(shelf, "decoding kv")) == {"Speculative decoding", "A survey"}
    assert found(shelf, "author:schmidhuber") == ["A survey"]
    with shelf() as session:
        assert search.spellings(session, "Schmidhubr") == ("schmidhuber",)
