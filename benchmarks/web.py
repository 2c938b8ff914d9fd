"""The site under load: 100,000 papers on SQLite, one server process on one core, and its bare /healthz.

`web.PAGE_p95_ms` (with p50 and p99) at 100 requests a second, open-loop; yardstick: /healthz in the same
run. Eight of ten papers are of the 200 newest, which somebody has seen already, the others any that nobody
has; `paper_crawled` are all such.
`web.preferences_200_p95_ms` and `_500_`: so many requests a second on a tenth as many readers. `cpu_ms`:
of a processor, for each answer; more than 1,000 of them a second cannot be had of one core.

`--folder FOLDER` keeps the database, which takes minutes to fill.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_plus

from sqlalchemy import select

from benchmarks import archive, harness
from benchmarks.load import Answers, ask
from newsletter import clock
from newsletter.app import App, build
from newsletter.render.addresses import paper_path
from newsletter.settings import Settings
from newsletter.store.engine import open_engine, upgrade
from newsletter.store.tables import Entry
from newsletter.web.documents import entry_path
from subscribers.tables import Subscriber
from subscribers.tokens import Purpose

PAPERS = 100_000
RATE = 100.0
SECONDS = 10
SECRET = "a secret for benchmarks, long enough"
NEW, LOOKED_AT = 0.8, 200
SEARCHES = (
    "diffusion", "language models", "speculative decoding", "graph neural networks", "robot",
    '"large language models"', "author:Zhang", 'author:"Wei Liu"', "cat:cs.CL reasoning", "protein",
    "retrieval augmented generation", "vision transformers", "org:DeepMind agents", "privacy -survey",
    "reinforcement learning after:2026-06", "quantisation", "Schmidhubr", "kv cache eviction",
)  # fmt: skip


def main() -> None:
    """Fill, serve, load, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="make all sizes smaller")
    parser.add_argument("--folder", type=Path, help="keep the database there")
    parser.add_argument(
        "--seconds", type=int, default=SECONDS, help="how long each page is asked for"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        folder = options.folder or Path(passing)
        app = _filled(folder, max(1_500, int(PAPERS * options.scale)))
        with _served(app) as server:
            _load(app, server, options.seconds)
        app.engine.dispose()


def _filled(folder: Path, count: int) -> App:
    url = f"sqlite:///{folder / f'web-{count}.sqlite3'}"
    fresh = not (folder / f"web-{count}.sqlite3").exists()
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    app = build(
        Settings(_env_file=None, database_url=url, secret_key=SECRET, log_level="error"),
        check=False,
    )
    if fresh:
        archive.fill(app, count)
        archive.add_readers(app, count // 10)
        app.refresh(archive.NOW)
    return app


@dataclass(frozen=True, slots=True)
class Server:
    """The process that is asked, and where."""

    pid: int
    port: int

    def ask(self, paths: Sequence[str], rate: float) -> tuple[Answers, float]:
        """What came back, and how many ms of a processor each answer took."""
        before = self._spent()
        answers = asyncio.run(ask("127.0.0.1", self.port, paths, rate))
        return answers, 1000 * (self._spent() - before) / len(paths)

    def _spent(self) -> float:
        """Seconds of all its threads (proc(5), stat)."""
        told = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _served(app: App) -> Iterator[Server]:
    """The real command on one core; we take the others."""
    cores = sorted(os.sched_getaffinity(0))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    wanted = {
        "NEWSLETTER_DATABASE_URL": app.settings.database_url,
        "NEWSLETTER_SECRET_KEY": SECRET,
        "NEWSLETTER_LOG_LEVEL": "error",
        "NEWSLETTER_FROM": "Papers <digest@papers.example>",
        "NEWSLETTER_OUTBOX": tempfile.gettempdir(),
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "newsletter", "serve", "--port", str(port)],
        env=os.environ | wanted,
    )
    os.sched_setaffinity(server.pid, cores[:1])
    os.sched_setaffinity(0, cores[1:] or cores)
    try:
        _wait(port)
        yield Server(server.pid, port)
    finally:
        os.sched_setaffinity(0, cores)
        server.terminate()
        server.wait(20)


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    sys.exit("the site did not start")


def _load(app: App, server: Server, seconds: int) -> None:
    chance = random.Random(3)
    many = int(RATE * seconds)
    with app.sessions() as session:
        keys = session.scalars(select(Entry.key).order_by(Entry.id.desc())).all()
        readers = session.execute(
            select(Subscriber.id, Subscriber.links_version).order_by(Subscriber.id)
        ).all()
    looked_at = list(_looked_at(keys, many, chance))
    crawled = chance.sample(keys, min(many, len(keys)))
    pages: dict[str, Sequence[str]] = {
        "day": ["/"] * many,
        "paper": [paper_path(key) for key in looked_at],
        "paper_crawled": [paper_path(key) for key in crawled],
        "related": [_related(key) for key in looked_at],
        "search": [f"/search?q={quote_plus(chance.choice(SEARCHES))}" for _ in range(many)],
    }
    for path in ("/", paper_path(keys[0]), "/search?q=graph"):  # what is read once a process
        server.ask([path], 1)
    # The site has been up for a while: somebody has seen each of the newest papers.
    seen = [path for key in keys[:LOOKED_AT] for path in (paper_path(key), _related(key))]
    server.ask(seen, RATE / 4)
    bare = server.ask(["/healthz"] * many, RATE)
    _report("healthz", bare, None)
    for name, paths in pages.items():
        _report(name, server.ask(paths, RATE), bare[0])
    tokens = [
        app.signer.make(Purpose.PREFERENCES, row.id, row.links_version, now=clock.now())
        for row in readers[: 500 * seconds]
    ]
    for rate in (200, 500):
        asked = [f"/preferences/{tokens[n % len(tokens)]}" for n in range(rate * seconds)]
        _report(f"preferences_{rate}", server.ask(asked, rate), bare[0])


def _related(key: str) -> str:
    return f"{entry_path(key)}/related"


def _looked_at(keys: Sequence[str], many: int, chance: random.Random) -> Iterator[str]:
    """Eight of ten are of the newest papers, the others of all."""
    for _ in range(many):
        among = keys[:LOOKED_AT] if chance.random() < NEW else keys
        yield chance.choice(among)


def _report(name: str, found: tuple[Answers, float], bare: Answers | None) -> None:
    answers, cpu = found
    harness.report(
        f"web.{name}_p95_ms", answers.at(0.95), "ms", bare.at(0.95) if bare else None,
        p50=round(answers.at(0.5), 2), p99=round(answers.at(0.99), 2), cpu_ms=round(cpu, 2),
        failed=answers.failed,
        octets=round(answers.octets), per_second=round(answers.per_second, 1),
        load=round(os.getloadavg()[0], 1),
    )  # fmt: skip


if __name__ == "__main__":
    main()
