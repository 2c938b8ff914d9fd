"""One request at a time to a host, over all processes of a database."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from newsletter.collect.gate import Gate
from newsletter.collect.http import Http
from newsletter.collect.response import TemporarySourceError
from newsletter.store.engine import open_engine, open_sessions
from newsletter.store.turns import SharedTurns
from tests import servers
from tests.collect.conftest import Naps
from tests.servers import Web

Sessions = sessionmaker[Session]
START = datetime(2026, 6, 16, 6, tzinfo=UTC)


class Clock:
    """The wall clock and the sleeping of one test, shared by all of its holders."""

    def __init__(self) -> None:
        self.naps: list[float] = []
        self.at = START

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.at += timedelta(seconds=seconds)

    def monotonic(self) -> float:
        return (self.at - START).total_seconds()


def gate(sessions: Sessions, clock: Clock, **more: float) -> Gate:
    """A gate as another process would have it: with a holder of its own."""
    turns = SharedTurns(sessions, clock.now)
    return Gate({"x.org": 3.0}, turns=turns, sleep=clock.sleep, monotonic=clock.monotonic, **more)


def test_two_processes_keep_the_distance_of_one(sessions: Sessions) -> None:
    clock = Clock()
    one, other = gate(sessions, clock), gate(sessions, clock)
    begun = []
    for each in (one, other, other, one):
        with each.turn("api.x.org"):
            begun.append(clock.monotonic())
            clock.at += timedelta(seconds=0.5)
    gaps = [later - earlier for earlier, later in pairwise(begun)]
    assert all(3.49 < gap < 4 for gap in gaps), gaps


def test_nobody_comes_in_while_another_is_asking(sessions: Sessions) -> None:
    clock = Clock()
    one, other = gate(sessions, clock), SharedTurns(sessions, clock.now)
    with one.turn("x.org"):
        assert other.take("x.org", 60) == 1.0
    assert other.take("x.org", 60) == 3.0
    clock.at += timedelta(seconds=3)
    assert other.take("x.org", 60) == 0.0


def test_no_transaction_is_open_during_the_request(sessions: Sessions) -> None:
    with gate(sessions, Clock()).turn("x.org"):
        assert sessions.kw["bind"].pool.checkedout() == 0


def test_a_dead_holder_does_not_block_for_ever(sessions: Sessions) -> None:
    clock = Clock()
    dead = SharedTurns(sessions, clock.now)
    assert dead.take("x.org", 20) == 0.0
    began = clock.monotonic()
    with gate(sessions, clock).turn("x.org"):
        assert 20 <= clock.monotonic() - began < 25
    dead.leave("x.org", 900)  # it was not dead after all, but it has lost its turn
    with gate(sessions, clock).turn("x.org"):
        assert clock.monotonic() - began < 35


def test_who_is_told_to_wait_tells_the_others(sessions: Sessions) -> None:
    clock = Clock()
    one, other = gate(sessions, clock), gate(sessions, clock, longest_wait=60)
    with one.turn("x.org"):
        one.rest("rss.x.org", 40)
    began = clock.monotonic()
    with other.turn("x.org"):
        assert 40 <= clock.monotonic() - began < 41
    one.rest("x.org", 3600)
    with pytest.raises(TemporarySourceError, match="left alone for another"), other.turn("x.org"):
        pytest.fail("it was not our turn")
    assert max(clock.naps) < 60


def test_retry_after_holds_for_all_hosts_of_the_domain(
    web: Web, naps: Naps, make_http: Callable[..., Http]
) -> None:
    http = make_http(intervals={"127.0.0.1": 3.0})
    web.put("/busy", servers.status(429, retry_after="3600"))
    with pytest.raises(TemporarySourceError, match="asks to wait 3600 s"):
        http.get(f"{web.url}/busy")
    with pytest.raises(TemporarySourceError, match="left alone"):
        http.get(web.put("/other", b"there"))
    assert not naps.naps
    assert len(web.asked) == 1


def _ask(url: str, times: int, begun: object) -> None:
    engine = open_engine(url)
    gate = Gate({"x.org": 0.2}, turns=SharedTurns(open_sessions(engine), _now))
    for _ in range(times):
        with gate.turn("x.org"):
            begun.put((time.monotonic(), "in"))
            time.sleep(0.02)
            begun.put((time.monotonic(), "out"))


def _now() -> datetime:
    return datetime.now(UTC)


def test_real_processes_take_turns(sessions: Sessions, database_url: str, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    begun = context.Queue()
    workers = [context.Process(target=_ask, args=(database_url, 4, begun)) for _ in range(2)]
    for worker in workers:
        worker.start()
    events = sorted(begun.get(timeout=60) for _ in range(16))
    for worker in workers:
        worker.join(30)
        assert worker.exitcode == 0
    assert [what for _, what in events] == ["in", "out"] * 8
    gaps = [events[n + 1][0] - events[n][0] for n in range(1, 15, 2)]
    assert min(gaps) > 0.17, gaps
