"""From database to picks: one real day planned for as many subscribers as are asked for.

The archive holds the papers of the two weeks before. Planned twice: `cold`, everybody's profile learned on
the way, and as served, with the profiles that the `learn` job left in the store.
"""

from __future__ import annotations

import gc
import os
import pickle
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, delete, func, insert, select, text, update

from benchmarks import harness
from newsletter.app import App, build
from newsletter.match.words import STOP
from newsletter.pipeline import due
from newsletter.settings import Settings
from newsletter.stages.spaces import Spaces
from newsletter.store import entries, sources
from newsletter.store.engine import Sessions, open_engine, upgrade
from newsletter.store.tables import Delivery, Pick
from subscribers.consent import State
from subscribers.tables import InterestRow, Subscriber
from tests import postgres

DAY = date(2026, 6, 9)
NOW = datetime(2026, 6, 9, 7, 0, tzinfo=UTC)
ARCHIVE_DAYS = 14
ROWS_AT_ONCE = 10_000
_SINCE_YESTERDAY = {
    "next_send_at": NOW - timedelta(minutes=5),
    "covered_until": NOW - timedelta(days=1, minutes=15),
}


def plan_everybody(count: int) -> None:
    """Plan in a fresh database of each kind, cold and as served, and report both."""
    for name, url in databases():
        engine = open_engine(url)
        upgrade(engine)
        app = build(Settings(_env_file=None, database_url=url, log_level="error"))
        sessions = app.sessions
        papers = fill(sessions, count)
        Spaces().refresh(sessions, NOW)
        for way in ("cold", "served"):
            spent, facts = planned(app)
            bare = bare_insert(engine)
            harness.report(
                f"match.database_to_picks_{'100k' if way == 'served' else way}_seconds",
                spent.wall,
                "s",
                bare,
                database=name,
                subscribers=count,
                papers=papers,
                cpu_seconds=round(spent.cpu, 1),
                server_cpu_seconds=round(spent.server, 1),
                **facts,
            )
            forget_plans(sessions)
            if name == "postgresql":  # its autovacuum has a night for what we delete in a moment
                with engine.connect() as connection:
                    alone = connection.execution_options(isolation_level="AUTOCOMMIT")
                    alone.execute(text("VACUUM ANALYZE pick, delivery, subscriber"))
        engine.dispose()


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds: by the clock, of our processes' processors, of the database server's for us."""

    wall: float
    cpu: float
    server: float


def planned(app: App) -> tuple[Spent, dict[str, Any]]:
    """Plan as the clockwork does, in as many processes as the setting says."""
    gc.collect()
    before = harness.peak_mb()
    wall, cpu, server = time.perf_counter(), cpu_seconds(), server_seconds(app.engine)
    report = app.plan(due(NOW))
    spent = Spent(
        time.perf_counter() - wall, cpu_seconds() - cpu, server_seconds(app.engine) - server
    )
    with app.sessions() as session:
        stored = session.scalar(select(func.count()).select_from(Pick))
    assert report.planned, report
    assert stored == report.picks, (report, stored)
    facts = {
        "planned": report.planned,
        "picks": report.picks,
        "processes": app.settings.processes,
        "load": round(os.getloadavg()[0], 1),
        "peak_mb": round(harness.peak_mb()),
        "peak_mb_before": round(before),
        "peak_mb_of_a_process": round(harness.peak_mb(resource.RUSAGE_CHILDREN)),
    }
    return spent, facts


def cpu_seconds() -> float:
    """Of this process and of those that it started and that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def server_seconds(engine: Engine) -> float:
    """What the database server's processes have cost so far, those that have ended, too, as far as this
    machine knows.
    """
    if engine.dialect.name != "postgresql":
        return 0.0
    with engine.connect() as connection:
        own = connection.scalar(text("SELECT pg_backend_pid()"))
    server = int((_stat(own) or [0, 0])[1])
    stats = [_stat(int(each.name)) for each in Path("/proc").iterdir() if each.name.isdigit()]
    ticks = sum(int(each[11]) + int(each[12]) for each in stats if each and int(each[1]) == server)
    ended = _stat(server) or ["0"] * 15
    return (ticks + int(ended[13]) + int(ended[14])) / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def bare_insert(engine: Engine) -> float:
    """Seconds that the driver takes to insert the very pick rows that are stored, and nothing else:
    executemany on SQLite, COPY on PostgreSQL.
    """
    names = [column.name for column in Pick.__table__.columns]
    columns = ", ".join(names)
    with tempfile.TemporaryFile() as kept:
        with closing(engine.raw_connection()) as connection:
            cursor = connection.cursor()
            evidence = "evidence" if engine.dialect.name == "sqlite" else "evidence::text"
            asked = columns.replace("evidence", evidence)
            cursor.execute(f"SELECT {asked} FROM pick ORDER BY subscriber_id, position")
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                pickle.dump(rows, kept)
            connection.rollback()
            cursor.execute("DELETE FROM pick")
            connection.commit()
        kept.seek(0)
        seconds = 0.0
        with closing(engine.raw_connection()) as connection:
            cursor = connection.cursor()
            while rows := _next(kept):
                start = time.perf_counter()
                if engine.dialect.name == "sqlite":
                    cursor.execute("BEGIN")
                    marks = ", ".join("?" * len(names))
                    cursor.executemany(f"INSERT INTO pick ({columns}) VALUES ({marks})", rows)
                else:
                    with cursor.copy(f"COPY pick ({columns}) FROM STDIN") as copy:
                        for row in rows:
                            copy.write_row(row)
                connection.commit()
                seconds += time.perf_counter() - start
    return seconds


def _next(kept: Any) -> list[tuple[Any, ...]]:
    try:
        return list(pickle.load(kept))
    except EOFError:
        return []


def forget_plans(sessions: Sessions) -> None:
    """As if nobody had been planned; what was learned stays."""
    with sessions.begin() as session:
        session.execute(delete(Pick))
        session.execute(delete(Delivery))
        session.execute(update(Subscriber).values(**_SINCE_YESTERDAY))


def fill(sessions: Sessions, count: int) -> int:
    """The day's papers, those of the weeks before, and `count` subscribers of whom each has three
    wishes of the day's words; how many papers there are on the day.
    """
    arxiv, hf = harness.stream_day(DAY)
    with sessions.begin() as session:
        ids = {source: sources.add(session, source, "feed", {}).id for source in ("arxiv", "hf")}
    for age in range(ARCHIVE_DAYS, -1, -1):
        with sessions.begin() as session:
            on_day = harness.stream_day(DAY - timedelta(days=age))
            for source, listed in zip(ids, on_day, strict=True):
                seen_at = NOW - timedelta(days=age, hours=1)
                entries.save(session, ids[source], listed, seen_at)
    chance = random.Random(1)
    titles = [word_pairs(paper.title) for paper in arxiv]
    abstracts = [word_pairs(paper.abstract) for paper in arxiv]
    for start in range(0, count, 5000):
        numbers = range(start, min(start + 5000, count))
        with sessions.begin() as session:
            session.execute(insert(Subscriber), [person(number) for number in numbers])
            session.execute(
                insert(InterestRow),
                [wish for n in numbers for wish in wishes_of(n + 1, titles, abstracts, chance)],
            )
    return len({paper.keys for paper in [*arxiv, *hf]})


def person(number: int) -> dict[str, object]:
    return {
        "id": number + 1,
        "email": f"reader{number}@example.org",
        "address_hash": f"{number:064x}",
        "state": State.CONFIRMED,
        "links_version": 1,
        "cadence": "daily",
        "weekday": 0,
        "hour": NOW.hour,
        "timezone": ("UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo")[number % 4],
        "max_papers": 10,
        **_SINCE_YESTERDAY,
        "created_at": NOW - timedelta(days=9),
        "confirmed_at": NOW - timedelta(days=9),
    }


def wishes_of(
    id_: int, titles: list[list[str]], abstracts: list[list[str]], chance: random.Random
) -> list[dict[str, object]]:
    drawn = [
        ("topic", chance.choice(chance.choice(titles))),
        ("topic", chance.choice(chance.choice(abstracts))),
        ("phrase", chance.choice(chance.choice(abstracts))),
    ]
    return [
        {"subscriber_id": id_, "position": at, "kind": kind, "text": said}
        for at, (kind, said) in enumerate(dict.fromkeys(drawn))
    ]


def word_pairs(text_: str) -> list[str]:
    words = text_.split()
    pairs = [
        f"{one} {two}"
        for one, two in pairwise(words)
        if one.isalpha() and two.isalpha() and not {one.lower(), two.lower()} & STOP
    ]
    return pairs or ["language models"]


def databases() -> Iterator[tuple[str, str]]:
    """SQLite in a folder of its own; PostgreSQL in a database of its own, if a server answers."""
    with tempfile.TemporaryDirectory() as folder:
        yield "sqlite", f"sqlite:///{Path(folder) / 'newsletter.sqlite3'}"
    with postgres.own_database() as url:
        if url is not None:
            yield "postgresql", url
