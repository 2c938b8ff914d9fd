"""The day, the week and the month: in order, filtered, turned over, honest about what came."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from newsletter.app import App
from newsletter.model import SummaryState
from newsletter.stages.browsed import Batch, Quiet
from newsletter.store import editions, reading, signals
from newsletter.store.summaries import text_mark
from newsletter.store.tables import Entry
from newsletter.store.written import Summary
from newsletter.web.months import month
from newsletter.web.paging import pages
from newsletter.web.told import batch_words, quiet_words
from tests.factories import DAY, NOW, listed
from tests.web.conftest import Save

WEDNESDAY = f"/daily/{DAY}"


def titles(text: str) -> list[str]:
    return re.findall(r'<h3 dir="auto"><a [^>]+>(.*?)</a>', text)


def link(text: str, name: str) -> str:
    """Where the link with these words leads."""
    found = re.search(rf'<a [^>]*href="([^"]+)"[^>]*>{re.escape(name)}<', text)
    assert found, name
    return unescape(found[1])


def facet(text: str, name: str) -> str:
    """Where the filter of this name leads."""
    return link(text.replace("<span>", ""), name)


def test_without_papers_home_is_the_sign_up_form(site: TestClient) -> None:
    assert 'name="email"' in site.get("/").text


def test_home_is_the_latest_day_with_a_way_to_sign_up(save: Save, site: TestClient) -> None:
    save(listed(1), listed(2, day=DAY - timedelta(days=1)))
    home = site.get("/").text
    assert titles(home) == ["Paper number 1"]
    assert "Wednesday, 10 June 2026" in home
    assert 'action="/subscribe"' in home
    assert "Nothing has come today." in home
    assert link(home, "← 9 Jun 2026") == "/daily/2026-06-09"


def test_a_paper_in_a_list(save: Save, site: TestClient) -> None:
    save(listed(
        1, title="Weaving $n^2$ threads", authors=tuple("ABCDEF"), organisation="Looms Inc", votes=1204,
        comments=7, code_url="https://github.com/a/b", tldr="It weaves.",
        published_at=datetime(2026, 6, 1, tzinfo=UTC),
    ))  # fmt: skip
    text = site.get(WEDNESDAY).text
    for told in (
        *(
            "Weaving <i>n</i><sup>2</sup> threads",
            "It weaves.",
            "and 3 more",
            "Looms Inc",
            "1 Jun 2026",
        ),
        *("<b>1,204</b>", "7 comments", "https://github.com/a/b", ">cs.CL</a>"),
    ):
        assert told in text, told
    assert 'href="/authors/A"' in text
    assert 'href="/organisations/Looms%20Inc"' in text


def test_a_models_words_are_marked_in_lists(app: App, save: Save, site: TestClient) -> None:
    save(listed(1))
    with app.sessions.begin() as session:
        entry = session.query(Entry).one()
        session.add(Summary(
            entry_id=entry.id, text_mark=text_mark(entry.title, entry.abstract), model="tiny-model",
            state=SummaryState.WRITTEN, parts={"tldr": "In short."}, settled_at=NOW,
        ))  # fmt: skip
    text = site.get(WEDNESDAY).text
    assert "In short. <small>TL;DR by tiny-model</small>" in text


def test_orders(app: App, save: Save, site: TestClient) -> None:
    save(
        listed(1, votes=2, comments=0),
        listed(2, votes=30, comments=0),
        listed(3, votes=1, comments=9),
    )
    with app.sessions.begin() as session:
        ids = reading.ids_by_key(session, [f"arxiv:2606.0000{n}" for n in (1, 2, 3)])
        signals.record(session, {(ids["arxiv:2606.00002"], "hn-points"): 50}, NOW)
    day = site.get(WEDNESDAY).text
    assert titles(day)[0] == "Paper number 2"
    newest = site.get(link(day, "Newest")).text
    assert titles(newest) == ["Paper number 3", "Paper number 2", "Paper number 1"]
    discussed = site.get(link(newest, "Most discussed")).text
    assert titles(discussed)[0] == "Paper number 3"
    assert 'aria-current="true">Most discussed' in discussed
    assert "by=" not in link(discussed, "Trending")


def test_filters_keep_the_order_and_each_other(save: Save, site: TestClient) -> None:
    save(
        listed(1), listed(2, categories=("math.AG", "cs.CL")), kind="arxiv-rss", name="arxiv-rss:cs"
    )
    save(listed(3, categories=("cs.CV",)), kind="hf-daily", name="hf-daily")
    newest = site.get(f"{WEDNESDAY}?by=newest").text
    in_cl = site.get(facet(newest.partition("board-side")[2], "cs.CL")).text
    assert set(titles(in_cl)) == {"Paper number 1", "Paper number 2"}
    assert "2 papers" in in_cl
    both = site.get(facet(in_cl.partition("board-side")[2], "Hugging Face"))
    assert "No paper of this day meets that." in both.text
    assert str(both.url).endswith("?by=newest&category=cs.CL&source=hf-daily")
    assert titles(site.get(f"{WEDNESDAY}?source=hf-daily").text) == ["Paper number 3"]
    again = facet(in_cl.partition("board-side")[2], "cs.CL")
    assert "category" not in again, "pressing it again takes it off"


@pytest.mark.parametrize(
    "query", ["by=x&page=0", "page=-1&by=", "page=x", "category=%00", "source=" + "x" * 999]
)
def test_nonsense_shows_the_day(save: Save, site: TestClient, query: str) -> None:
    save(listed(1))
    assert titles(site.get(f"{WEDNESDAY}?{query}").text) == ["Paper number 1"]


def test_pages_of_a_long_day_stay_small(save: Save, site: TestClient) -> None:
    long = "What this paper is about takes a sentence that is as long as they come. " * 4
    save(*(listed(n, title=f"Paper {n} " + "with a title of some length " * 3, abstract=long,
                  authors=tuple(f"Author Number {k}" for k in range(9)), organisation="Some University")
           for n in range(64)))  # fmt: skip
    seen: list[str] = []
    address, sizes = WEDNESDAY, []
    style = len(site.get("/static/style.css").content)
    while address:
        answer = site.get(address)
        sizes.append(len(answer.content) + style)
        seen += titles(answer.text)
        address = link(answer.text, "Next page") if "Next page" in answer.text else ""
    assert len(seen) == len(set(seen)) == 64
    assert len(sizes) == 3
    assert max(sizes) < 80_000


def test_the_batch_is_told(app: App, save: Save, site: TestClient) -> None:
    save(listed(1), kind="arxiv-rss", name="arxiv-rss:cs")
    assert "1 from arXiv." in site.get(WEDNESDAY).text
    with app.sessions.begin() as session:
        told = {
            "arxiv-rss:cs": {
                "kind": "arxiv-rss",
                "answered": True,
                "missing": 0,
                "batch_day": str(DAY),
            }
        }
        editions.record_collection(session, DAY, told, ["arxiv-rss:cs"], NOW)
    assert "1 from arXiv, complete." in site.get(WEDNESDAY).text


def test_a_day_without_papers_says_why(save: Save, site: TestClient) -> None:
    save(listed(1), kind="arxiv-rss", name="arxiv-rss:cs")
    text = site.get("/daily/2026-06-07").text
    assert "There are no papers of this day." in text
    assert "arXiv announces nothing on Saturdays and Sundays." in text
    assert link(text, "10 Jun 2026 →") == WEDNESDAY
    assert "This day has not come yet." in site.get("/daily/2150-01-01").text


def test_the_words_for_batches_and_quiet_days() -> None:
    batches = [
        Batch(place="arXiv", count=1412, complete=True),
        Batch(place="Hugging Face", count=31),
        Batch(place="dblp", count=2, complete=False),
        Batch(place="PubMed", count=0, complete=False, failed=True),
        Batch(place="bioRxiv", count=5, complete=False, missing=3),
    ]
    assert batch_words(batches) == (
        "1,412 from arXiv, complete; 31 from Hugging Face; 2 from dblp, not all of it yet; "
        "0 from PubMed, which could not be read; 5 from bioRxiv, 3 more were announced"
    )
    assert len({quiet_words(quiet) for quiet in Quiet}) == len(Quiet)


@pytest.mark.parametrize("path", [
    *("/daily/2026-02-30", "/daily/20260610", "/daily/x", "/daily/0001-01-01", "/weekly/2026-W54"),
    *("/weekly/2026-W00", "/weekly/2026W24", "/weekly/9999-W01", "/monthly/2026-13", "/monthly/2026"),
])  # fmt: skip
def test_what_is_no_day(site: TestClient, path: str) -> None:
    assert site.get(path).status_code == 404


def test_the_week_and_the_month(save: Save, site: TestClient) -> None:
    save(listed(1, votes=3, comments=0), listed(2, day=DAY + timedelta(days=3), votes=80),
         listed(3, day=date(2026, 6, 29), votes=500))  # fmt: skip
    week = site.get("/weekly/2026-W24").text
    assert "Week 24 of 2026" in week
    assert titles(week) == ["Paper number 2", "Paper number 1"]
    assert link(week, "Later →") == "/weekly/2026-W27"
    month = site.get("/monthly/2026-06").text
    assert "June 2026" in month
    assert titles(month)[0] == "Paper number 3"
    assert site.get("/weekly").headers["location"].startswith("/weekly/20")
    assert site.get("/monthly").headers["location"].startswith("/monthly/20")
    assert site.get("/daily").headers["location"].startswith("/daily/20")


def test_the_calendar_leads_to_days_with_papers(save: Save, site: TestClient) -> None:
    save(listed(1), listed(2, day=date(2026, 6, 2)), listed(3, day=date(2026, 4, 30)))
    text = site.get(WEDNESDAY).text
    assert 'href="/daily/2026-06-02" aria-label="2 Jun 2026, 1 paper"' in text
    assert 'href="/daily/2026-06-03"' not in text
    assert link(text, "← April 2026") == "/monthly/2026-04"


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2199, 12, 31)))
def test_a_month_has_all_its_days_in_weeks(day: date) -> None:
    squares = [each for week in month(day, {}, {}).weeks for each in week]
    days = [each.day for each in squares if each]
    assert days == [days[0] + timedelta(days=n) for n in range(len(days))]
    assert (days[0].day, (days[-1] + timedelta(days=1)).day) == (1, 1)
    assert all(each is None or each.day.weekday() == at % 7 for at, each in enumerate(squares))
    assert [each.day for each in squares if each and each.shown] == [day]


@given(st.integers(1, 50), st.integers(1, 40), st.integers(0, 500))
def test_turning_pages_reaches_everything_once(number: int, size: int, total: int) -> None:
    shown = pages("/x", {"a": ""}, number, size, total)
    assert bool(shown.older) == (number * size < total)
    assert bool(shown.newer) == (number > 1)
    assert shown.last <= shown.total


def test_a_second_visit_costs_a_304(save: Save, site: TestClient) -> None:
    save(listed(1))
    for path in ("/", WEDNESDAY, "/weekly/2026-W24", "/monthly/2026-06"):
        first = site.get(path)
        assert first.headers["cache-control"].startswith("public")
        again = site.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304, path
    save(listed(2))
    assert titles(site.get("/").text) == ["Paper number 2", "Paper number 1"]
