"""Stopping and starting: a bounded end, a database that is away, a full disk, a clock that jumps."""

from __future__ import annotations

import signal
import sqlite3
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from newsletter.app import App
from newsletter.deliver.relays import Relays
from newsletter.model import Outcome
from newsletter.pipeline import due
from newsletter.sending_rules import parse_relay
from newsletter.store.tables import Delivery
from tests import smtpd
from tests.factories import NOW
from tests.operator import Operator, add_papers, add_readers


def planned(app: App, readers: int, *, now: datetime = NOW) -> None:
    add_readers(app, ["paper number"] * readers, now=now)
    add_papers(app, 3, now=now)
    assert app.planner(now).plan(due(now)).planned == readers


def rows(app: App) -> Counter[tuple[str, bool]]:
    with app.sessions() as session:
        found = session.execute(select(Delivery.state, Delivery.claimed_by))
        return Counter((state, claimed is not None) for state, claimed in found)


def test_sigterm_finishes_what_is_on_the_wire_and_gives_back_the_rest(
    operator: Operator, tmp_path: Path
) -> None:
    app = operator.app()
    planned(app, 200)
    with smtpd.running(tmp_path / "mails", "--delay", "0.05") as server:
        operator.settings |= {
            "SMTP_URL": f"smtp://127.0.0.1:{server.port}",
            "SMTP_CONNECTIONS": "2",
        }
        process = operator.start("send")
        until = time.monotonic() + 60
        while len(server.mails()) < 5 and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        begun = time.monotonic()
        _, err = process.communicate(timeout=60)
        assert time.monotonic() - begun < 30
        taken = len(server.mails())
    assert process.returncode == 130, err
    assert rows(app) == {("submitted", False): taken, ("planned", False): 200 - taken}


def test_who_does_not_answer_holds_up_a_stop_for_a_bounded_time(app: App, tmp_path: Path) -> None:
    planned(app, 6)
    with smtpd.running(tmp_path / "mails", "--delay", "60") as server:
        wired = app.sender()
        mailer = Relays([parse_relay(f"smtp://127.0.0.1:{server.port}")], 2)
        rules = replace(wired.rules, grace=0.5)
        sender = replace(wired, mailer=mailer, rules=rules, now=lambda: NOW)
        threading.Timer(2.0, sender.stopping.set).start()
        begun = time.monotonic()
        report = sender.run()
        assert time.monotonic() - begun < 10
    assert report.outcomes == {Outcome.UNCERTAIN: 2}
    assert rows(app) == {("uncertain", False): 2, ("planned", False): 4}


def test_a_database_that_is_away_for_a_while_is_waited_for(app: App, tmp_path: Path) -> None:
    planned(app, 40)
    away = threading.Event()

    def refuse(*_: object) -> None:
        if away.is_set():
            raise OperationalError("BEGIN", {}, sqlite3.OperationalError("gone away"))

    with smtpd.running(tmp_path / "mails", "--delay", "0.02") as server:
        mailer = Relays([parse_relay(f"smtp://127.0.0.1:{server.port}")], 2)
        sender = replace(app.sender(), mailer=mailer)
        event.listen(app.engine, "begin", refuse)

        def trouble() -> None:
            while len(server.mails()) < 5:
                time.sleep(0.01)
            away.set()
            time.sleep(1.5)
            away.clear()

        thread = threading.Thread(target=trouble)
        thread.start()
        report = sender.run()
        thread.join()
        event.remove(app.engine, "begin", refuse)
        assert Counter(mail.to for mail in server.mails()).most_common(1)[0][1] == 1
    assert report.outcomes == {Outcome.SUBMITTED: 40}
    assert rows(app) == {("submitted", False): 40}


def test_a_database_that_stays_away_ends_the_run_and_loses_nothing(app: App) -> None:
    planned(app, 10)
    wired = app.sender()
    sender = replace(wired, rules=replace(wired.rules, patience=0.3))
    sent = 0

    def refuse(*_: object) -> None:
        if sent >= 3:
            raise OperationalError("BEGIN", {}, sqlite3.OperationalError("disk is full"))

    def progress(count: int) -> None:
        nonlocal sent
        sent += count

    event.listen(app.engine, "begin", refuse)
    with pytest.raises(OperationalError):
        sender.run(progress=progress)
    event.remove(app.engine, "begin", refuse)
    assert app.sender().run().outcomes.total() >= 0
    with app.sessions() as session:
        held = session.scalars(select(Delivery.id).where(Delivery.state == "sending")).all()
    assert len(held) <= sender.mailer.connections, "what may have left, until the lease ends"
    later = replace(app.sender(), now=lambda: datetime.now(UTC) + timedelta(minutes=10))
    later.run()
    assert rows(app) == {("submitted", False): 10}
    assert len(list(Path(app.settings.outbox).glob("*.eml"))) == 10


def test_a_clock_that_is_set_back_and_forth_loses_and_doubles_nothing(
    app: App, tmp_path: Path
) -> None:
    planned(app, 60)
    jumps = iter(
        [timedelta(0), timedelta(hours=-2), timedelta(minutes=1), timedelta(hours=-26)] * 10_000
    )
    with smtpd.running(tmp_path / "mails", "--delay", "0.005") as server:
        mailer = Relays([parse_relay(f"smtp://127.0.0.1:{server.port}")], 3)
        sender = replace(app.sender(), mailer=mailer, now=lambda: NOW + next(jumps))
        sender.run()
        sender.run()
        assert Counter(Counter(mail.to for mail in server.mails()).values()) == {1: 60}
    assert rows(app) == {("submitted", False): 60}


def test_several_processes_send_one_edition(
    operator: Operator, tmp_path: Path, monkeypatch
) -> None:
    app = operator.app()
    planned(app, 30)
    monkeypatch.setattr("newsletter.fleet._WORTH_IT", 10)
    from newsletter.fleet import Fleet
    from newsletter.store.claims import Scope

    with smtpd.running(tmp_path / "mails") as server:
        operator.settings["SMTP_URL"] = f"smtp://127.0.0.1:{server.port}"
        progress: list[int] = []
        report = Fleet(operator.app(), 2).send(Scope(), progress.append)
        assert report.outcomes == {Outcome.SUBMITTED: 30}
        assert sum(progress) == 30
        assert Counter(Counter(mail.to for mail in server.mails()).values()) == {1: 30}
    assert rows(app) == {("submitted", False): 30}
