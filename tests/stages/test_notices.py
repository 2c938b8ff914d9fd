"""The mails that are no digest: each through the ledger, at its moment."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy import func, select

from newsletter import clock
from newsletter.app import App
from newsletter.model import DeliveryState, Outcome
from newsletter.store.engine import reading
from newsletter.store.notices import queue_notice
from newsletter.store.personal import held
from newsletter.store.standing import notice_counts
from newsletter.store.tables import Notice
from subscribers import moving, returning, signup
from subscribers.address import parse_address
from subscribers.suppression import SuppressionReason, suppress
from subscribers.tables import Subscriber
from subscribers.tokens import Purpose
from tests.factories import NOW
from tests.subscribers.support import ORIGIN, ask


@pytest.fixture(autouse=True)
def standing_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def person(app: App, email: str = "ada@example.org") -> int:
    with app.sessions.begin() as session:
        return ask(session, email).id


def with_person(app: App, id_: int, act) -> None:
    with app.sessions.begin() as session:
        who = session.get(Subscriber, id_)
        mailing = {"signer": app.signer, "send_notice": queue_notice, "now": NOW}
        act(session, who, mailing)


def confirm(session, who, mailing) -> None:
    signup.confirm(session, who, origin=ORIGIN, **mailing)


def leave(session, who, mailing) -> None:
    del mailing["signer"]
    signup.unsubscribe(session, who, origin=ORIGIN, **mailing)


def move(session, who, mailing) -> None:
    mailing["now"] = NOW + timedelta(hours=2)
    address = parse_address("new@example.org")
    moving.request_move(session, who, address, origin=ORIGIN, **mailing)


def ask_again(session, who, mailing) -> None:
    returning.ask_again(session, who, **mailing)


def sent(app: App) -> list[tuple[str, str, str]]:
    """To whom, subject, text of what came out by now."""
    app.notices().run()
    found = []
    for path in sorted(Path(app.settings.outbox).glob("*.eml")):
        message = message_from_bytes(path.read_bytes(), policy=default)
        assert "List-Unsubscribe" not in message
        text = message.get_body(("plain",)).get_content()
        found.append((str(message["To"]), str(message["Subject"]), text))
        path.unlink()
    return found


def test_each_comes_at_its_moment(app: App) -> None:
    id_ = person(app)
    with_person(app, id_, confirm)
    ((to, subject, text),) = sent(app)
    assert (to, subject) == ("ada@example.org", "Welcome to Paperround")
    assert "every day at 07:00, Berlin time" in " ".join(text.split())
    assert "speculative decoding" in text
    with_person(app, id_, move)
    ((to, subject, text),) = sent(app)
    assert (to, subject) == ("new@example.org", "Your new address for Paperround")
    token = text.partition("/address/")[2].split()[0]
    link = app.signer.read(token, Purpose.ADDRESS, now=NOW + timedelta(hours=3))
    assert link.about == moving.address_number("new@example.org")
    with_person(app, id_, ask_again)
    ((to, subject, text),) = sent(app)
    assert (to, subject) == ("ada@example.org", "Are you still there? Your digest is waiting")
    assert app.signer.read(text.partition("/confirm/")[2].split()[0], Purpose.CONFIRM, now=NOW)
    with_person(app, id_, confirm)
    with_person(app, id_, leave)
    # Whoever goes on is not welcomed a second time.
    ((to, subject, text),) = sent(app)
    assert (to, subject) == ("ada@example.org", "Your digest has ended")
    assert "https://papers.example/subscribe" in text


def test_where_notices_stand_adds_up(app: App) -> None:
    id_ = person(app)
    with_person(app, id_, confirm)
    sent(app)
    with_person(app, id_, leave)
    with app.sessions.begin() as session:
        suppress(session, parse_address("ada@example.org").hash, SuppressionReason.COMPLAINED, NOW)
    sent(app)
    with_person(app, person(app, "emmy@example.org"), confirm)
    with reading(app.sessions)() as session:
        counted = notice_counts(session, NOW + timedelta(days=1), 30)
        assert sum(count for *_, count in counted) == session.scalar(select(func.count(Notice.id)))
        assert notice_counts(session, NOW, 30) == []
    gone = "unsubscribed, paused or suppressed before sending"
    assert ("goodbye", DeliveryState.SKIPPED, gone, 1) in counted
    assert ("welcome", DeliveryState.SUBMITTED, None, 1) in counted
    assert ("welcome", DeliveryState.PLANNED, "waits for its turn", 1) in counted
    assert all(why for _, state, why, _ in counted if state is not DeliveryState.SUBMITTED)


def test_a_goodbye_does_not_go_to_who_must_not_be_mailed(app: App) -> None:
    id_ = person(app)
    with_person(app, id_, confirm)
    sent(app)
    with_person(app, id_, leave)
    with app.sessions.begin() as session:
        suppress(session, parse_address("ada@example.org").hash, SuppressionReason.COMPLAINED, NOW)
    assert sent(app) == []


def test_a_link_for_one_address_goes_to_no_other(app: App) -> None:
    id_ = person(app)
    with_person(app, id_, confirm)
    with_person(app, person(app, "bob@example.org"), confirm)
    sent(app)
    with_person(app, id_, move)
    with app.sessions.begin() as session:
        who, bob = session.get(Subscriber, id_), parse_address("bob@example.org")
        asking = {
            "signer": app.signer,
            "send_notice": queue_notice,
            "now": NOW + timedelta(hours=3),
        }
        moving.request_move(session, who, bob, origin=ORIGIN, **asking)
    assert sent(app) == []
    with reading(app.sessions)() as session:
        assert all(each["kind"] != "address" for each in held(session, id_)["other_mails"])


def test_a_dropped_move_costs_its_own_mail_alone(app: App) -> None:
    id_ = person(app)
    with_person(app, id_, confirm)
    sent(app)
    with_person(app, id_, move)
    with app.sessions.begin() as session:
        session.get(Subscriber, id_).new_email = None
    with_person(app, id_, ask_again)
    assert [subject for _, subject, _ in sent(app)] == [
        "Are you still there? Your digest is waiting"
    ]
    with app.sessions() as session:
        states = {row[0]: row[1] for row in session.execute(select(Notice.kind, Notice.state))}
    assert states["address"] == Outcome.FAILED


def suppress_address(app: App, email: str) -> None:
    with app.sessions.begin() as session:
        suppress(session, parse_address(email).hash, SuppressionReason.BOUNCED, NOW)


def test_who_cannot_be_mailed_any_more_can_still_move(app: App) -> None:
    id_ = person(app)
    with_person(app, id_, confirm)
    sent(app)
    suppress_address(app, "ada@example.org")
    with_person(app, id_, move)
    assert [to for to, _, _ in sent(app)] == ["new@example.org"]


def press(session, who, mailing) -> None:
    assert moving.move(
        session, who, moving.address_number("new@example.org"), origin=ORIGIN, **mailing
    )


@pytest.mark.parametrize("since", ["nothing", "left", "suppressed"])
def test_the_old_address_is_told_of_a_move_whatever_came_after(app: App, since: str) -> None:
    id_ = person(app)
    with_person(app, id_, confirm)
    with_person(app, id_, move)
    sent(app)
    with_person(app, id_, press)
    if since == "left":
        with_person(app, id_, leave)
    if since == "suppressed":
        suppress_address(app, "new@example.org")
    told = {to: subject for to, subject, _ in sent(app)}
    assert told.pop("ada@example.org") == "Your digest goes elsewhere now"
    assert told == ({"new@example.org": "Your digest has ended"} if since == "left" else {})


@pytest.mark.parametrize(("act", "email"), [(move, "new@example.org"), (press, "ada@example.org")])
def test_where_they_are_not_nobody_is_mailed_who_must_not_be(app: App, act, email: str) -> None:
    id_ = person(app)
    with_person(app, id_, confirm)
    if act is press:
        with_person(app, id_, move)
    sent(app)
    with_person(app, id_, act)
    suppress_address(app, email)
    assert sent(app) == []
