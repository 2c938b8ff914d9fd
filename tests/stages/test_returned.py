"""What comes back: whose it is, what it leads to, and that nothing is lost or done twice."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.event import listen, remove

from newsletter.app import App
from newsletter.bounce.scoring import Effect
from newsletter.bounce.values import Finding, Kind, Report
from newsletter.pipeline import due
from newsletter.receive.hooks.event import Event, HookRefusedError
from newsletter.stages.arriving import Arrival, from_event
from newsletter.stages.forgetting import forget
from newsletter.stages.returned import Intake, Taken
from newsletter.store import returned as store
from newsletter.store.engine import reading
from newsletter.store.notices import queue_notice
from newsletter.store.tables import Delivery, Notice
from subscribers import returning
from subscribers.consent import Origin
from subscribers.moving import address_number, move
from subscribers.preferences import locked
from subscribers.privacy import erase
from subscribers.tables import State, Subscriber, Suppression
from subscribers.tokens import TagPurpose
from tests.factories import NOW
from tests.operator import Operator, add_papers, add_readers
from tests.returned import dsn


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


def own(app: App, number: int = 0, purpose: TagPurpose = TagPurpose.RETURN) -> str:
    who = person(app, number)
    if purpose is TagPurpose.LEAVE:
        return app.links.way_out(who.id)
    return app.links.return_path(who.id, who.email)


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
        # The text is kept of what nobody understands, and of nothing else.
        kept = raw if kind is Kind.UNKNOWN else b""
        assert (row.raw, row.size, row.kind) == (kept, len(raw), kind)


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
    told, row = delivered(app)
    raw = dsn(
        "digest@papers.example", original=f"Message-ID: {told}\n", address="alias@else.example"
    )
    assert outcome(intake(app).take(raw, way="imap"))[1] is Effect.SUPPRESSED
    with reading(app.sessions)() as session:
        assert session.scalars(select(store.Bounce.delivery_id)).one() == row
    forged = told.replace("@", "0@")
    raw = dsn("digest@papers.example", original=f"Message-ID: {forged}\n")
    assert outcome(intake(app).take(raw, way="imap"))[1] is Effect.NOBODY


def test_of_a_large_mail_that_nobody_understands_the_beginning_is_kept(app: App) -> None:
    raw = b"Subject: hello\n\n" + b"x" * 1_000_000
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


def test_texts_are_kept_for_thirty_days(app: App) -> None:
    for day, mark in ((0, b"old"), (2, b"new")):
        intake(app, day).take(b"Subject: hello\n\n" + mark, way="file")
    for days, left in ((29, 2), (31, 1), (33, 0)):
        with app.sessions.begin() as session:
            store.prune(session, NOW + timedelta(days=days))
        with reading(app.sessions)() as session:
            assert len(list(store.kept_texts(session))) == left
            assert session.scalar(select(func.count()).select_from(store.Returned)) == 2
    assert intake(app, 33).take(b"Subject: hello\n\nold", way="file").again


def test_erasing_a_reader_takes_their_address_out_of_what_is_about_others(app: App) -> None:
    encoded = base64.encodebytes(b"It was for Reader0@Example.org, they say.")
    for raw in (
        b"Subject: who is Reader0@example.org?\n\nHello",
        b"Subject: hello\nContent-Transfer-Encoding: base64\n\n" + encoded,
        b"Subject: hello\n\nreader1@example.org",
        dsn("bounces@papers.example", words="550 <READER0@example.org> unknown", address="x@y.example"),
        dsn("bounces@papers.example", words="550 <reader1@example.org> unknown", address="x@y.example"),
    ):  # fmt: skip
        assert outcome(intake(app).take(raw, way="imap"))[1] is Effect.NOBODY
    with app.sessions.begin() as session:
        forget(session, "reader0@example.org")
        erase(session, person(app).id, now=NOW)
    with reading(app.sessions)() as session:
        assert [raw for _, raw in store.kept_texts(session)] == [
            b"Subject: hello\n\nreader1@example.org"
        ]
        said = set(session.scalars(select(store.Bounce.diagnostic)))
    assert said == {"", "550 <reader1@example.org> unknown"}


def move_away(app: App, days: float = 1) -> None:
    """The first reader takes another address."""
    with app.sessions.begin() as session:
        who = locked(session, person(app).id)
        assert who is not None
        who.new_email = "new@example.org"
        number = address_number("new@example.org")
        assert move(
            session,
            who,
            number,
            origin=Origin(),
            signer=app.signer,
            send_notice=queue_notice,
            now=NOW + timedelta(days=days),
        )


def moved(app: App) -> tuple[str, str | None]:
    with reading(app.sessions)() as session:
        who = session.scalars(select(Subscriber).order_by(Subscriber.id)).first()
        assert who is not None
        hashed = select(Suppression.reason).where(Suppression.address_hash == who.address_hash)
        return who.state, session.scalar(hashed)


def test_what_comes_back_from_a_former_address_is_no_matter_of_the_new_one(app: App) -> None:
    before, out = own(app), own(app, 0, TagPurpose.LEAVE)
    move_away(app)
    for raw, kind in (
        (dsn(before), Kind.HARD),
        (complaint(f"Return-Path: <{before}>\n"), Kind.COMPLAINT),
    ):
        assert outcome(intake(app, 2).take(raw, way="lmtp")) == (kind, Effect.KEPT)
    for day in range(9):
        raw = dsn(before, "4.2.2", "full", mark=day)
        assert outcome(intake(app, 2 + day).take(raw, way="file")) == (Kind.FULL, Effect.KEPT)
    assert moved(app) == (State.CONFIRMED, None)
    with reading(app.sessions)() as session:
        who = session.scalars(select(store.Bounce.subscriber_id).distinct()).all()
        assert who == session.scalars(select(Subscriber.id).where(Subscriber.email == "new@example.org")).all()  # fmt: skip
    # Nor do they count later, when the new one has bad days of its own.
    now = app.links.return_path(who[0] or 0, "new@example.org")
    raw = dsn(now, "4.2.2", "full", address="new@example.org")
    assert outcome(intake(app, 12).take(raw, way="lmtp")) == (Kind.FULL, Effect.COUNTED)
    # But whoever leaves by an old mail leaves.
    raw = f"From: ada@new.example\nTo: {out}\n\n".encode()
    assert outcome(intake(app, 13).take(raw, way="lmtp"))[1] is Effect.UNSUBSCRIBED


def test_bad_days_of_a_former_address_do_not_count_against_the_new_one(app: App) -> None:
    for day in range(4):
        raw = dsn(own(app), "4.2.2", "full", mark=day)
        assert outcome(intake(app, day).take(raw, way="file"))[1] is Effect.COUNTED
    who = person(app).id
    move_away(app, 4)
    raw = dsn(app.links.return_path(who, "new@example.org"), "4.2.2", "full")
    assert outcome(intake(app, 5).take(raw, way="file"))[1] is Effect.COUNTED
    assert moved(app) == (State.CONFIRMED, None)


def test_a_message_id_of_before_an_address_changed_says_nothing_of_the_new_one(app: App) -> None:
    told, row = delivered(app)
    move_away(app)
    raw = dsn("digest@papers.example", original=f"Message-ID: {told}\n")
    assert outcome(intake(app, 2).take(raw, way="imap")) == (Kind.HARD, Effect.KEPT)
    assert moved(app) == (State.CONFIRMED, None)
    # Sent after the change, it went to the new one.
    with app.sessions.begin() as session:
        session.get_one(Delivery, row).settled_at = NOW + timedelta(days=2)
    raw = dsn("digest@papers.example", original=f"Message-ID: {told}\n", mark="again")
    assert outcome(intake(app, 3).take(raw, way="imap")) == (Kind.HARD, Effect.SUPPRESSED)


def test_a_reader_who_writes_back_that_they_left_is_not_suppressed(app: App) -> None:
    told, _ = delivered(app)
    for sender in ("reader0@example.org", "Mail Delivery System <mailer-daemon@example.org>"):
        raw = f"From: {sender}\nSubject: Returned mail\nIn-Reply-To: {told}\n\nUser unknown: x@y.example"
        assert outcome(intake(app).take(raw.encode(), way="imap"))[1] in {
            Effect.KEPT,
            Effect.NOBODY,
        }
    assert suppressed(app) is None


def delivered(app: App) -> tuple[str, int]:
    """The Message-ID of the first reader's digest, and the number of its row."""
    add_papers(app, 3)
    app.planner(NOW).plan(due(NOW))
    with reading(app.sessions)() as session:
        of_theirs = Delivery.subscriber_id == person(app).id
        row = session.scalars(select(Delivery).where(of_theirs)).one()
    return app.links.message_id(f"{row.edition_day:%Y%m%d}", row.id, row.subscriber_id), row.id


def test_whatever_a_report_says_can_be_stored(app: App) -> None:
    status = Finding(Kind.SOFT, "reader0@example.org", "5.\0\ud800.1", "\0\ud800")
    event = Event(Report((status,), "<\0\ud800@x>"), b"{}")
    (taken,) = intake(app).take_all([from_event(app.links, event, way="ses")])
    assert outcome(taken) == (Kind.SOFT, Effect.COUNTED)


def events(app: App, count: int, kind: Kind, mark: str) -> list[Arrival]:
    found = []
    for number in range(count):
        report = Report((Finding(kind, f"reader{number % 2}@example.org"),))
        event = Event(report, f"{mark} {number}".encode())
        found.append(from_event(app.links, event, way="sendgrid"))
    return found


@pytest.mark.parametrize("kind", [Kind.DELIVERED, Kind.SOFT])
def test_many_events_cost_no_more_statements_than_one(app: App, kind: Kind) -> None:
    def statements(arrivals: list[Arrival]) -> list[str]:
        told: list[str] = []
        listen(app.engine, "before_cursor_execute", count := lambda *args: told.append(args[2]))
        assert not any(taken.again for taken in intake(app).take_all(arrivals))
        remove(app.engine, "before_cursor_execute", count)
        return told

    one = statements(events(app, 1, kind, "one"))
    many = statements(events(app, 100, kind, "many"))
    assert len(many) == len(one) <= (4 if kind is Kind.DELIVERED else 6)


def test_what_comes_twice_within_one_request_counts_once(app: App) -> None:
    twice = events(app, 1, Kind.SOFT, "x") * 2 + events(app, 2, Kind.SOFT, "y")
    taken = intake(app).take_all(twice)
    assert [one.again for one in taken] == [False, True, False, False]
    with reading(app.sessions)() as session:
        assert session.scalar(select(func.count()).select_from(store.Bounce)) == 3


def test_a_signature_is_good_for_one_event_alone(app: App) -> None:
    def event(words: str) -> Arrival:
        report = Report((Finding(Kind.HARD, "reader1@example.org", "", words),))
        return from_event(app.links, Event(report, words.encode(), once="token"), way="mailgun")

    assert outcome(intake(app).take_all([event("first")])[0])[1] is Effect.SUPPRESSED
    assert intake(app).take_all([event("first")])[0].again
    with pytest.raises(HookRefusedError, match="another event"):
        intake(app).take_all([event("second")])
    with reading(app.sessions)() as session:
        assert session.scalar(select(func.count()).select_from(store.Returned)) == 1
    with app.sessions.begin() as session:
        store.prune(session, NOW + timedelta(days=2))
        assert session.scalar(select(func.count()).select_from(store.HookToken)) == 0


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
