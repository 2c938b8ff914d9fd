"""Faults on the way of whole visits: by the end every paper that was served is there, and nothing hangs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from newsletter.collect.http import Http
from newsletter.stages.collect import CollectReport, collect
from newsletter.stages.sources import add_source
from newsletter.store.engine import open_engine, open_sessions, upgrade
from newsletter.store.tables import Entry
from tests import servers
from tests.collect.oai_server import Archive, Paper, oai_error
from tests.collect.test_stage import rss
from tests.servers import Reply, Web

DAY = date(2026, 6, 16)
NOW = datetime(2026, 6, 16, 8, tzinfo=UTC)
Sessions = sessionmaker[Session]

FAULTS: dict[str, Callable[[], Reply]] = {
    "429": lambda: servers.status(429),
    "429 with Retry-After": lambda: servers.status(429, retry_after="20"),
    "500": lambda: servers.status(500),
    "503 with a long Retry-After": lambda: servers.status(503, retry_after="7200"),
    "slow drip": lambda: servers.slow_drip(0.02),
    "reset in mid-body": lambda: servers.reset_in_the_middle(b"<x/>" * 9000),
    "truncated gzip": lambda: servers.zipped(b"<OAI-PMH/>" * 900, keep=0.5),
    "redirect loop": lambda: servers.redirect("/oai"),
    "redirect to metadata": lambda: servers.redirect("http://169.254.169.254/latest"),
    "redirect to a private address": lambda: servers.redirect("http://10.0.0.8/"),
    "expired token": lambda: oai_error("badResumptionToken", "expired"),
    "a log-in page": servers.html_page,
}


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[Sessions]:
    """One kind of database is enough here: the faults are on the wire."""
    engine = open_engine(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    upgrade(engine)
    yield open_sessions(engine)
    engine.dispose()


@pytest.fixture
def visit(sessions: Sessions, make_http: Callable[..., Http]) -> Callable[[], CollectReport]:
    def http() -> Http:
        return make_http(limits={"deadline": 0.3, "attempts": 2})

    return lambda: collect(sessions, http, None, day=DAY, now=NOW)


def keys(sessions: Sessions) -> set[str]:
    with sessions() as session:
        return set(session.scalars(select(Entry.key)))


@pytest.mark.parametrize("place", [0, 2])
@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_harvest_loses_nothing(
    sessions: Sessions, visit: Callable[[], CollectReport], web: Web, fault: str, place: int
) -> None:
    archive = Archive([Paper(f"2606.{n:05}", DAY) for n in range(1, 8)])
    replies: list[Any] = [archive] * place + [FAULTS[fault]()] * 2 + [archive]
    web.put("/oai", *replies)
    with sessions.begin() as session:
        add_source(session, "arxiv", "arxiv-oai", {"base_url": web.url})
    started = time.monotonic()
    for _ in range(4):
        report = visit()
        if report.sources[0].error is None:
            break
        assert "\n" not in report.sources[0].error
    assert report.complete
    assert keys(sessions) == {f"arxiv:2606.{n:05}" for n in range(1, 8)}
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "expired token"])
def test_a_feed_loses_nothing(
    sessions: Sessions, visit: Callable[[], CollectReport], web: Web, fault: str
) -> None:
    web.put("/rss/cs.AI", FAULTS[fault](), FAULTS[fault](), rss((1, "new"), (2, "cross")))
    web.put("/oai", oai_error("noRecordsMatch", "No records match"))
    with sessions.begin() as session:
        told = {"categories": ["cs.AI"], "base_url": web.url, "oai_url": web.url}
        add_source(session, "arxiv", "arxiv-rss", told)
    for _ in range(3):
        report = visit()
        if report.sources[0].error is None:
            break
    assert report.complete
    assert keys(sessions) == {"arxiv:2606.00001", "arxiv:2606.00002"}
