"""Collecting from loopback servers: a day of 1,500 entries, a harvest of 100,000, an unchanged source.

`collect.day_seconds`: arXiv's RSS and Hugging Face's list, read, parsed and stored. `collect.oai_*`:
made-up records of real size by OAI-PMH, a server of its own process, SQLite.
`collect.unchanged_*`: the same day once more.
"""

from __future__ import annotations

import json
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from html import escape
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from sqlalchemy import event

from benchmarks import harness
from newsletter.collect.http import Http
from newsletter.model import Listed
from newsletter.stages import collect as collecting
from newsletter.stages.sources import add_source
from newsletter.store import sources
from newsletter.store.engine import Sessions, open_engine, open_sessions, upgrade
from tests.collect.oai_server import Archive, Paper
from tests.servers import Asked, Reply, Web, conditional

DAY = date(2026, 6, 9)
NOW = datetime(2026, 6, 9, 8, tzinfo=UTC)
A_DAY = 2_000  # records that a day of the harvest holds
TEXT = "We study how a careful collector keeps every paper once, whatever its sources show. " * 14
ITEM = """<item><title>{title}</title><link>https://arxiv.org/abs/{id}</link>
<description>arXiv:{id}v1 Announce Type: new \nAbstract: {abstract}</description>
<guid isPermaLink="false">oai:arXiv.org:{id}v1</guid>{categories}
<pubDate>Tue, 09 Jun 2026 00:00:00 -0400</pubDate><arxiv:announce_type>new</arxiv:announce_type>
<dc:creator>{authors}</dc:creator></item>"""


def http() -> Http:
    return Http(contact="mailto:bench@example.org", allow_private=True)


@contextmanager
def database() -> Iterator[Sessions]:
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'newsletter.sqlite3'}")
        upgrade(engine)
        yield open_sessions(engine)
        engine.dispose()


def rss(papers: list[Listed]) -> bytes:
    items = "".join(
        ITEM.format(
            id=paper.keys[0].removeprefix("arxiv:"),
            title=escape(paper.title),
            abstract=escape(paper.abstract),
            authors=escape(", ".join(paper.authors)),
            categories="".join(f"<category>{name}</category>" for name in paper.categories),
        )
        for paper in papers
    )
    return (
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:arxiv="http://arxiv.org/schemas/atom"><channel>'
        f"<pubDate>Tue, 09 Jun 2026 00:00:00 -0400</pubDate>{items}</channel></rss>"
    ).encode()


def hugging_face(papers: list[Listed]) -> bytes:
    entries = [
        {
            "paper": {
                "id": paper.keys[0].removeprefix("arxiv:"),
                "title": paper.title,
                "summary": paper.abstract,
                "authors": [{"name": name} for name in paper.authors],
                "upvotes": paper.votes,
                "submittedOnDailyAt": f"{DAY}T06:00:00.000Z",
            },
            "numComments": 1,
        }
        for paper in papers
    ]
    return json.dumps(entries).encode()


def real_papers(wanted: int) -> tuple[list[Listed], list[Listed]]:
    """Enough real papers from the days around, as if all were announced on one."""
    found: tuple[list[Listed], list[Listed]] = ([], [])
    for offset in range(20):
        day = harness.stream_day(DAY + timedelta(days=offset))
        for kept, papers in zip(found, day, strict=True):
            kept.extend(papers)
        if len(found[0]) + 40 >= wanted:
            break
    arxiv = list({paper.keys[0]: paper for paper in found[0]}.values())[: max(1, wanted - 40)]
    return arxiv, found[1][:40]


def a_day(scale: float) -> None:
    arxiv, hf = real_papers(max(50, int(1500 * scale)))
    server = Web()
    server.put("/rss/cs.AI", conditional(rss(arxiv)))
    server.put("/api/daily_papers", conditional(hugging_face(hf)))
    with database() as sessions:
        with sessions.begin() as session:
            told = {"categories": ["cs.AI"], "base_url": server.url, "catch_up": 0}
            add_source(session, "arxiv", "arxiv-rss", told)
            add_source(session, "hf", "hf-daily", {"days_back": 0, "base_url": server.url})
        started = time.perf_counter()
        report = collecting.collect(sessions, http, day=DAY, now=NOW)
        seconds = time.perf_counter() - started
        assert report.complete, report
        listed = sum(source.saved.listed for source in report.sources)
        harness.report("collect.day_seconds", seconds, "s", entries=listed, new=report.saved.new)
        unchanged(sessions, server)
    server.close()


def unchanged(sessions: Sessions, server: Web) -> None:
    """A second collect: how much it asks, and what it writes beside the note that it was there."""
    written: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            written.append(" ".join(statement.split()))

    engine = sessions.kw["bind"]
    event.listen(engine, "before_cursor_execute", note)
    before = len(server.asked)
    report = collecting.collect(sessions, http, day=DAY, now=NOW + timedelta(hours=1))
    event.remove(engine, "before_cursor_execute", note)
    assert report.complete, report
    visits = [line for line in written if "last_success_at" in line or "UPDATE edition" in line]
    writes = [line for line in written if line not in visits]
    harness.report("collect.unchanged_requests", len(server.asked) - before, "requests", urls=2)
    harness.report(
        "collect.unchanged_writes",
        len(writes),
        "statements",
        visits_noted=len(visits),
    )


class Made(Archive):
    """The records of any day, made when they are asked for."""

    def __call__(self, asked: Asked) -> Reply:
        token = asked.query.get("resumptionToken", asked.query.get("from", ""))
        day = date.fromisoformat(token.partition("|")[0])
        number = (day - date(2025, 1, 1)).days
        month = f"25{number // 28 + 1:02}"
        self.papers = [
            Paper(f"{month}.{number % 28 * A_DAY + n:05}", day, abstract=TEXT)
            for n in range(self.size)
        ]
        return super().__call__(asked)

    size = A_DAY


def serve(size: int, told: Any, done: Event) -> None:
    server = Web()
    archive = Made(page=1000)
    archive.size = size
    server.put("/oai", archive)
    told.put(server.url)
    done.wait()
    server.close()


def harvest(scale: float) -> None:
    size = max(10, int(A_DAY * scale))
    context = multiprocessing.get_context("spawn")
    told, done = context.Queue(), context.Event()
    server = context.Process(target=serve, args=(size, told, done), daemon=True)
    server.start()
    url = told.get(timeout=60)
    with database() as sessions:
        with sessions.begin() as session:
            asked = {"base_url": url, "since": "2025-01-01", "days": 366, "categories": ["cs.AI"]}
            add_source(session, "arxiv", "arxiv-oai", asked)
        before = harness.peak_mb()
        started = time.perf_counter()
        report = collecting.collect(sessions, http, day=date(2025, 2, 19), now=NOW)
        seconds = time.perf_counter() - started
        with sessions() as session:
            assert sources.get(session, "arxiv").cursor["done"] == "2025-02-19"
    done.set()
    server.join(10)
    records = report.saved.new
    assert records == 50 * size, report
    harness.report(
        "collect.oai_records_per_second", records / seconds, "1/s", records=records, seconds=seconds
    )
    harness.report("collect.oai_peak_mb", harness.peak_mb(), "MB", before=round(before, 1))


def main() -> None:
    scale = harness.options(__doc__).scale
    harvest(scale)  # first, so that the peak is its own
    a_day(scale)


if __name__ == "__main__":
    main()
