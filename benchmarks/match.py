"""Matching at scale: a million ranked against numpy's own product; 100,000 from database to picks.

`match.million_ratio_to_matmul`: 1,000,000 subscribers x 500 papers x 384 dimensions, the best 30 of each,
over the seconds of the bare matrix product of the same arrays (`yardstick`) in the same run; medians of
repeated pairs, for other work on the machine disturbs both. `match.million_with_wishes_ratio`: the same
with 5 phrases and 2 authors each, of 50,000 distinct ones. `match.database_to_picks_100k_seconds`: one
real day for 100,000 subscribers with 3 wishes each, through the planner of the daily run, as served: with
the profiles that were learned before; `match.database_to_picks_cold_seconds`: with all profiles learned
on the way. Their yardstick is the driver's bare insert of the same picks.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
from scipy import sparse

from benchmarks import harness
from benchmarks.planning import plan_everybody
from newsletter.match.rank import Crowd, Papers, Ranking, ranked_blocks

SUBSCRIBERS, PAPERS, DIMS, BEST = 1_000_000, 500, 384, 30
DISTINCT, PHRASES, AUTHORS = 50_000, 5, 2
REPEATS = 5


def main() -> None:
    options = harness.options(__doc__)
    # First the databases: the million's arrays would hide how little memory a run needs.
    plan_everybody(max(1, int(100_000 * options.scale)))
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


if __name__ == "__main__":
    main()
