"""What comes back: whose it is, what it leads to, and that nothing is lost or done twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from newsletter.app import App
from newsletter.bounce.scoring import Effect
from newsletter.bounce.values import Kind
from newsletter.pipeline import due
from newsletter.stages.returned import Intake, Taken
from newsletter.store import returned as store
from newsletter.store.engine import reading
from newsletter.store.tables import Delivery, Notice
from subscribers import returning
from subscribers.preferences import locked
from subscribers.privacy import erase
from subscribers.tables import State, Subscriber, Suppression
from subscribers.tokens import TagPurpose
from tests.factories import NOW
from tests.operator import Operator, add_papers, add_readers


@pytest.fixture
def app(operator: Operator) -> App:
    operator.settings["BOUNCE_ADDRESS"] = "bounces@papers.example"
    app = operator.app()
    add_readers(app, ["paper number"] * 2)
    return app


def intake(app: App, days: float = 0) -> Intake:
    return replace(app.intake(), now=lambda: NOW + timedelta(days=days))


def person(app: App, number: int = 0) -> Subscriber:
    with reading(app.sessions)() as session:
        email = f"reader{number}@example.org"
        return session.scalars(select(Subscriber).where(Subscriber.email == email)).one()


def suppressed(app: App, number: int = 0) -> str | None:
    with reading(app.sessions)() as session:
        hashed = person(app, number).address_hash
        return session.scalar(select(Suppression.reason).where(Suppression.address_hash == hashed))


def dsn(
    to: str,
    status: str = "5.1.1",
    words: str = "550 no such mailbox",
    *,
    address: str = "reader0@example.org",
    action: str = "failed",
    original: str = "",
    mark: object = "",
) -> bytes:
    return f"""From: MAILER-DAEMON@relay.example
To: {to}
Subject: Undelivered Mail Returned to Sender
X-Mark: {mark}
Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example

Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {words}

--x
Content-Type: message/rfc822

{original}Subject: Your papers

--x--
""".encode()


def own(app: App, number: int = 0, purpose: TagPurpose = TagPurpose.RETURN) -> str:
    return app.links.address(purpose, person(app, number).id)


def outcome(taken: Taken) -> tuple[Kind, Effect]:
    (only,) = taken.outcomes
    return only


def test_a_mailbox_that_is_gone_is_not_mailed_again(app: App) -> None:
    taken = intake(app).take(dsn(own(app)), way="file")
    assert outcome(taken) == (Kind.HARD, Effect.SUPPRESSED)
    assert suppressed(app) == "bounced"
    assert suppressed(app, 1) is None


def test_the_same_bytes_count_once(app: App) -> None:
    raw = dsn(own(app), "4.2.2", "452 mailbox full")
    assert outcome(intake(app).take(raw, way="file")) == (Kind.FULL, Effect.COUNTED)
    assert intake(app, 1).take(raw, way="lmtp") == Taken(again=True)
    with reading(app.sessions)() as session:
        assert session.scalar(select(func.count()).select_from(store.Returned)) == 1
        assert session.scalar(select(func.count()).select_from(store.Bounce)) == 1


def test_soft_bounces_count_once_a_day_until_the_threshold(app: App) -> None:
    for day in range(4):
        for hour in range(3):
            raw = dsn(own(app), "4.2.2", "full", mark=f"{day} {hour}")
            assert outcome(intake(app, day + hour / 24).take(raw, way="file"))[1] is Effect.COUNTED
    assert suppressed(app) is None
    raw = dsn(own(app), "4.4.7", "expired", mark="last")
    assert outcome(intake(app, 4).take(raw, way="file")) == (Kind.SOFT, Effect.SUPPRESSED)
    assert suppressed(app) == "bounced"


def test_soft_bounces_fade(app: App) -> None:
    for month in range(20):
        raw = dsn(own(app), "4.2.2", "full", mark=month)
        taken = intake(app, 30 * month).take(raw, way="file")
        assert outcome(taken)[1] is Effect.COUNTED
    assert suppressed(app) is None


def test_what_is_taken_for_spam_never_suppresses_a_reader(app: App) -> None:
    for day in range(30):
        raw = dsn(own(app), "5.7.1", "554 looks like spam", mark=day)
        taken = intake(app, day).take(raw, way="file")
        assert outcome(taken) == (Kind.BLOCKED, Effect.COUNTED)
    assert suppressed(app) is None


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (dsn("TO", action="delayed"), Kind.DELAY),
        (dsn("TO", "2.0.0", "250 ok", action="delivered"), Kind.DELIVERED),
        (b"From: a@b.example\nTo: TO\nSubject: Out of office\n\nAway.", Kind.AUTO_REPLY),
        (b"From: a@b.example\nTo: TO\nSubject: Please confirm your message\n\nx", Kind.CHALLENGE),
        (b"From: a@b.example\nTo: TO\nSubject: Thanks\n\nLovely papers.", Kind.UNKNOWN),
        (b"\xff\xfe\x00garbage for TO", Kind.UNKNOWN),
    ],
)
def test_what_is_no_bounce_changes_nothing_and_is_kept(app: App, raw: bytes, kind: Kind) -> None:
    raw = raw.replace(b"TO", own(app).encode())
    assert outcome(intake(app).take(raw, way="file")) == (kind, Effect.KEPT)
    assert suppressed(app) is None
    with reading(app.sessions)() as session:
        row = session.scalars(select(store.Returned)).one()
        assert (row.raw, row.size, row.kind) == (raw, len(raw), kind)


def complaint(head: str) -> bytes:
    return f"""From: feedback@provider.example
To: abuse@papers.example
Content-Type: multipart/report; report-type=feedback-report; boundary=x

--x
Content-Type: message/feedback-report

Feedback-Type: abuse
Version: 1

--x
Content-Type: message/rfc822

{head}Subject: Your papers

--x--
""".encode()


def test_who_complains_is_out_at_once_and_gets_no_good_bye(app: App) -> None:
    raw = complaint(f"Return-Path: <{own(app)}>\n")
    assert outcome(intake(app).take(raw, way="file")) == (Kind.COMPLAINT, Effect.UNSUBSCRIBED)
    assert person(app).state == State.UNSUBSCRIBED
    assert suppressed(app) == "complained"
    with reading(app.sessions)() as session:
        assert session.scalars(select(Notice)).all() == []


def test_leaving_by_mail(app: App) -> None:
    to = own(app, 0, TagPurpose.LEAVE)
    raw = f"From: someone@elsewhere.example\nTo: <{to.upper()}>\nSubject: unsubscribe\n\n".encode()
    taken = intake(app).take(raw, way="lmtp")
    assert outcome(taken) == (Kind.UNSUBSCRIBE, Effect.UNSUBSCRIBED)
    assert person(app).state == State.UNSUBSCRIBED
    assert person(app, 1).state == State.CONFIRMED
    assert suppressed(app) is None
    with reading(app.sessions)() as session:
        assert session.scalars(select(Notice.kind)).all() == ["goodbye"]


def test_a_bounce_that_quotes_the_way_out_does_not_take_it(app: App) -> None:
    way_out = f"List-Unsubscribe: <mailto:{own(app, 0, TagPurpose.LEAVE)}>\n"
    raw = dsn(own(app), "5.7.1", "554 looks like spam", original=way_out)
    assert outcome(intake(app).take(raw, way="file"))[0] is Kind.BLOCKED
    raw = f"From: a@b.example\nTo: digest@papers.example\n\n{way_out}".encode()
    assert outcome(intake(app).take(raw, way="lmtp")) == (Kind.UNKNOWN, Effect.NOBODY)
    assert person(app).state == State.CONFIRMED


def test_anybody_can_write_that_a_mailbox_is_gone(app: App) -> None:
    raw = dsn("bounces@papers.example")
    assert outcome(intake(app).take(raw, way="lmtp")) == (Kind.HARD, Effect.NOBODY)
    forged = own(app)[:-20] + "a" * 4 + own(app)[-16:]
    assert outcome(intake(app).take(dsn(forged), way="lmtp"))[1] is Effect.NOBODY
    # A tag of one purpose is none of the other.
    other = own(app, 0, TagPurpose.LEAVE)
    assert outcome(intake(app).take(dsn(other), way="lmtp"))[1] is Effect.NOBODY
    assert suppressed(app) is None


def test_whoever_vouches_is_believed(app: App) -> None:
    raw = dsn("digest@papers.example", address="Reader0@EXAMPLE.org")
    assert outcome(intake(app).take(raw, way="file", trusted=True))[1] is Effect.SUPPRESSED
    assert suppressed(app) == "bounced"
    raw = dsn("digest@papers.example", address="stranger@example.org")
    assert outcome(intake(app).take(raw, way="file", trusted=True))[1] is Effect.NOBODY


def test_the_message_id_of_a_delivery_proves_whose_it_was(app: App) -> None:
    add_papers(app, 3)
    app.planner(NOW).plan(due(NOW))
    with reading(app.sessions)() as session:
        row = session.scalars(
            select(Delivery).where(Delivery.subscriber_id == person(app).id)
        ).one()
    told = app.links.message_id(f"{row.edition_day:%Y%m%d}", row.id, row.subscriber_id)
    raw = dsn(
        "digest@papers.example", original=f"Message-ID: {told}\n", address="alias@else.example"
    )
    assert outcome(intake(app).take(raw, way="imap"))[1] is Effect.SUPPRESSED
    with reading(app.sessions)() as session:
        assert session.scalars(select(store.Bounce.delivery_id)).one() == row.id
    forged = told.replace("@", "0@")
    raw = dsn("digest@papers.example", original=f"Message-ID: {forged}\n")
    assert outcome(intake(app).take(raw, way="imap"))[1] is Effect.NOBODY


def test_of_a_large_mail_the_beginning_is_kept(app: App) -> None:
    raw = dsn(own(app)) + b"x" * 1_000_000
    intake(app).take(raw, way="file")
    with reading(app.sessions)() as session:
        row = session.scalars(select(store.Returned)).one()
        assert row.size == len(raw)
        assert row.raw == raw[: 64 * 1024]


def test_erasing_a_reader_erases_what_came_back_from_them(app: App) -> None:
    intake(app).take(dsn(own(app)), way="file")
    intake(app).take(dsn(own(app, 1)), way="file")
    leaving = person(app).id
    with app.sessions.begin() as session:
        erase(session, leaving, now=NOW)
    with reading(app.sessions)() as session:
        assert session.scalars(select(store.Returned.subscriber_id)).all() == [person(app, 1).id]
        assert session.scalars(select(store.Bounce.subscriber_id)).all() == [person(app, 1).id]


def test_mails_carry_signed_addresses_and_their_retries_the_same(app: App) -> None:
    add_papers(app, 3)
    app.planner(NOW).plan(due(NOW))
    with reading(app.sessions)() as session:
        ids = session.scalars(select(Delivery.id)).all()
        first = list(app.sender().load(session, ids))
        second = list(app.sender().load(session, ids))
    assert [job.message for job in first] == [job.message for job in second]
    for job in first:
        assert len(job.message.sender.partition("@")[0]) <= 64
        raw = dsn(job.message.sender, "4.2.2", "full")
        assert outcome(intake(app).take(raw, way="lmtp")) == (Kind.FULL, Effect.COUNTED)
        unfolded = job.message.data.replace(b"\r\n ", b" ")
        assert b">, <mailto:bounces+" in unfolded
    with reading(app.sessions)() as session:
        rows = session.execute(select(store.Bounce.subscriber_id, store.Bounce.delivery_id)).all()
        known = session.execute(select(Delivery.subscriber_id, Delivery.id)).all()
    assert sorted(rows) == sorted(known)


def bring_back(app: App, days: float = 0) -> bool:
    with app.sessions.begin() as session:
        found = locked(session, person(app).id)
        assert found is not None
        return returning.bring_back(
            session,
            found,
            signer=app.signer,
            send_notice=app.intake().send_notice,
            now=NOW + timedelta(days=days),
        )


def notices(app: App) -> list[str]:
    with reading(app.sessions)() as session:
        return list(session.scalars(select(Notice.kind).order_by(Notice.id)))


def test_who_bounced_can_be_asked_back(app: App) -> None:
    intake(app).take(dsn(own(app)), way="file")
    assert bring_back(app)
    assert not bring_back(app)
    assert person(app).state == State.PENDING
    assert suppressed(app) is None
    assert notices(app) == ["reconfirm"]


def soft(app: App, days: float) -> Effect:
    raw = dsn(own(app), "4.2.2", "452 try later", mark=days)
    return outcome(intake(app, days).take(raw, way="file"))[1]


def test_what_bounced_before_a_reader_was_asked_back_is_forgiven(app: App) -> None:
    assert [soft(app, day) for day in range(5)][-1] is Effect.SUPPRESSED
    assert bring_back(app, 5)
    assert [soft(app, day) for day in range(6, 11)] == [*[Effect.COUNTED] * 4, Effect.SUPPRESSED]


def test_who_is_pending_is_asked_back_too(app: App) -> None:
    intake(app).take(dsn(own(app)), way="file")
    assert bring_back(app)
    intake(app, 1).take(dsn(own(app), mark=1), way="file")
    assert suppressed(app) == "bounced"
    assert bring_back(app, 2)
    assert suppressed(app) is None
    assert notices(app) == ["reconfirm", "reconfirm"]


def test_who_never_confirmed_is_asked_that(app: App) -> None:
    with app.sessions.begin() as session:
        found = session.get_one(Subscriber, person(app).id)
        found.state, found.confirmed_at = State.PENDING, None
    intake(app).take(dsn(own(app)), way="file")
    assert bring_back(app)
    assert notices(app) == ["confirm"]


def test_who_left_is_not_asked_back(app: App) -> None:
    intake(app).take(dsn(own(app)), way="file")
    with app.sessions.begin() as session:
        session.get_one(Subscriber, person(app).id).state = State.UNSUBSCRIBED
    assert not bring_back(app)
    assert suppressed(app) == "bounced"
    assert notices(app) == []
