"""Days that were recorded, and the sample papers, through the collect stage."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from newsletter.collect.samples import records
from newsletter.store.tables import Entry
from tests import inputs
from tests.collect.stage import DAY, NOW, Run, Sessions, add, count
from tests.servers import Web


def test_recorded_days_of_two_sources_make_one_edition(
    sessions: Sessions, run: Run, web: Web
) -> None:
    folder = inputs.require("inputs", "sources")
    web.put("/rss/cs.AI", (folder / "arxiv-rss" / "arxiv_cs_ai.xml").read_bytes())
    web.put("/api/daily_papers", (folder / "hf-daily-papers" / "2026-06-16.json").read_bytes())
    add(sessions, "arxiv", "arxiv-rss", categories=["cs.AI"], base_url=web.url)
    add(sessions, "hf", "hf-daily", base_url=web.url, days_back=0)
    report = run()
    assert report.sources[0].lacks == (
        "the batch of Tuesday 16 June is late, or the day a holiday; it still shows Monday 27 April"
    )
    assert not report.complete
    assert report.saved.new == count(sessions, Entry) > 30
    assert run().saved.new == 0
    assert run(now=replace_hour(14)).complete, "after the deadline, without it"


def test_the_samples_are_a_day_worth_of_good_papers(sessions: Sessions, run: Run) -> None:
    add(sessions, "samples", "samples")
    report = run()
    assert report.complete
    assert report.saved.new == len(records()) == 60
    with sessions() as session:
        days = set(session.scalars(select(Entry.first_listed_on)))
    assert days == {DAY}
    assert run(now=replace_hour(12)).saved.new == 0


def replace_hour(hour: int) -> datetime:
    return NOW.replace(hour=hour)


def test_sample_papers_are_whole_and_their_abstracts_our_own() -> None:
    papers = records()
    assert len({paper["id"] for paper in papers}) == 60
    for paper in papers:
        assert set(paper) <= {
            "id", "title", "abstract", "authors", "categories", "published_at", "votes",
            "comments", "organisation", "code_url",
        }  # fmt: skip
        assert paper["title"] == paper["title"].strip()
        assert 60 <= len(paper["abstract"].split()) <= 110, paper["id"]
        assert paper["authors"]
    assert max(len(paper["authors"]) for paper in papers) > 100
    theirs = {record["id"]: record["abstract"] for record in inputs.stream()}
    for paper in papers:
        original = set(words_in_eights(theirs.get(paper["id"], "")))
        assert not original & set(words_in_eights(paper["abstract"])), paper["id"]


def words_in_eights(text: str) -> list[tuple[str, ...]]:
    words = text.lower().split()
    return [tuple(words[start : start + 8]) for start in range(len(words) - 7)]
