"""Searching, from what was typed to the page: order, pages, other spellings, and with places in a space."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event

from newsletter.app import App
from newsletter.match.highlight import Piece
from newsletter.match.query import parse_query
from newsletter.stages.search import MOST_A_PAGE, MOST_RESULTS, Order, Results
from newsletter.store import entries, sources
from tests.factories import DAY, NOW, listed


def save(app: App, *papers: tuple[str, str], **more: object) -> None:
    with app.sessions.begin() as session:
        known = [each.id for each in sources.all_sources(session)]
        source = known[0] if known else sources.add(session, "papers", "samples", {}).id
        batch = [
            listed(n, title=title, abstract=abstract, **more)
            for n, (title, abstract) in enumerate(papers)
        ]
        entries.save(session, source, batch, NOW)


def look(app: App, typed: str, **more: object) -> Results:
    with app.sessions() as session:
        return app.searcher.search(session, parse_query(typed), NOW, **more)


def titles(results: Results) -> list[str]:
    return [found.entry.title for found in results.found]


def test_a_search_without_any_space_finds_and_marks(app: App) -> None:
    save(app, ("On <b>caches</b>", "A cache & more."), ("Else", "Nothing."))
    results = look(app, "cache")
    [found] = results.found
    assert found.title == (Piece("On <b>"), Piece("caches", marked=True), Piece("</b>"))
    assert found.snippet == (Piece("A "), Piece("cache", marked=True), Piece(" & more."))
    assert (results.total, results.cut, results.loose, results.problems) == (1, False, 0, ())


def test_pages_follow_each_other_without_gap_or_repetition(app: App) -> None:
    save(app, *((f"Cache {n}", "About caches.") for n in range(25)))
    pages = [titles(look(app, "cache", offset=start, count=10)) for start in (0, 10, 20, 30)]
    assert [len(page) for page in pages] == [10, 10, 5, 0]
    assert len({title for page in pages for title in page}) == 25
    assert look(app, "cache", offset=-5, count=-1).found == ()
    assert len(look(app, "cache", offset=-5, count=9).found) == 9


def test_more_than_can_be_ranked_are_cut_and_that_is_told(app: App) -> None:
    save(app, *((f"Cache {n}", "About caches.") for n in range(MOST_RESULTS + 20)))
    results = look(app, "cache", offset=MOST_RESULTS, count=10_000)
    assert (results.total, results.cut, results.found) == (MOST_RESULTS, True, ())
    assert len(look(app, "cache", count=10_000).found) == MOST_A_PAGE


def test_the_newest_first_if_wanted(app: App) -> None:
    save(app, ("First", "Caches, caches and caches."), ("Second", "One cache among many words."))
    assert titles(look(app, "cache", order=Order.NEWEST)) == ["Second", "First"]


def test_where_few_have_all_words_those_with_some_follow(app: App) -> None:
    save(
        app, ("Both", "Cache of runes."), ("One", "Cache."), ("Other", "Runes."), ("None", "Else.")
    )
    results = look(app, "cache runes")
    assert titles(results)[0] == "Both"
    assert set(titles(results)) == {"Both", "One", "Other"}
    assert results.loose == 2
    assert titles(look(app, "cache runes", order=Order.NEWEST)) == ["Both"]


@pytest.mark.parametrize("typed", ["author:Schmidhubr", "schmidhubr", "author:Smidhuber gears"])
def test_a_misspelt_name_finds_its_bearer_and_says_so(app: App, typed: str) -> None:
    save(app, ("Gears", "Of gears."), authors=("Jürgen Schmidhuber",))
    results = look(app, typed)
    assert titles(results) == ["Gears"]
    assert results.instead == ("Jürgen Schmidhuber",)


def test_a_name_that_is_right_is_not_replaced(app: App) -> None:
    save(app, ("One", "Of gears."), authors=("Ana Smith",))
    save(app, ("Two", "Of gears."), authors=("Ana Smyth",), keys=("arxiv:2606.00077",))
    results = look(app, "author:Smith")
    assert (titles(results), results.instead) == (["One"], ())


def test_beside_a_misspelt_name_one_that_is_right_stays(app: App) -> None:
    save(app, ("One", "Of gears."), authors=("Dong Chen",))
    save(app, ("Two", "Of gears."), authors=("Deng Chen",), keys=("arxiv:2606.00077",))
    results = look(app, "author:Dong Chenn")
    assert (titles(results), results.instead) == (["One"], ("Dong Chen",))


@pytest.mark.parametrize("typed", ["", "-survey", "a" * 10_000, "\0\0", 'author: "'])
def test_nothing_to_look_for_asks_no_database(app: App, typed: str) -> None:
    asked: list[str] = []
    event.listen(app.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    results = look(app, typed)
    assert (results.found, results.total, asked) == ((), 0, [])
    assert results.problems


def test_an_unknown_source_is_told(app: App) -> None:
    save(app, ("Gears", "Of gears."))
    assert look(app, "gears source:nowhere").problems == ("There is no source “nowhere” here.",)
    assert titles(look(app, "gears source:papers")) == ["Gears"]


def test_with_a_space_what_is_about_the_topic_comes_first(app: App) -> None:
    """One paper is about the words, the other one names them once more beside another topic."""
    texts = [
        *((f"Ships {n}", f"Harbour sails masts anchor and tide, part {n}.") for n in range(600)),
        *((f"Bread {n}", f"Flour oven yeast dough and crust, part {n}.") for n in range(600)),
        ("Aside", "Flour oven yeast dough and crust, with a harbour, a harbour and a harbour."),
        ("Harbours", "Sails masts anchor and tide in a harbour."),
    ]
    save(app, *texts, day=DAY)
    before = titles(look(app, "harbour -part"))
    assert set(before) == {"Aside", "Harbours"}
    app.refresh(NOW)
    later = NOW + timedelta(minutes=6)
    with app.sessions() as session:
        results = app.searcher.search(session, parse_query("harbour -part"), later)
    assert titles(results) == ["Harbours", "Aside"]
