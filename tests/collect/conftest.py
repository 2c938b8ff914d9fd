from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from typing import Any

import pytest

from newsletter.collect.gate import Gate
from newsletter.collect.http import Http, Limits
from newsletter.collect.port import Batch, Request
from newsletter.collect.registry import collector
from newsletter.stages.collect import CollectReport
from newsletter.stages.collect import collect as visit_sources
from newsletter.store.engine import Sessions
from tests.collect import stage
from tests.collect.stage import Run
from tests.servers import Web, serving

NOW = datetime(2026, 6, 16, 6, 0, tzinfo=UTC)


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as server:
        yield server


class Naps:
    """A clock that only moves by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.naps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
def make_http(naps: Naps) -> Iterator[Callable[..., Http]]:
    with ExitStack() as stack:

        def make(**options: Any) -> Http:
            limits = Limits(**{"deadline": 5.0, **options.pop("limits", {})})
            intervals = options.pop("intervals", {})
            gate = Gate(intervals, monotonic=naps.monotonic, sleep=naps.sleep)
            options = {"allow_private": {"127.0.0.1"}, **options}
            http = Http(
                contact="mailto:test@example.org",
                limits=limits,
                gate=gate,
                sleep=naps.sleep,
                monotonic=naps.monotonic,
                **options,
            )
            return stack.enter_context(http)

        yield make


@pytest.fixture
def http(make_http: Callable[..., Http]) -> Http:
    return make_http()


Collect = Callable[..., Batch]


@pytest.fixture
def collect(http: Http) -> Collect:
    """Collect one source and return all its batches as one."""

    def run(kind: str, settings: dict[str, Any], day: date = date(2026, 6, 16)) -> Batch:
        batches = list(collector(kind).collect(Request(settings, day, NOW), http))
        return Batch(
            tuple(paper for batch in batches for paper in batch.listed),
            tuple(line for batch in batches for line in batch.problems),
            tuple(line for batch in batches for line in batch.notes),
            unchanged=any(batch.unchanged for batch in batches),
        )

    return run


@pytest.fixture
def run(sessions: Sessions, make_http: Callable[..., Http]) -> Run:
    """The collect stage over the sources in the database."""

    def go(names: list[str] | None = None, **more: Any) -> CollectReport:
        told = {"day": stage.DAY, "now": stage.NOW} | more
        return visit_sources(sessions, make_http, names, **told)

    return go
