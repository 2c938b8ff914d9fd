"""What keeps mails back, and what follows from refusals: each in the ledger, with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from newsletter.app import App
from newsletter.deliver.pace import Domains
from newsletter.deliver.relays import Relays
from newsletter.model import DeliveryState, Outcome, SkipReason
from newsletter.pipeline import due
from newsletter.sending_rules import StopLoss, WarmUp, parse_quiet_hours, parse_relay, parse_relays
from newsletter.stages.send import Rules, Sender
from newsletter.store import editions, standing
from newsletter.store.claims import Policy, Scope
from newsletter.store.returned import Bounce
from newsletter.store.tables import Delivery, Pick
from subscribers.tables import Subscriber, Suppression
from tests import smtpd
from tests.factories import NOW
from tests.operator import add_papers, add_readers

TOMORROW = NOW + timedelta(days=1)


def planned(app: App, addresses: list[str], papers: int = 3) -> None:
    add_readers(app, ["paper number"] * len(addresses))
    with app.sessions.begin() as session:
        for person, address in zip(session.scalars(select(Subscriber)), addresses, strict=True):
            person.email = address
    add_papers(app, papers)
    assert app.planner(NOW).plan(due(NOW)).planned == len(addresses)


def sender(app: App, *, now: datetime = NOW, port: int | None = None, **rules: object) -> Sender:
    wired = app.sender()
    mailer = Relays([parse_relay(f"smtp://127.0.0.1:{port}")], 2) if port else wired.mailer
    return replace(wired, mailer=mailer, now=lambda: now, rules=Rules(**rules), domains=Domains())


def counts(app: App) -> dict[tuple[str, str | None], int]:
    with app.sessions() as session:
        return {
            (state.value, why): count for state, why, count in standing.counts(session, NOW.date())
        }


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[smtpd.Server]:
    with smtpd.running(tmp_path / "mails") as server:
        yield server


def test_a_bad_address_is_suppressed_by_the_refusal_alone(app: App, relay: smtpd.Server) -> None:
    planned(app, ["unknown@example.org", "spam@example.org", "ada@example.org"])
    sender(app, port=relay.port).run()
    with app.sessions() as session:
        kinds = {str(k): e for k, e in session.execute(select(Bounce.kind, Bounce.effect))}
        assert kinds == {"hard": "suppressed"}
        assert len(session.scalars(select(Suppression.address_hash)).all()) == 1
    assert counts(app) == {
        ("failed", "550 5.1.1: no such mailbox"): 1,
        ("failed", "554 5.7.1: taken for spam, or refused for who sent it"): 1,
        ("submitted", None): 1,
    }


def test_too_many_refusals_stop_the_edition_until_it_is_resumed(
    app: App, relay: smtpd.Server
) -> None:
    planned(app, [f"spam{number}@example.org" for number in range(30)])
    rules = {"stop_loss": StopLoss(0.1, 10)}
    report = sender(app, port=relay.port, **rules).run()
    assert "is stopped" in report.notes[0]
    refused = counts(app)["failed", "554 5.7.1: taken for spam, or refused for who sent it"]
    assert 10 <= refused <= 20
    assert counts(app)["planned", "waits for its turn"] == 30 - refused
    assert sender(app, port=relay.port, **rules).run().outcomes == {}, "nobody else goes on"
    with app.sessions.begin() as session:
        ((day, why),) = editions.stopped(session)
        assert day == NOW.date()
        assert "refused for good" in why
        session.execute(update(Subscriber).values(email="x" + Subscriber.email))
        session.execute(update(Subscriber).values(email=Subscriber.id.concat("@example.org")))
        assert editions.resume(session, None, TOMORROW) == [day]
    report = sender(app, port=relay.port, **rules).run()
    assert report.outcomes == {Outcome.SUBMITTED: 30 - refused}
    assert report.notes == []


def test_in_quiet_hours_nothing_leaves(app: App) -> None:
    planned(app, ["ada@example.org"])
    quiet = parse_quiet_hours("06:00-07:00")
    report = sender(app, quiet=quiet).run()
    assert report.outcomes == {}
    assert "quiet hours" in report.notes[0]
    later = sender(app, quiet=quiet, now=NOW + timedelta(hours=1)).run()
    assert later.outcomes == {Outcome.SUBMITTED: 1}


def test_a_new_sender_warms_up_day_by_day(app: App) -> None:
    planned(app, [f"reader{number}@example.org" for number in range(10)])
    plan = WarmUp(NOW.date(), 4, 1.5)
    for moment, expected in ((NOW, 4), (NOW + timedelta(hours=1), 0), (TOMORROW, 6)):
        report = sender(app, warm_up=plan, now=moment).run()
        assert report.outcomes.total() == expected
    assert counts(app) == {("submitted", None): 10}


def test_an_edition_whose_time_has_passed_is_not_sent_blindly(app: App) -> None:
    planned(app, ["ada@example.org", "eve@example.org"])
    policy = Policy(deadline=timedelta(hours=20))
    assert sender(app, now=TOMORROW, policy=policy).run().outcomes == {}
    assert counts(app) == {("skipped", SkipReason.LATE): 2}
    with app.sessions.begin() as session:
        assert standing.reopen_late(session, NOW.date()) == 2
    late = sender(app, now=TOMORROW, policy=policy).run(Scope(late=True))
    assert late.outcomes == {Outcome.SUBMITTED: 2}


@pytest.mark.parametrize(("hold", "state"), [(False, "submitted"), (True, "uncertain")])
def test_a_mail_without_an_answer_is_sent_again_or_held(
    app: App, relay: smtpd.Server, hold: bool, state: str
) -> None:
    planned(app, ["vanish@example.org"])
    policy = Policy(hold=hold)
    assert sender(app, port=relay.port, policy=policy).run().outcomes == {Outcome.UNCERTAIN: 1}
    with app.sessions.begin() as session:
        session.execute(update(Subscriber).values(email="ada@example.org"))
    later = NOW + timedelta(minutes=6)
    sender(app, port=relay.port, policy=policy, now=later).run()
    assert [state for state, _ in counts(app)] == [state]
    sender(app, port=relay.port, policy=policy, now=later).run(Scope(held=True))
    assert counts(app) == {("submitted", None): 1}
    ids = {mail.data.partition(b"Message-ID: ")[2].split(b"\r\n")[0] for mail in relay.mails()}
    assert len(relay.mails()) == 2
    assert len(ids) == 1
    with app.sessions() as session:
        assert session.scalars(select(Delivery.uncertain_at)).all() != [None]


def test_what_was_put_off_comes_with_the_next_edition(app: App, relay: smtpd.Server) -> None:
    planned(app, ["greylisted@example.org", "ada@example.org"])
    sender(app, port=relay.port).run()
    assert ("deferred", "450 4.7.1: the relay said later") in counts(app)
    add_papers(app, 5, now=TOMORROW)
    assert app.planner(TOMORROW).plan(due(TOMORROW)).planned == 2
    assert counts(app) == {("skipped", SkipReason.MERGED): 1, ("submitted", None): 1}
    with app.sessions() as session:
        rows = session.execute(
            select(Delivery.subscriber_id, Delivery.edition_day, Pick.entry_id, Pick.position)
            .join(Pick, Pick.delivery_id == Delivery.id)
            .order_by(Delivery.id, Pick.position)
        ).all()
    late = [row for row in rows if row.subscriber_id == 1]
    assert {row.edition_day for row in late} == {TOMORROW.date()}
    assert sorted(row.entry_id for row in late) == [1, 2, 3, 4, 5]
    assert [row.position for row in late] == list(range(5))
    ada = Counter(row.edition_day for row in rows if row.subscriber_id == 2)
    assert ada == {NOW.date(): 3, TOMORROW.date(): 2}
    assert sender(app, now=TOMORROW).run().outcomes == {Outcome.SUBMITTED: 2}


def test_a_quiet_day_brings_what_was_put_off_by_itself(app: App, relay: smtpd.Server) -> None:
    planned(app, ["greylisted@example.org"])
    sender(app, port=relay.port).run()
    report = app.planner(TOMORROW).plan(due(TOMORROW))
    assert (report.planned, report.skipped) == (1, {})
    assert sender(app, now=TOMORROW).run().outcomes == {Outcome.SUBMITTED: 1}
    (mail,) = Path(app.settings.outbox).glob("*.eml")
    assert b"Paper number 2" in mail.read_bytes()


def test_a_domain_that_takes_mail_slowly_holds_up_no_other(app: App, relay: smtpd.Server) -> None:
    addresses = [f"{n}@{'slow' if n % 2 else 'fast'}.example" for n in range(40)]
    planned(app, addresses)
    wired = sender(app, port=relay.port)
    report = replace(wired, domains=Domains(5.0)).run()
    assert report.put_off > 0
    with app.sessions() as session:
        rows = session.execute(select(Delivery.state, Delivery.reason, Delivery.retry_at)).all()
    waiting = [row for row in rows if row.state == DeliveryState.PLANNED]
    assert len(waiting) == report.put_off
    assert {row.reason for row in waiting} == {"waits, for its domain takes mail slowly"}
    assert all(NOW < row.retry_at <= NOW + timedelta(minutes=1) for row in waiting)
    later = sender(app, port=relay.port, now=NOW + timedelta(minutes=2)).run()
    assert later.outcomes == {Outcome.SUBMITTED: len(waiting)}


def test_a_relay_that_is_down_is_stood_in_for(app: App, relay: smtpd.Server) -> None:
    planned(app, [f"reader{number}@example.org" for number in range(10)])
    urls = f"smtp://127.0.0.1:{smtpd.free_port()}?weight=9,smtp://127.0.0.1:{relay.port}"
    wired = replace(sender(app), mailer=Relays(parse_relays(urls), 4, timeout=5))
    report = wired.run()
    assert (report.outcomes, report.error) == ({Outcome.SUBMITTED: 10}, None)
    assert len(relay.mails()) == 10


def test_relays_get_their_share_of_the_mail(app: App, tmp_path: Path, relay: smtpd.Server) -> None:
    planned(app, [f"reader{number}@example.org" for number in range(60)])
    with smtpd.running(tmp_path / "other", "--delay", "0.01") as other:
        urls = f"smtp://127.0.0.1:{relay.port}?connections=1,smtp://127.0.0.1:{other.port}?weight=3"
        pool = Relays(parse_relays(urls), 4, timeout=5)
        assert pool._shares == [1, 3]
        replace(sender(app), mailer=pool).run()
        assert len(relay.mails()) + len(other.mails()) == 60
        assert relay.mails()
        assert other.mails()


def test_every_mail_not_sent_has_a_reason_and_all_add_up(app: App, relay: smtpd.Server) -> None:
    words = ["unknown", "greylisted", "full", "spam", "vanish", "ada", "eve"]
    planned(app, [f"{word}@example.org" for word in words])
    with app.sessions.begin() as session:
        session.execute(
            update(Subscriber)
            .where(Subscriber.email == "eve@example.org")
            .values(state="unsubscribed")
        )
    sender(app, port=relay.port).run()
    found = counts(app)
    assert sum(found.values()) == len(words)
    assert {state for state, why in found if why is None} == {"submitted"}
