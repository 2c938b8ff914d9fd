"""Encoding real abstracts with MiniLM: texts a second in both precisions, and reading vectors back.

`encode.texts_per_second_bfloat16` has as yardstick float32 in the same run; medians of repeated pairs, for
other work on the machine disturbs both. `encode.worst_cosine`: of a text's two vectors.
`encode.read_seconds`: a month's vectors from SQLite into one array. Needs `make semantic`.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from benchmarks import harness
from newsletter.encode.sentences import SentenceEncoder
from newsletter.errors import EncoderError
from newsletter.store import entries, sources, vectors
from newsletter.store.engine import open_engine, open_sessions, upgrade
from tests.factories import listed

DAY = date(2026, 6, 9)
NOW = datetime(2026, 6, 9, 8, tzinfo=UTC)
TEXTS, STORED, DIMS = 512, 20_000, 384
REPEATS = 3


def main() -> None:
    options = harness.options(__doc__)
    before = harness.peak_mb()
    try:
        encode(max(1, int(TEXTS * options.scale)), before)
    except EncoderError as error:
        print(f"{error}; or run `make semantic`", file=sys.stderr)
        sys.exit(1)
    read_back(max(1, int(STORED * options.scale)))


def encode(count: int, memory_before: float) -> None:
    """Time both precisions in turn, several times, on the abstracts of a real day."""
    arxiv, hf = harness.stream_day(DAY)
    texts = [f"{paper.title}\n{paper.abstract}" for paper in [*arxiv, *hf]][:count]
    # bfloat16, which serves, comes first: memory is told before the other model is loaded beside it.
    encoders = {name: SentenceEncoder("minilm", name) for name in ("bfloat16", "float32")}
    for name, encoder in encoders.items():
        start = time.perf_counter()
        encoder.encode(texts[:8])
        harness.report(f"encode.load_seconds_{name}", time.perf_counter() - start, "s")
        if name == "bfloat16":
            encoder.encode(texts[: count // 4])
            peak = harness.peak_mb()
            harness.report("encode.peak_mb", peak, "MB", before=round(memory_before))
    speeds: dict[str, list[float]] = {name: [] for name in encoders}
    rows = {}
    for _ in range(REPEATS):
        for name, encoder in encoders.items():
            start = time.perf_counter()
            rows[name] = encoder.encode(texts)
            speeds[name].append(len(texts) / (time.perf_counter() - start))
    exact = statistics.median(speeds["float32"])
    coarse = statistics.median(speeds["bfloat16"])
    harness.report("encode.texts_per_second_float32", exact, "texts/s", texts=len(texts))
    harness.report("encode.texts_per_second_bfloat16", coarse, "texts/s", exact, texts=len(texts))
    worst = float((rows["bfloat16"] * rows["float32"]).sum(axis=1).min())
    harness.report("encode.worst_cosine", worst, "cosine", texts=len(texts))


def read_back(count: int) -> None:
    """Store made-up vectors of `count` entries, and read them all."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'newsletter.sqlite3'}")
        upgrade(engine)
        sessions = open_sessions(engine)
        with sessions.begin() as session:
            source = sources.add(session, "papers", "feed", {}).id
            entries.save(session, source, [listed(n, day=DAY) for n in range(count)], NOW)
        rows = np.random.default_rng(1).standard_normal((count, DIMS), np.float32)
        with sessions.begin() as session:
            texts = vectors.missing(session, "made up", DAY - timedelta(days=30), count)
            start = time.perf_counter()
            vectors.save(session, "made up", texts, rows)
        harness.report("encode.save_seconds", time.perf_counter() - start, "s", vectors=count)
        with sessions() as session:
            start = time.perf_counter()
            ids, _ = vectors.read(session, "made up", [text.entry_id for text in texts])
        harness.report("encode.read_seconds", time.perf_counter() - start, "s", vectors=len(ids))
        engine.dispose()


if __name__ == "__main__":
    main()
