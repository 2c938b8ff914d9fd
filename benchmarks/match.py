"""Matching at scale: a million ranked against numpy's own product; 100,000 from database to picks.

`match.million_ratio_to_matmul`: 1,000,000 subscribers x 500 papers x 384 dimensions, the best 30 of each,
over the seconds of the bare matrix product of the same arrays (`yardstick`) in the same run; medians of
repeated pairs, for other work on the machine disturbs both. `match.million_with_wishes_ratio`: the same
with 5 phrases and 2 authors each, of 50,000 distinct ones. `match.database_to_picks_100k_seconds`: one
real day for 100,000 subscribers with 3 wishes each, through the planner of the daily run.
"""

from __future__ import annotations

import gc
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy import sparse
from sqlalchemy import func, insert, select

from benchmarks import harness
from newsletter.match.rank import Crowd, Papers, Ranking, ranked_blocks
from newsletter.match.words import STOP
from newsletter.pipeline import due
from newsletter.stages.plan import Planner
from newsletter.store import entries, sources
from newsletter.store.engine import Sessions, open_engine, open_sessions, upgrade
from newsletter.store.tables import Pick
from subscribers.consent import State
from subscribers.tables import InterestRow, Subscriber
from tests import postgres

DAY = date(2026, 6, 9)
NOW = datetime(2026, 6, 9, 7, 0, tzinfo=UTC)
SUBSCRIBERS, PAPERS, DIMS, BEST = 1_000_000, 500, 384, 30
DISTINCT, PHRASES, AUTHORS = 50_000, 5, 2
REPEATS = 5


def main() -> None:
    options = harness.options(__doc__)
    # First the databases: the million's arrays would hide how little memory a run needs.
    subscribers = max(1, int(100_000 * options.scale))
    for name, url in databases():
        plan_everybody(name, url, subscribers)
    rank_a_million(max(1, int(SUBSCRIBERS * options.scale)))


def rank_a_million(count: int) -> None:
    """Time the product, the ranking and the ranking with wishes in turn, several times."""
    generator = np.random.default_rng(1)
    vectors = generator.standard_normal((count, DIMS), dtype=np.float32)
    papers = generator.standard_normal((DIMS, PAPERS), dtype=np.float32)
    stored = vectors.astype(np.float16)
    weights, wishes = sparse_wishes(generator, count)
    days = Papers(PAPERS, papers), Papers(PAPERS, papers, wishes=wishes)
    ways: dict[str, Callable[[], object]] = {
        "matmul": lambda: vectors @ papers,
        "plain": lambda: best_of(Crowd(count, vectors), days[0]),
        "float16": lambda: best_of(Crowd(count, stored), days[0]),
        "wishes": lambda: best_of(Crowd(count, vectors, weights=weights), days[1]),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(REPEATS):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - start)
    for name, metric in (
        ("plain", "million_ratio_to_matmul"),
        ("float16", "million_float16_ratio_to_matmul"),
        ("wishes", "million_with_wishes_ratio"),
    ):
        ratios = [took / bare for took, bare in zip(seconds[name], seconds["matmul"], strict=True)]
        harness.report(
            f"match.{metric}",
            statistics.median(ratios),
            "x",
            subscribers=count,
            spread=[round(min(ratios), 3), round(max(ratios), 3)],
            seconds=round(statistics.median(seconds[name]), 3),
            matmul_seconds=round(statistics.median(seconds["matmul"]), 3),
        )


def best_of(crowd: Crowd, papers: Papers) -> int:
    """Rank as the daily run does: a block's result is used and let go."""
    how = Ranking(k=BEST)
    return sum(int(top.columns[0, 0]) for _, top in ranked_blocks(crowd, papers, how))


def sparse_wishes(
    generator: np.random.Generator, count: int
) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """(subscribers, wishes), 7 in a row, and (wishes, papers): some wishes are in many papers."""
    each = PHRASES + AUTHORS
    columns = generator.integers(0, DISTINCT, (count, each)).astype(np.int32).ravel()
    starts = np.arange(0, count * each + 1, each)
    weights = sparse.csr_matrix(
        (np.ones(count * each, np.float32), columns, starts), shape=(count, DISTINCT)
    )
    hits = np.minimum(generator.zipf(1.8, DISTINCT) - 1, PAPERS // 3)
    rows = np.repeat(np.arange(DISTINCT), hits)
    places = generator.integers(0, PAPERS, len(rows))
    wishes = sparse.coo_matrix(
        (np.full(len(rows), 0.25, np.float32), (rows, places)), shape=(DISTINCT, PAPERS)
    )
    return weights, sparse.csr_matrix(wishes)


def plan_everybody(name: str, url: str, count: int) -> None:
    """Plan one real day for `count` subscribers in a fresh database."""
    stages: dict[str, float] = {}
    engine = open_engine(url)
    upgrade(engine)
    sessions = open_sessions(engine)
    papers = fill(sessions, count)
    gc.collect()
    before = harness.peak_mb()
    with harness.stopwatch(stages, "plan"):
        report = Planner(sessions, NOW, window_days=7).plan(due(NOW))
    with sessions() as session:
        stored = session.scalar(select(func.count()).select_from(Pick))
    engine.dispose()
    assert report.planned, report
    assert stored == report.picks, (report, stored)
    harness.report(
        "match.database_to_picks_100k_seconds",
        stages["plan"],
        "s",
        database=name,
        subscribers=count,
        papers=papers,
        planned=report.planned,
        picks=report.picks,
        peak_mb=round(harness.peak_mb()),
        peak_mb_before=round(before),
    )


def fill(sessions: Sessions, count: int) -> int:
    """The day's papers, and `count` subscribers of whom each has three wishes of the day's words."""
    arxiv, hf = harness.stream_day(DAY)
    with sessions.begin() as session:
        for source, listed in (("arxiv", arxiv), ("hf", hf)):
            id_ = sources.add(session, source, "feed", {}).id
            entries.save(session, id_, listed, NOW - timedelta(hours=1))
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
        "next_send_at": NOW - timedelta(minutes=5),
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


if __name__ == "__main__":
    main()
