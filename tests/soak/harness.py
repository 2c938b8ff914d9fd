"""Real sender processes against a relay that misbehaves, killed at random instants; then the books are checked."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, update

from newsletter.app import App, build
from newsletter.deliver.relays import Relays
from newsletter.logs import start_log
from newsletter.pipeline import due
from newsletter.sending_rules import parse_relay
from newsletter.settings import Settings
from newsletter.stages.send import Sender
from newsletter.store.returned import Bounce, Returned
from newsletter.store.tables import Delivery
from subscribers.tables import Subscriber, Suppression
from tests.operator import Operator, add_papers, add_readers
from tests.soak import relay as relays

READERS = 40
CONNECTIONS = 3
TIMEOUT = 1.0
_OPEN = ("planned", "deferred", "uncertain", "sending")


@dataclass(frozen=True)
class Plan:
    """One run: all of it follows from the seed."""

    seed: int
    processes: int
    faults: float = 0.15
    rounds: int = 2


@dataclass
class Books:
    """What the ledger and the relay's journal say, and what is wrong with them."""

    states: Counter[str] = field(default_factory=Counter)
    taken: int = 0
    doubles: int = 0
    killed_connections: int = 0
    lost_answers: int = 0
    faults: list[str] = field(default_factory=list)


def prepare(operator: Operator) -> None:
    """Readers of four domains, one of them slow, each with a planned digest."""
    app = operator.app()
    now = datetime.now(UTC)
    add_readers(app, ["paper number"] * READERS, now=now)
    with app.sessions.begin() as session:
        for number, person in enumerate(session.scalars(select(Subscriber))):
            domain = ("slow.example", "one.example", "slow.example", "two.example")[number % 4]
            person.email = person.email.replace("example.org", domain)
    add_papers(app, 3, now=now)
    assert app.planner(now).plan(due(now)).planned == READERS


def play(operator: Operator, folder: Path, plan: Plan) -> Books:
    """One run: senders started and killed, round by round, then left alone until nothing waits."""
    dice = random.Random(plan.seed)
    app = operator.app()
    _reset(app)
    books = Books()
    with relays.running(folder, plan.seed, plan.faults, 2 * TIMEOUT) as relay:
        for _ in range(plan.rounds):
            books.killed_connections += _round(operator, relay, plan.processes, dice)
            _let_time_pass(app)
        relay.set_faults(0)
        for _ in range(8):
            if not _waiting(app):
                break
            for process in _start(operator, relay.port, plan.processes):
                process.join()
            _let_time_pass(app)
        _check(app, relay, books)
    return books


def _round(operator: Operator, relay: relays.Running, count: int, dice: random.Random) -> int:
    """Start senders and kill each at an instant of its own; how many connections that cut."""
    before = len(relay.noted())
    processes = _start(operator, relay.port, count)
    moments = sorted((dice.uniform(0.0, 0.6), at) for at in range(count))
    begun = time.monotonic()
    while len(relay.noted()) == before and time.monotonic() < begun + 30:
        time.sleep(0.005)
    begun = time.monotonic()
    killed = 0
    for moment, at in moments:
        time.sleep(max(0.0, begun + moment - time.monotonic()))
        killed += processes[at].is_alive()
        processes[at].kill()
        processes[at].join()
    return killed * CONNECTIONS


def _start(operator: Operator, port: int, count: int) -> list[BaseProcess]:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.soak.harness"])
    values = {
        name.removeprefix("NEWSLETTER_").lower(): value
        for name, value in operator.environment().items()
        if name.startswith("NEWSLETTER_")
    }
    processes = [context.Process(target=_send, args=(values, port)) for _ in range(count)]
    for process in processes:
        process.start()
    return list(processes)


def _send(values: dict[str, str], port: int) -> None:
    """What a sender process does."""
    start_log("error")
    values = dict(values)
    values["from_"] = values.pop("from")
    app = build(Settings(_env_file=None, **values))
    relay = parse_relay(f"smtp://127.0.0.1:{port}?verify=no")
    mailer = Relays([relay], CONNECTIONS, TIMEOUT, TIMEOUT)
    wired = app.sender()
    sender = Sender(
        wired.sessions, wired.ledger, mailer, wired.load, wired.now,
        rules=wired.rules, bounced=wired.bounced,
    )  # fmt: skip
    sender.run()


def _reset(app: App) -> None:
    with app.sessions.begin() as session:
        for table in (Suppression, Bounce, Returned):
            session.execute(delete(table))
        session.execute(
            update(Delivery).values(
                state="planned", reason=None, receipt=None, attempts=0, retry_at=None,
                settled_at=None, uncertain_at=None, claimed_by=None, lease_until=None,
                planned_at=datetime.now(UTC),
            )
        )  # fmt: skip


def _let_time_pass(app: App) -> None:
    """What was put off is due."""
    with app.sessions.begin() as session:
        session.execute(update(Delivery).where(Delivery.state.in_(_OPEN)).values(retry_at=None))


def _waiting(app: App) -> int:
    with app.sessions() as session:
        return len(session.scalars(select(Delivery.id).where(Delivery.state.in_(_OPEN))).all())


def _check(app: App, relay: relays.Running, books: Books) -> None:
    noted = relay.noted()
    taken: Counter[str] = Counter(each["id"] for each in noted if each["kind"] == "taken")
    books.lost_answers = sum(each.get("lost", False) for each in noted)
    books.taken = taken.total()
    gone = {each["to"] for each in noted if each.get("said", "").startswith("550 5.1.1")}
    with app.sessions() as session:
        rows = session.execute(
            select(Delivery, Subscriber.email).join(
                Subscriber, Subscriber.id == Delivery.subscriber_id
            )
        ).all()
        for row, email in rows:
            books.states[row.state] += 1
            _check_row(row, taken[_message_id(app, row)], books, is_gone=email in gone)
    known = {_message_id(app, row) for row, _ in rows}
    books.faults += [f"nobody's mail: {each}" for each in taken.keys() - known]
    if books.states.total() != READERS:
        books.faults.append("rows have gone")
    if books.doubles > books.killed_connections + books.lost_answers:
        books.faults.append("more doubles than connections that were cut or answers that were lost")
    if books.taken != books.states["submitted"] + books.doubles:
        books.faults.append("the ledger and the relay's journal do not add up")


def _check_row(row: Any, times: int, books: Books, *, is_gone: bool) -> None:
    marked = row.uncertain_at is not None
    extra = times - (row.state == "submitted")
    books.doubles += max(0, extra)
    if row.state not in {"submitted", "failed", "skipped"}:
        books.faults.append(f"row {row.id} is stuck: {row.state}, {row.reason}")
    if row.state == "submitted" and not times:
        books.faults.append(f"row {row.id} is submitted, and the relay never took it")
    if row.state == "failed" and not (row.reason or "").startswith("5"):
        books.faults.append(f"row {row.id} failed for no refusal: {row.reason}")
    # Killed between taking in that the address is bad and writing that down of the row: then the row says
    # that its reader may not be mailed any more.
    if row.state == "skipped" and not is_gone:
        books.faults.append(f"row {row.id} was skipped: {row.reason}")
    if extra > 0 and not marked:
        books.faults.append(f"row {row.id} was taken {times} times and is not marked")


def _message_id(app: App, row: Any) -> str:
    return app.links.message_id(f"{row.edition_day:%Y%m%d}", row.id, row.subscriber_id)
