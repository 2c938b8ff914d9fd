"""Sending: each once, each outcome in the ledger, nothing lost by a crash."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from newsletter.app import App
from newsletter.deliver.relays import Relays
from newsletter.model import DeliveryState, Outcome
from newsletter.pipeline import due, everybody
from newsletter.sending_rules import parse_relay
from newsletter.stages.send import Sender
from newsletter.store import owner
from newsletter.store.ledgers import DELIVERIES
from newsletter.store.tables import Delivery
from subscribers.suppression import SuppressionReason, suppress
from subscribers.tables import Subscriber
from tests import smtpd
from tests.factories import NOW
from tests.operator import Operator, add_papers, add_readers


def planned(app: App, readers: int, papers: int = 3) -> None:
    add_readers(app, ["paper number"] * readers)
    add_papers(app, papers)
    report = app.planner(NOW).plan(due(NOW))
    assert report.planned == readers


def states(app: App) -> Counter[str]:
    with app.sessions() as session:
        return Counter(session.scalars(select(Delivery.state)))


def outbox(app: App) -> list[Path]:
    return sorted(Path(app.settings.outbox).glob("*.eml"))


def test_planning_and_sending_twice_sends_once(app: App) -> None:
    planned(app, 5)
    assert app.sender().run().outcomes == {Outcome.SUBMITTED: 5}
    assert app.planner(NOW).plan(due(NOW)).planned == 0
    assert app.planner(NOW).plan(everybody(NOW.date(), NOW)).planned == 0
    assert app.sender().run().outcomes == {}
    assert states(app) == {DeliveryState.SUBMITTED: 5}
    assert len(outbox(app)) == 5


def test_two_senders_at_once_send_each_mail_once(app: App, tmp_path: Path) -> None:
    planned(app, 60)
    with smtpd.running(tmp_path / "mails", "--delay", "0.01") as server:
        mailer = Relays([parse_relay(f"smtp://127.0.0.1:{server.port}")], 3)
        senders = [
            Sender(app.sessions, DELIVERIES, mailer, app.sender().load, app.sender().now)
            for _ in range(2)
        ]
        import threading

        threads = [threading.Thread(target=sender.run) for sender in senders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert Counter(mail.to for mail in server.mails()) == {
            f"reader{number}@example.org": 1 for number in range(60)
        }
    assert states(app) == {DeliveryState.SUBMITTED: 60}


@pytest.mark.parametrize("change", ["unsubscribed", "paused", "suppressed"])
def test_who_left_after_planning_is_not_mailed(app: App, change: str) -> None:
    planned(app, 3)
    with app.sessions.begin() as session:
        person = session.scalars(
            select(Subscriber).where(Subscriber.email == "reader1@example.org")
        ).one()
        if change == "unsubscribed":
            person.state = "unsubscribed"
        elif change == "paused":
            person.paused_until = NOW.date() + timedelta(days=3)
        else:
            suppress(session, person.address_hash, SuppressionReason.COMPLAINED, NOW)
    app.sender().run()
    assert states(app) == {DeliveryState.SUBMITTED: 2, DeliveryState.SKIPPED: 1}
    assert not any(b"reader1" in path.read_bytes() for path in outbox(app))


def test_who_leaves_between_claim_and_mail_is_not_mailed(app: App) -> None:
    planned(app, 2)
    sender = app.sender()

    def load(session, ids):
        jobs = list(sender.load(session, ids))
        with app.sessions.begin() as other:
            other.execute(update(Subscriber).values(state="unsubscribed"))
        return jobs

    # SQLite lets one write while another reads; so does PostgreSQL.
    report = Sender(app.sessions, DELIVERIES, sender.mailer, load, sender.now).run()
    assert report.withheld == 2
    assert states(app) == {DeliveryState.SKIPPED: 2}
    assert outbox(app) == []


def test_each_answer_of_the_relay_has_its_state(app: App, tmp_path: Path) -> None:
    planned(app, 5)
    special = ["unknown", "greylisted", "spam", "vanish"]
    with app.sessions.begin() as session:
        for number, word in enumerate(special):
            session.execute(
                update(Subscriber)
                .where(Subscriber.email == f"reader{number}@example.org")
                .values(email=f"{word}@example.org")
            )
    with smtpd.running(tmp_path / "mails") as server:
        mailer = Relays([parse_relay(f"smtp://127.0.0.1:{server.port}")], 2)
        sender = Sender(app.sessions, DELIVERIES, mailer, app.sender().load, lambda: NOW)
        report = sender.run()
        assert report.error is None
        assert sender.run().outcomes == {}  # nothing is due again yet
    with app.sessions() as session:
        found = {
            email: (state, reason)
            for email, state, reason in session.execute(
                select(Subscriber.email, Delivery.state, Delivery.reason).join(
                    Delivery, Delivery.subscriber_id == Subscriber.id
                )
            )
        }
    assert found["unknown@example.org"] == ("failed", "550 5.1.1: no such mailbox")
    assert found["greylisted@example.org"] == ("deferred", "450 4.7.1: the relay said later")
    assert found["spam@example.org"] == (
        "failed",
        "554 5.7.1: taken for spam, or refused for who sent it",
    )
    assert found["vanish@example.org"][0] == "uncertain"
    assert found["reader4@example.org"] == ("submitted", None)


def test_an_unreachable_relay_leaves_everything_planned(operator: Operator) -> None:
    app = operator.app()
    planned(app, 3)
    operator.settings["SMTP_URL"] = f"smtp://127.0.0.1:{smtpd.free_port()}"
    done = operator.run("send")
    assert done.returncode == 1
    assert "cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr
    assert states(app) == {DeliveryState.PLANNED: 3}


def test_a_living_sender_keeps_its_claims_and_a_dead_one_loses_them(app: App) -> None:
    planned(app, 4)
    gone = "/".join([*owner.new_owner().split("/")[:1], "999999", "1", "1"])
    with app.sessions.begin() as session:
        ids = [row.id for row in DELIVERIES.claim(session, gone, NOW, 2)]
        assert DELIVERIES.progress.begin(session.connection(), ids[:1], gone, NOW) == {ids[0]}
    with app.sessions.begin() as session:
        living = owner.new_owner()
        DELIVERIES.claim(session, living, app.sender().now(), 1)
    report = app.sender().run()
    assert report.recovered == 1
    assert report.outcomes == {Outcome.SUBMITTED: 3}
    assert states(app) == {DeliveryState.SUBMITTED: 3, DeliveryState.PLANNED: 1}
    with app.sessions() as session:
        marked = session.scalars(
            select(Delivery.id).where(Delivery.uncertain_at.is_not(None))
        ).all()
    assert marked == ids[:1]


@pytest.mark.parametrize("after", [40, 170])
def test_kill_minus_nine_in_the_middle_of_500(
    operator: Operator, tmp_path: Path, after: int
) -> None:
    connections = 4
    app = operator.app()
    planned(app, 500)
    with smtpd.running(tmp_path / "mails", "--delay", "0.002") as server:
        operator.settings["SMTP_URL"] = f"smtp://127.0.0.1:{server.port}"
        operator.settings["SMTP_CONNECTIONS"] = str(connections)
        process = operator.start("send")
        deadline = time.monotonic() + 60
        while len(list(server.folder.glob("*.eml"))) < after:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        assert states(app)[DeliveryState.PLANNED] > 0

        sent = operator.json("send")
        mails = server.mails()
    ids = Counter(
        line
        for mail in mails
        for line in mail.data.split(b"\r\n")
        if line.startswith(b"Message-ID")
    )
    assert len(ids) == 500, "everybody has theirs"
    doubles = [message_id for message_id, count in ids.items() if count > 1]
    assert len(doubles) <= connections
    assert max(ids.values()) <= 2
    assert len({mail.to for mail in mails}) == 500
    assert sent["recovered"] <= connections
    assert states(app) == {DeliveryState.SUBMITTED: 500}
    with app.sessions() as session:
        marked = session.scalars(
            select(Delivery.id).where(Delivery.uncertain_at.is_not(None))
        ).all()
    assert len(doubles) <= len(marked) <= connections
