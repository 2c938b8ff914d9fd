"""Sending: signed mails a second on one core and on two, against Postfix's own smtp-source and smtp-sink.

Everything goes over loopback. The edition is planned for real (`--scale 1`: 100,000 readers, 10 papers);
`deliver.signed_...` count from the claim to the recorded receipt, `deliver.whole_...` from matching on. The
processes that send are pinned to one core, the sink to the other; with two, all share both.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text, update

from benchmarks import harness
from benchmarks.sending import PATH, now, prepared, prepared_rows, sink, slow_server
from newsletter.app import App, build
from newsletter.deliver.relays import Relays
from newsletter.logs import start_log
from newsletter.model import Message, Outcome, Receipt
from newsletter.pipeline import due
from newsletter.sending_rules import parse_relay
from newsletter.stages.send import Job
from newsletter.store.claims import Scope
from newsletter.store.engine import reading
from newsletter.store.tables import Delivery
from subscribers.tables import Subscriber
from tests.operator import Operator

READERS = 100_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="make all sizes smaller")
    scale = parser.parse_args().scale
    missing = [name for name in ("smtp-sink", "smtp-source") if not shutil.which(name, path=PATH)]
    if missing:
        print(f"deliver: {' and '.join(missing)} missing: apt-get install postfix", file=sys.stderr)
        sys.exit(1)
    start_log("error")
    cores = sorted(os.sched_getaffinity(0))
    harness.report("deliver.load", os.getloadavg()[0], "runnable", cores=len(cores), scale=scale)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        readers = max(200, int(READERS * scale))
        operator = prepared(folder, readers)
        throughput(operator, readers, cores)
        slow_relay(operator, readers)
        operator.close()
        memory(folder, scale)


def throughput(operator: Operator, readers: int, cores: list[int]) -> None:
    """From planning to the recorded receipts: on one core, on two, unsigned on two."""
    first, last = cores[0], cores[-1]
    app = operator.app()
    begun = time.perf_counter()
    os.sched_setaffinity(0, {first})
    planned = app.planner(now()).plan(due(now()))
    os.sched_setaffinity(0, set(cores))
    planning = time.perf_counter() - begun
    assert planned.planned == readers, planned
    some = min(readers, 20_000)
    with sink(last) as port:
        one = timed(operator, port, 1, {first}, some)
    harness.report("deliver.signed_mails_per_second_1_core", one, "mails/s", mails=some)
    both = 1 / (1 / one + planning / readers)
    harness.report(
        "deliver.whole_mails_per_second_1_core", both, "mails/s", planning_s=round(planning, 1)
    )
    with sink(None) as port:
        two = timed(operator, port, 2, set(cores), some)
    harness.report("deliver.signed_mails_per_second_2_cores", two, "mails/s", mails=some)
    operator.settings.pop("DKIM_KEYS")
    with sink(None) as port:
        unsigned = timed(operator, port, 2, set(cores), some)
    with sink(None) as port:
        yardstick = postfix_source(port, some, octets(operator))
    harness.report("deliver.unsigned_of_smtp_source", unsigned, "mails/s", yardstick)
    with sink(None) as port:
        first_mail(operator, port, readers)


def timed(operator: Operator, port: int, processes: int, cores: set[int], most: int) -> float:
    """Mails a second of so many planned ones, from the start of the senders that are loaded already."""
    app = reset(operator, most)
    context = multiprocessing.get_context("spawn")
    go, ready = context.Event(), context.Semaphore(0)
    values = {**operator.environment(), "NEWSLETTER_SMTP_URL": f"smtp://127.0.0.1:{port}"}
    workers = [
        context.Process(target=send, args=(values, cores, ready, go)) for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    for _ in workers:
        ready.acquire()
    begun = time.perf_counter()
    go.set()
    for worker in workers:
        worker.join()
    seconds = time.perf_counter() - begun
    with reading(app.sessions)() as session:
        done = session.scalar(select(func.count()).where(Delivery.state == "submitted"))
    assert done == most, (done, most)
    return most / seconds


def send(values: dict[str, str], cores: set[int], ready: Any, go: Any) -> None:
    """A sender process: loads what it needs, and waits for the start."""
    os.sched_setaffinity(0, cores)
    os.environ.update({k: v for k, v in values.items() if k.startswith("NEWSLETTER_")})
    from newsletter import settings

    start_log("error")
    app = build(settings.load(None))
    sender = app.sender()
    ready.release()
    go.wait()
    report = sender.run(Scope())
    assert report.error is None, report


def reset(operator: Operator, most: int) -> App:
    """So many deliveries planned anew, the others out of the way."""
    app = operator.app()
    with app.sessions.begin() as session:
        session.execute(
            update(Delivery).values(
                state="planned", retry_at=None, attempts=0, claimed_by=None, settled_at=None,
                lease_until=None, receipt=None, reason=None,
            ).where(Delivery.id <= select(func.min(Delivery.id)).scalar_subquery() + most - 1)
        )  # fmt: skip
        session.execute(
            update(Delivery)
            .where(Delivery.id > select(func.min(Delivery.id)).scalar_subquery() + most - 1)
            .values(state="skipped")
        )
    return app


def octets(operator: Operator) -> int:
    """How large a mail is."""
    app = operator.app()
    with reading(app.sessions)() as session:
        ids = session.scalars(select(Delivery.id).limit(5)).all()
        jobs = [job for job in app.sender().load(session, ids) if isinstance(job, Job)]
    return sum(len(job.message.data) for job in jobs) // len(jobs)


def postfix_source(port: int, mails: int, size: int) -> float:
    """Mails a second of smtp-source, over kept connections, with mails of the same size."""
    command = [
        "smtp-source",
        "-d",
        "-s",
        "16",
        "-m",
        str(mails),
        "-l",
        str(size),
        f"127.0.0.1:{port}",
    ]
    begun = time.perf_counter()
    subprocess.run(command, env=os.environ | {"PATH": PATH}, check=True)
    return mails / (time.perf_counter() - begun)


def first_mail(operator: Operator, port: int, readers: int) -> None:
    """Seconds from a tick's beginning to the first receipt, with everybody due."""
    app = operator.app()
    with app.sessions.begin() as session:
        session.execute(text("DELETE FROM pick"))
        session.execute(text("DELETE FROM delivery"))
        session.execute(
            update(Subscriber).values(
                next_send_at=now() - timedelta(minutes=1), covered_until=now() - timedelta(days=1)
            )
        )
    mailer = Relays([parse_relay(f"smtp://127.0.0.1:{port}")], 16)
    told: list[float] = []
    wired = replace(app, mailer=mailer)

    def sent(*arguments: Any, **more: Any) -> Any:
        def progress(_count: int) -> None:
            told.append(time.perf_counter())
            wired.stopping.set()

        return wired.sender().run(arguments[0], progress, more=more["more"])

    begun = time.perf_counter()
    pipeline = replace(wired.pipeline(), send=sent)
    ticking = threading.Thread(target=lambda: pipeline.tick(now()), daemon=True)
    ticking.start()
    while not told and ticking.is_alive():
        time.sleep(0.01)
    harness.report("deliver.seconds_to_first_mail", told[0] - begun, "s", readers=readers)
    ticking.join(600)


def slow_relay(operator: Operator, readers: int) -> None:
    """A relay that answers the end of each mail after 20 ms; the mails are made beforehand."""
    some = min(readers, 10_000)
    app = reset(operator, some)
    with slow_server() as port:
        mailer = Relays([parse_relay(f"smtp://127.0.0.1:{port}")], 64)
        with reading(app.sessions)() as session:
            job = next(
                iter(app.sender().load(session, [session.scalar(select(func.min(Delivery.id)))]))
            )
        assert isinstance(job, Job)
        made = job.message

        def load(_session: Any, ids: Any) -> Iterator[Job]:
            for id_ in ids:
                message = replace(
                    made, delivery_id=id_, to=f"r{id_}@example.org", message_id=f"<{id_}@bench>"
                )
                yield Job(message, 0, now())

        sender = replace(app.sender(), mailer=mailer, load=load)
        begun = time.perf_counter()
        report = sender.run()
        assert report.outcomes[Outcome.SUBMITTED] == some, report
    harness.report(
        "deliver.mails_per_second_20_ms_relay", some / (time.perf_counter() - begun), "mails/s",
        connections=64, yardstick=None,
    )  # fmt: skip


def memory(folder: Path, scale: float) -> None:
    """Peak memory of a sender with 10,000 and with 1,000,000 planned rows, of which it sends 3,000."""
    peaks = []
    for rows in (max(3000, int(10_000 * scale)), max(3000, int(1_000_000 * scale))):
        place = folder / f"rows-{rows}"
        place.mkdir(exist_ok=True)
        operator = prepared_rows(place, rows)
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        worker = context.Process(target=_peak, args=(operator.environment(), theirs))
        worker.start()
        peak, to_claim = ours.recv()
        worker.join()
        operator.close()
        peaks.append(peak)
        harness.report(
            "deliver.peak_mb", peak, "MB", peaks[0], rows=rows, first_s=round(to_claim, 2)
        )


class Nowhere:
    """Takes every mail at once."""

    connections = 8
    is_committed = False
    is_secured = None

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Nowhere]:
        yield self

    async def send(self, _message: Message) -> Receipt:
        await asyncio.sleep(0)
        return Receipt(Outcome.SUBMITTED, "taken", 250)


def _peak(values: dict[str, str], told: Any) -> None:
    os.environ.update({k: v for k, v in values.items() if k.startswith("NEWSLETTER_")})
    from newsletter import settings

    start_log("error")
    app = build(settings.load(None))
    sent, first = 0, 0.0
    begun = time.perf_counter()

    def progress(count: int) -> None:
        nonlocal sent, first
        first = first or time.perf_counter() - begun
        sent += count
        if sent >= 3000:
            app.stopping.set()

    replace(app.sender(), mailer=Nowhere()).run(progress=progress)
    told.send((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3, first))


if __name__ == "__main__":
    main()
