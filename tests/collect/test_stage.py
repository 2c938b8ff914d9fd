"""The collect stage: batches committed as they come, and a failing source costs only itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from newsletter.collect.http import Http
from newsletter.collect.port import Batch, Request
from newsletter.collect.registry import collector, kinds
from newsletter.collect.samples import records
from newsletter.collect.specs import read_spec
from newsletter.errors import SourceError, StoreError
from newsletter.model import Listed
from newsletter.stages.collect import CollectReport, Step, collect
from newsletter.stages.sources import add_source, add_spec, ensure_sources
from newsletter.store import sources
from newsletter.store.entries import Saved
from newsletter.store.tables import Edition, Entry, Listing
from tests import inputs, servers
from tests.servers import Web

NOW = datetime(2026, 6, 16, 6, tzinfo=UTC)
DAY = date(2026, 6, 16)
Sessions = sessionmaker[Session]
Run = Callable[..., CollectReport]

RSS = """<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:arxiv="http://arxiv.org/schemas/atom"><channel>
<pubDate>Tue, 16 Jun 2026 00:00:00 -0400</pubDate>{items}</channel></rss>"""
ITEM = """<item><title>Paper {n}</title><link>https://arxiv.org/abs/2606.{n:05}</link>
<description>arXiv:2606.{n:05}v1 Announce Type: {kind} \nAbstract: About {n}.</description>
<guid isPermaLink="false">oai:arXiv.org:2606.{n:05}v1</guid><category>cs.AI</category>
<arxiv:announce_type>{kind}</arxiv:announce_type><dc:creator>Ada Lovelace</dc:creator></item>"""


def rss(*papers: tuple[int, str]) -> bytes:
    return RSS.format(items="".join(ITEM.format(n=n, kind=kind) for n, kind in papers)).encode()


@pytest.fixture
def run(sessions: Sessions, make_http: Callable[..., Http]) -> Run:
    def go(names: list[str] | None = None, **more: Any) -> CollectReport:
        told = {"day": DAY, "now": NOW} | more
        return collect(sessions, make_http, names, **told)

    return go


def add(sessions: Sessions, name: str, kind: str, **settings: Any) -> None:
    with sessions.begin() as session:
        add_source(session, name, kind, settings)


def count(sessions: Sessions, table: type) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_one_failing_source_costs_only_itself(sessions: Sessions, run: Run, web: Web) -> None:
    web.put("/rss/cs.AI", rss((1, "new"), (2, "cross"), (3, "replace"), (1, "cross")))
    faults = {
        "html": servers.html_page("Log in"),
        "missing": servers.status(404),
        "busy": servers.status(429, retry_after="9999"),
        "zeros": servers.Reply(b"\0" * (5 << 20)),
        "empty": servers.Reply(b""),
        "bomb": servers.gzip_bomb(),
    }
    for name, reply in faults.items():
        add(sessions, name, "feed", address=web.put(f"/{name}", reply))
    add(sessions, "arxiv", "arxiv-rss", categories=["cs.AI"], base_url=web.url)
    steps: list[Step] = []
    report = run(on_progress=steps.append)
    told = {source.name: source for source in report.sources}
    assert (told["arxiv"].saved.new, told["arxiv"].saved.left_out) == (2, 1)
    assert told["arxiv"].notes == ("batch of 2026-06-16: 1 new, 1 cross, 1 replace",)
    lines = {
        "html": "answered an HTML page titled 'Log in' where a feed was expected",
        "missing": "answered 404 Not Found",
        "busy": "answered 429 Too Many Requests and asks to wait 9999 s",
        "zeros": "answered 5 MB of zero bytes where a feed was expected",
        "empty": "answered nothing (0 bytes)",
        "bomb": "answered more than 32 MB",
    }
    for name, line in lines.items():
        error = told[name].error
        assert error is not None
        assert line in error
        assert web.url in error
        assert "\n" not in error
    assert not report.complete
    assert (steps[0].done, steps[-1].done, steps[-1].total) == (0, 7, 7)
    with sessions() as session:
        edition = session.get_one(Edition, DAY)
        assert edition.report["missing"] == list(faults)
        assert edition.report["sources"]["arxiv"]["new"] == 2
        assert sources.get(session, "html").failures == 1
        assert sources.get(session, "arxiv").last_success_at == NOW


def test_the_edition_is_complete_once_all_have_answered(
    sessions: Sessions, run: Run, web: Web
) -> None:
    add(sessions, "good", "arxiv-rss", categories=["cs.AI"], base_url=web.url)
    add(sessions, "late", "feed", address=f"{web.url}/late")
    web.put("/rss/cs.AI", rss((1, "new")))
    assert not run().complete
    web.put("/late", b"<rss version='2.0'><channel><title>x</title></channel></rss>")
    assert run(["late"]).complete
    web.put("/late", servers.status(404))
    assert run(["late"]).complete, "what has answered for the day has answered"
    with sessions() as session:
        assert sources.get(session, "late").failures == 1
    with pytest.raises(StoreError, match="there is no source 'nobody'"):
        run(["nobody"])


def test_a_second_visit_costs_one_304_and_stores_nothing(
    sessions: Sessions, run: Run, web: Web
) -> None:
    add(sessions, "arxiv", "arxiv-rss", categories=["cs.AI"], base_url=web.url)
    web.put("/rss/cs.AI", servers.conditional(rss((1, "new"))))
    assert run().saved.new == 1
    again = run()
    assert again.sources[0].unchanged
    assert again.complete
    assert [asked.headers.get("if-none-match") for asked in web.asked] == [None, '"1"']
    assert (count(sessions, Entry), count(sessions, Listing)) == (1, 1)


def test_validators_are_not_kept_when_the_answer_could_not_be_read(
    sessions: Sessions, run: Run, web: Web
) -> None:
    add(sessions, "arxiv", "arxiv-rss", categories=["cs.AI"], base_url=web.url)
    web.put("/rss/cs.AI", servers.conditional(b"<html>Maintenance</html>"))
    assert run().sources[0].error
    web.put("/rss/cs.AI", servers.conditional(rss((1, "new"))))
    assert run().saved.new == 1


@dataclass
class Scripted:
    """A collector that yields what it is told, and raises what is no batch."""

    script: list[Batch | Exception]
    cursors: list[Mapping[str, Any]]

    def check(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        return dict(settings)

    def collect(self, request: Request, http: Http) -> Iterator[Batch]:
        self.cursors.append(request.cursor)
        for step in self.script:
            if isinstance(step, Exception):
                raise step
            yield step


def listed(number: int) -> Listed:
    return Listed(keys=(f"arxiv:2606.{number:05}",), title=f"Paper {number}", day=DAY)


def test_what_came_before_a_failure_is_kept_and_the_cursor_with_it(
    sessions: Sessions, run: Run
) -> None:
    add(sessions, "harvest", "samples")
    add(sessions, "broken", "samples")
    first = Batch((listed(1),), cursor={"page": 1})
    second = Batch((listed(2),), problems=("one left out",), cursor={"page": 2})
    harvest = Scripted([first, second, SourceError("the line\nbroke")], [])
    report = run(["harvest"], collector_of=lambda _kind: harvest)
    assert report.sources[0].error == "the line broke"
    assert report.sources[0].problems == ("one left out",)
    assert count(sessions, Entry) == 2
    harvest.script = [Batch((listed(2),))]
    run(["harvest"], collector_of=lambda _kind: harvest)
    assert harvest.cursors == [{}, {"page": 2}]
    slip = Scripted([Batch((listed(3),)), KeyError("title")], [])
    report = run(["broken"], collector_of=lambda _kind: slip)
    assert report.sources[0].error == "the collector itself broke: KeyError: 'title'"
    assert count(sessions, Entry) == 3


def test_no_transaction_is_open_while_a_source_is_asked(sessions: Sessions, run: Run) -> None:
    add(sessions, "one", "samples")
    engine = sessions.kw["bind"]

    class Watching(Scripted):
        def collect(self, request: Request, http: Http) -> Iterator[Batch]:
            for number in range(3):
                assert engine.pool.checkedout() == 0
                yield Batch((listed(number),))

    assert run(collector_of=lambda _kind: Watching([], [])).sources[0].error is None


def test_a_lying_source_does_not_fill_the_report(sessions: Sessions, run: Run) -> None:
    add(sessions, "one", "samples")
    lies = Scripted([Batch(problems=tuple(f"line {n}" for n in range(1000)))], [])
    problems = run(collector_of=lambda _kind: lies).sources[0].problems
    assert (len(problems), problems[-1]) == (51, "and 950 more lines")


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


def test_kinds_are_found_by_their_entry_points() -> None:
    assert {"arxiv-api", "arxiv-rss", "feed", "hf-daily", "samples"} <= set(kinds())
    with pytest.raises(SourceError, match="no kind of source 'gopher'"):
        collector("gopher")


@pytest.mark.parametrize(
    ("spec", "kind", "settings"),
    [
        ("arxiv-rss:cs.AI+cs.LG", "arxiv-rss", {"categories": ["cs.AI", "cs.LG"]}),
        ("hf-daily", "hf-daily", {}),
        ("https://example.org/feed", "feed", {"address": "https://example.org/feed"}),
        ("feed:https://example.org/feed", "feed", {"address": "https://example.org/feed"}),
    ],
)
def test_specs(spec: str, kind: str, settings: dict[str, Any]) -> None:
    assert read_spec(spec) == (kind, settings)
    collector(kind).check(settings)


@pytest.mark.parametrize(
    ("kind", "settings", "line"),
    [
        ("arxiv-rss", {}, "categories is empty"),
        ("arxiv-rss", {"categories": "cs.AI/../x"}, "no arXiv category"),
        ("arxiv-rss", {"categories": ["cs.AI"], "format": "csv"}, "format must be rss or atom"),
        ("arxiv-rss", {"category": "cs.AI"}, "unknown setting 'category'"),
        ("arxiv-api", {}, "name one of categories, search or ids"),
        ("arxiv-api", {"ids": ["x"]}, "'x' is no arXiv id"),
        ("arxiv-api", {"search": "a", "page": 0}, "page must be a whole number from 1 to 2000"),
        ("hf-daily", {"base_url": "huggingface.co"}, "base_url must be an http or https address"),
        ("feed", {}, "address must be an http or https address"),
        ("feed", {"address": "file:///etc/passwd"}, "address must be an http or https address"),
        ("samples", {"x": 1}, "unknown setting 'x'"),
    ],
)
def test_bad_settings_are_told_in_plain_words(
    kind: str, settings: dict[str, Any], line: str
) -> None:
    with pytest.raises(SourceError, match=line):
        collector(kind).check(settings)


def test_sources_follow_the_settings(sessions: Sessions) -> None:
    with sessions.begin() as session:
        add_spec(session, "https://example.org/by-hand", "by hand")
        ensure_sources(session, ["hf-daily", "arxiv-rss:cs.AI"])
    with sessions.begin() as session:
        ensure_sources(session, ["arxiv-rss:cs.LG", "hf-daily"])
    with sessions() as session:
        enabled = [view.name for view in sources.all_sources(session, enabled_only=True)]
    assert enabled == ["by hand", "hf-daily", "arxiv-rss:cs.LG"]
    with sessions.begin() as session:
        sources.remove(session, "by hand")
        with pytest.raises(StoreError, match="already a source 'hf-daily'"):
            add_spec(session, "hf-daily")
        with pytest.raises(SourceError, match="names no source"):
            ensure_sources(session, ["gopher"])


def test_a_paper_announced_by_two_categories_keeps_its_strongest_type(
    sessions: Sessions, run: Run, web: Web
) -> None:
    web.put("/rss/cs.AI", rss((1, "cross")))
    web.put("/rss/cs.LG", rss((1, "new")))
    for name in ("cs.AI", "cs.LG"):
        add(sessions, name, "arxiv-rss", categories=[name], base_url=web.url)
    assert run().saved.new == 1
    with sessions() as session:
        assert sorted(session.scalars(select(Listing.type))) == ["cross", "new"]


def test_a_bomb_of_entities_is_harmless(sessions: Sessions, run: Run, web: Web) -> None:
    entities = "".join(
        f'<!ENTITY e{n} "{"&e" + str(n - 1) + ";" if n else "lol"}{("&e" + str(n - 1) + ";") * 9 if n else ""}">'
        for n in range(12)
    )
    bomb = rss((1, "new")).decode().replace("Paper 1", "&e11;")
    body = f"<!DOCTYPE rss [{entities}]>{bomb}".encode()
    web.put("/rss/cs.AI", body)
    add(sessions, "arxiv", "arxiv-rss", categories=["cs.AI"], base_url=web.url)
    add(sessions, "feed", "feed", address=web.put("/feed", body), max_age_days=0)
    report = run()
    assert report.sources[0].error or report.sources[0].problems
    with sessions() as session:
        assert all(len(title) < 200 for title in session.scalars(select(Entry.title)))


def test_a_feed_of_ten_thousand_entries_is_cut_and_said_so(
    sessions: Sessions, run: Run, web: Web
) -> None:
    items = "".join(
        f"<item><title>Post {n}</title><link>https://blog.example/{n}</link></item>"
        for n in range(10_000)
    )
    body = f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>".encode()
    add(sessions, "feed", "feed", address=web.put("/feed", body))
    report = run()
    assert report.saved.new == 2000
    assert report.sources[0].problems == ("10000 entries, only the first 2000 read (most)",)


def test_old_posts_are_no_news(sessions: Sessions, run: Run, web: Web) -> None:
    items = "".join(
        f"<item><title>{when}</title><link>https://blog.example/{n}</link><pubDate>{when}</pubDate></item>"
        for n, when in enumerate(
            ["Mon, 15 Jun 2026 23:00:00 -0500", "Mon, 01 Jan 2024 00:00:00 GMT", "no date at all"]
        )
    )
    body = f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>".encode()
    add(sessions, "feed", "feed", address=web.put("/feed", body))
    report = run()
    assert report.saved.new == 2
    assert report.sources[0].notes == ("1 entry older than 14 days left out",)
    with sessions() as session:
        listed_on = set(session.scalars(select(Entry.first_listed_on)))
    assert listed_on == {date(2026, 6, 15), DAY}


def test_reports_are_plain_data(sessions: Sessions, run: Run, web: Web) -> None:
    add(sessions, "one", "feed", address=f"{web.url}/nothing")
    told = run().as_dict()
    assert told["day"] == "2026-06-16"
    assert told["sources"][0]["answered"] is False
    report = replace(run().sources[0], seconds=0.123, unchanged=True, saved=Saved(unchanged=3))
    told = report.as_dict()
    assert told["seconds"] == 0.12
    assert (told["not_modified"], told["unchanged"]) == (True, 3)
