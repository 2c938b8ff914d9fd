"""What benchmarks/deliver.py measures with: an edition of any size, relays that take it."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from newsletter.app import App
from newsletter.deliver.keys import new_key
from newsletter.store import entries, sources
from newsletter.store.tables import Delivery, Edition
from subscribers.tables import InterestRow, Subscriber
from tests.factories import listed
from tests.operator import Operator
from tests.smtpd import free_port

PAPERS, SHOWN = 40, 10
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def prepared(folder: Path, readers: int) -> Operator:
    """Readers in bulk, who wish for what ten papers of the day are about; nothing planned yet."""
    new_key(folder / "dkim.pem")
    settings = {
        "DKIM_KEYS": f"s1:{folder / 'dkim.pem'}",
        "SMTP_CONNECTIONS": "16",
        "STOP_LOSS": "100",
    }
    operator = Operator(folder, f"sqlite:///{folder / 'bench.sqlite3'}", settings)
    app = operator.app()
    fill(app, readers)
    words = "We propose a method that improves upon earlier work by a wide margin. " * 12
    papers = [listed(n, day=now().date(), abstract=words + str(n)) for n in range(PAPERS)]
    with app.sessions.begin() as session:
        source = sources.add(session, "papers", "feed", {})
        entries.save(session, source.id, papers, now() - timedelta(minutes=30))
    return operator


def fill(app: App, readers: int) -> None:
    """Confirmed readers, due now."""
    moment = now()
    with app.sessions.begin() as session:
        for first in range(0, readers, 5000):
            numbers = range(first + 1, min(first + 5000, readers) + 1)
            session.execute(insert(Subscriber.__table__), [_reader(n, moment) for n in numbers])
            session.execute(
                insert(InterestRow.__table__),
                [
                    {"subscriber_id": n, "position": 0, "kind": "topic", "text": "paper number",
                     "weight": 1.0, "muted": False}
                    for n in numbers
                ],
            )  # fmt: skip


def _reader(number: int, moment: datetime) -> dict[str, Any]:
    address = f"reader{number}@domain{number % 500}.example"
    return {
        "id": number, "email": address, "address_hash": f"{number:064x}", "state": "confirmed",
        "created_at": moment - timedelta(days=9), "confirmed_at": moment - timedelta(days=9),
        "max_papers": SHOWN, "next_send_at": moment - timedelta(minutes=1), "length": "short",
        "covered_until": moment - timedelta(days=1), "timezone": "UTC", "hour": 6, "cadence": "daily",
    } | _DEFAULTS  # fmt: skip


_DEFAULTS: dict[str, Any] = {"links_version": 1, "quiet_days": 0, "weekday": 0}


def now() -> datetime:
    return datetime.now(UTC)


def prepared_rows(place: Path, rows: int) -> Operator:
    """So many planned deliveries without picks."""
    operator = Operator(place, f"sqlite:///{place / 'rows.sqlite3'}", {})
    app = operator.app()
    fill(app, rows)
    moment = now()
    with app.sessions.begin() as session:
        session.execute(
            insert(Edition.__table__),
            [{"day": moment.date(), "created_at": moment, "complete": True, "report": {}}],
        )
        for first in range(0, rows, 5000):
            session.execute(
                insert(Delivery.__table__),
                [
                    {"subscriber_id": n, "edition_day": moment.date(), "state": "planned",
                     "planned_at": moment, "considered": 0, "left_out": 0, "context": {}, "attempts": 0}
                    for n in range(first + 1, min(first + 5000, rows) + 1)
                ],
            )  # fmt: skip
    return operator


@contextmanager
def sink(core: int | None, *options: str) -> Iterator[int]:
    """smtp-sink on a port of its own, pinned to a core."""
    port = free_port()
    pinned = [] if core is None else ["taskset", "-c", str(core)]
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [*pinned, "smtp-sink", *user, *options, f"inet:127.0.0.1:{port}", "1000"]
    with subprocess.Popen(
        command,
        env=os.environ | {"PATH": PATH},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _wait_for(port)
            yield port
        finally:
            process.kill()


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("smtp-sink does not listen")


@contextmanager
def slow_server() -> Iterator[int]:
    """A relay in a process of its own that answers the end of each mail after 20 ms."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve_slowly, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.kill()


def _serve_slowly(told: Any) -> None:
    class Slow(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.wire, self.body, self.rest = transport, False, b""
            transport.write(b"220 slow\r\n")

        def data_received(self, data: bytes) -> None:
            if self.body:
                self.rest = (self.rest + data)[-5:]
                if self.rest == b"\r\n.\r\n":
                    self.body, self.rest = False, b""
                    asyncio.get_running_loop().call_later(0.02, self.wire.write, b"250 taken\r\n")
                return
            for line in data.split(b"\r\n"):
                verb = line[:4].upper()
                if verb == b"EHLO":
                    self.wire.write(b"250-slow\r\n250 PIPELINING\r\n")
                elif verb == b"DATA":
                    self.body = True
                    self.wire.write(b"354 go on\r\n")
                elif verb:
                    self.wire.write(b"250 fine\r\n")

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Slow, "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())
