"""One real day for 1,000 subscribers: store, match, compose, render, send over SMTP, record.

`daily.seconds` and `daily.peak_mb` are the whole run's; `stages` says where the time went.
"""

from __future__ import annotations

import random
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from benchmarks import harness
from newsletter.match.words import STOP
from newsletter.pipeline import due
from newsletter.store import entries, sources
from tests import smtpd
from tests.operator import Operator, add_readers

DAY = date(2026, 6, 9)
NOW = datetime(2026, 6, 9, 7, 0, tzinfo=UTC)


def wishes(titles: list[str], random_: random.Random) -> str:
    """What somebody might type: two topics and a phrase from the day's titles, one word muted."""
    lines = []
    for quoted in (False, False, True):
        words = [w for w in random_.choice(titles).split() if w.isalpha() and w.lower() not in STOP]
        topic = " ".join(words[:2]) or "language models"
        lines.append(f'"{topic}"' if quoted else topic)
    return "\n".join(dict.fromkeys([*lines, "cat:cs.CL", "-survey"]))


def main() -> None:
    options = harness.options(__doc__)
    subscribers = max(1, int(1000 * options.scale))
    arxiv, hf = harness.stream_day(DAY)
    stages: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name, smtpd.running(Path(name) / "mails") as relay:
        url = f"sqlite:///{name}/newsletter.sqlite3"
        operator = Operator(Path(name), url, {"SMTP_URL": f"smtp://127.0.0.1:{relay.port}"})
        app = operator.app()
        random_ = random.Random(1)
        titles = [paper.title for paper in arxiv]
        add_readers(app, [wishes(titles, random_) for _ in range(subscribers)], now=NOW)
        with harness.stopwatch(stages, "store"), app.sessions.begin() as session:
            for source, papers in (("arxiv", arxiv), ("hf", hf)):
                id_ = sources.add(session, source, "feed", {}).id
                entries.save(session, id_, papers, NOW - timedelta(hours=1))
        with harness.stopwatch(stages, "match and plan"):
            planned = app.planner(NOW).plan(due(NOW))
        with harness.stopwatch(stages, "render and send"):
            sent = app.sender().run()
        assert len(relay.mails()) == planned.planned == sent.outcomes.total(), (planned, sent)
        operator.close()
    harness.report(
        "daily.seconds",
        sum(stages.values()),
        "s",
        papers=planned.papers,
        subscribers=subscribers,
        mails=planned.planned,
        stages={name: round(seconds, 2) for name, seconds in stages.items()},
    )
    harness.report("daily.peak_mb", harness.peak_mb(), "MB")


if __name__ == "__main__":
    main()
