"""The listener, as a mail server speaks to it."""

from __future__ import annotations

import smtplib
import socket
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from newsletter.app import App
from newsletter.errors import NewsletterError
from newsletter.receive import LARGEST
from newsletter.receive.listener import MOST_CONNECTIONS, listening
from newsletter.store.engine import reading
from newsletter.store.returned import Bounce, Returned
from subscribers.tables import Subscriber
from subscribers.tokens import TagPurpose
from tests.operator import Operator, add_readers
from tests.returned import dsn
from tests.smtpd import free_port

ADDRESS = "bounces@papers.example"


@pytest.fixture(params=["lmtp", "smtp"])
def app(operator: Operator, request: pytest.FixtureRequest) -> Iterator[App]:
    operator.settings |= {
        "BOUNCE_ADDRESS": ADDRESS,
        "BOUNCE_LISTEN": f"{request.param}://127.0.0.1:{free_port()}",
    }
    app = operator.app()
    add_readers(app, ["paper number"] * 2)
    with app.receiving():
        yield app


def connect(app: App) -> smtplib.SMTP:
    protocol, _, rest = (app.settings.bounce_listen or "").partition("://")
    host, _, port = rest.partition(":")
    kind = smtplib.LMTP if protocol == "lmtp" else smtplib.SMTP
    client = kind(host, int(port))
    client.ehlo()
    return client


def own(app: App, purpose: TagPurpose = TagPurpose.RETURN) -> str:
    with reading(app.sessions)() as session:
        person = session.scalars(select(Subscriber).order_by(Subscriber.id)).first()
    assert person is not None
    if purpose is TagPurpose.LEAVE:
        return app.links.way_out(person.id)
    return app.links.return_path(person.id, person.email)


def test_a_bounce_is_stored_with_the_envelope_that_it_came_in(app: App) -> None:
    with connect(app) as client:
        client.sendmail("", [own(app)], dsn("undisclosed-recipients:;"))
    with reading(app.sessions)() as session:
        assert session.scalars(select(Bounce.effect)).all() == ["suppressed"]
        assert session.scalars(select(Returned.way)).all() == ["smtp"]


def test_leaving_by_mail(app: App) -> None:
    with connect(app) as client:
        to = own(app, TagPurpose.LEAVE)
        client.sendmail("ada@example.org", [to], "Subject: unsubscribe\r\n\r\n.\r\n")
    with reading(app.sessions)() as session:
        states = session.scalars(select(Subscriber.state).order_by(Subscriber.id)).all()
    assert states == ["unsubscribed", "confirmed"]


def test_it_takes_no_mail_for_others_and_one_recipient_at_a_time(app: App) -> None:
    with connect(app) as client:
        client.mail("")
        assert client.rcpt("somebody@elsewhere.example")[0] == 550
        assert client.rcpt("bounces@papers.example.evil.example")[0] == 550
        assert client.rcpt("Bounces+Any.Thing@Papers.Example")[0] == 250
        assert client.rcpt(ADDRESS)[0] == 452


def test_what_cannot_be_stored_stays_with_the_other_server() -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError("disk full")

    url = f"smtp://127.0.0.1:{free_port()}"
    with listening(url, ADDRESS, broken):
        port = int(url.rpartition(":")[2])
        with (
            smtplib.SMTP("127.0.0.1", port) as client,
            pytest.raises(smtplib.SMTPDataError) as told,
        ):
            client.sendmail("", [ADDRESS], b"Subject: x\r\n\r\n")
        assert told.value.smtp_code == 451


def test_of_a_large_mail_the_beginning_is_kept_and_lines_end(app: App) -> None:
    head = b"Subject: hello\r\n\r\n"
    for body in (
        b"x" * 70 + b"\r\n" + b"tail\r\n" * 200_000,
        b".\r\n" * 400_000,  # stuffed by the client, and never taken for the end
        b"y" * 1_500_000,  # one line without an end
        b"z" * 20_000 + b".\r\n",
    ):
        with connect(app) as client:
            client.sendmail("", [ADDRESS], head + body + b"tail\r\n" * 9)
            client.sendmail("", [ADDRESS], head + b"next" + body[:20] + b"\r\n")
    with reading(app.sessions)() as session:
        rows = session.scalars(select(Returned).order_by(Returned.id)).all()
    assert len(rows) == 8
    assert all(row.raw.startswith(head) for row in rows)
    assert all(row.size <= LARGEST for row in rows)
    assert [row.size for row in rows[1::2]] == [len(head) + 26, len(head) + 26] + [
        len(head) + 26
    ] * 2
    assert max(len(line) for row in rows for line in row.raw.split(b"\r\n")) <= 10_000


def test_who_comes_while_many_are_there_is_sent_away_and_may_come_again(app: App) -> None:
    several = [connect(app) for _ in range(MOST_CONNECTIONS)]
    for _ in range(3):
        with pytest.raises(smtplib.SMTPException) as told:
            connect(app)
        assert getattr(told.value, "smtp_code", 421) == 421
    for client in several:
        client.quit()
    for _ in range(100):
        try:
            connect(app).quit()
        except smtplib.SMTPException:
            time.sleep(0.05)
        else:
            break
    else:
        pytest.fail("nobody is let in again")


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        url = f"lmtp://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(NewsletterError, match="cannot listen"), listening(url, ADDRESS, print):
            pass


def test_nothing_listens_unless_it_is_wanted() -> None:
    with listening(None, ADDRESS, print), listening("lmtp://127.0.0.1:1", None, print):
        pass
