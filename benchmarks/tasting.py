"""What the live preview of the sign-up page costs, over 14 days of real papers (../shared/stream).

`tasting.preview_ms`: one new visitor's digest, each with wishes of their own, the median and the 95th of
a hundred (`_cpu_ms`: of processor time, for a busy machine); yardstick: reading the papers' features once,
which is what a process does before the first.
`tasting.peak_mb`: what the process held with everything prepared.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from benchmarks import harness
from newsletter.stages.spaces import Spaces
from newsletter.stages.tasting import DAYS, Tasting
from newsletter.store import entries, sources
from newsletter.store.engine import open_engine, open_sessions, upgrade
from subscribers.catalogue import catalogue
from subscribers.preview import Wanted
from subscribers.profile import Profile, make_profile, parse_profile
from subscribers.tokens import LESS, MORE

LAST = date(2026, 6, 12)
NOW = datetime(2026, 6, 12, 20, tzinfo=UTC)
VISITORS = 100


def main() -> None:
    scale = harness.options(__doc__).scale
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'papers.sqlite3'}")
        upgrade(engine)
        sessions = open_sessions(engine)
        papers = 0
        for back in range(int(DAYS * scale) or 1, -1, -1):
            day = LAST - timedelta(days=back)
            listed = harness.stream_day(day)
            with sessions.begin() as session:
                source = sources.add(session, f"papers of {day}", "feed", {})
                for part in listed:
                    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
                    papers += entries.save(session, source.id, part, at).new
        Spaces().refresh(sessions, NOW)
        tasting = Tasting(sessions, Spaces(), lambda: NOW)
        spent: dict[str, float] = {}
        with harness.stopwatch(spent, "prepare"):
            shown = tasting.taste(Wanted(Profile()))
        keys = [paper.key for paper in shown.papers]
        times, worked, found = [], [], 0
        for wanted in _visitors(keys):
            start, before = time.perf_counter(), time.thread_time()
            found += len(tasting.taste(wanted).papers)
            times.append(1000 * (time.perf_counter() - start))
            worked.append(1000 * (time.thread_time() - before))
        times.sort()
        more = {"papers": papers, "picks": round(found / VISITORS, 1)}
        prepared = 1000 * spent["prepare"]
        harness.report("tasting.preview_ms", statistics.median(times), "ms", prepared, **more)
        harness.report("tasting.preview_p95_ms", times[int(0.95 * len(times))], "ms", prepared)
        harness.report("tasting.preview_cpu_ms", statistics.median(worked), "ms")
        harness.report("tasting.peak_mb", harness.peak_mb(), "MB")
        engine.dispose()


def _visitors(keys: list[str]) -> list[Wanted]:
    """Wishes that nobody had before: topics, an example, free words, and eight ratings."""
    topics = [topic for group in catalogue().groups for topic in group.topics]
    found = []
    for number in range(VISITORS):
        ticked = [topics[(number * step) % len(topics)] for step in (1, 3, 7)]
        typed = parse_profile(f'graphs of kind {number}\n"language model"\ncat:cs.CL')
        wishes = [*(i for topic in ticked for i in topic.interests), *typed.interests]
        rated = [(key, MORE if at % 3 else LESS) for at, key in enumerate(keys[: number % 9])]
        profile = make_profile(dict.fromkeys(wishes))
        found.append(Wanted(profile, tuple(rated)))
    return found


if __name__ == "__main__":
    main()
