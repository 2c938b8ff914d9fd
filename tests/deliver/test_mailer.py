"""One contract for every way to send, and what is SMTP's alone."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_server
from threading import Thread

import pytest
import trustme

from newsletter.deliver.outbox import Outbox
from newsletter.deliver.port import Mailer, hand_over
from newsletter.deliver.relays import Relays
from newsletter.errors import MailerError
from newsletter.model import Outcome
from newsletter.sending_rules import Relay, parse_relay
from tests import smtpd
from tests.factories import message


@dataclass(frozen=True)
class Way:
    """A mailer, and how to see what it sent."""

    mailer: Mailer
    sent: Callable[[], list[bytes]]


@pytest.fixture(params=["outbox", "smtp"])
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Way]:
    folder = tmp_path / "mails"
    if request.param == "outbox":
        yield Way(
            Outbox(folder), lambda: [path.read_bytes() for path in sorted(folder.glob("*.eml"))]
        )
        return
    with smtpd.running(folder) as server:
        relay = Relay("127.0.0.1", server.port, "opportunistic")
        yield Way(Relays([relay], 2, timeout=5), lambda: [mail.data for mail in server.mails()])


def test_a_message_arrives_byte_for_byte(way: Way) -> None:
    body = b"A line.\r\n.\r\n..two dots\r\n.one dot\r\n" + b"x" * 900 + b"\r\nend\r\n"
    sent = message(1, body=body)
    (receipt,), _ = hand_over(way.mailer, [sent])
    assert receipt.outcome is Outcome.SUBMITTED
    assert way.sent() == [sent.data]


def test_one_connection_takes_many(way: Way) -> None:
    receipts, _ = hand_over(way.mailer, [message(number) for number in range(20)])
    assert [receipt.outcome for receipt in receipts] == [Outcome.SUBMITTED] * 20
    ids = {
        email.message_from_bytes(data, policy=email.policy.SMTP)["Message-ID"]
        for data in way.sent()
    }
    assert len(ids) == 20


def test_the_outbox_keeps_a_message_once_however_often_it_is_sent(tmp_path: Path) -> None:
    hand_over(Outbox(tmp_path), [message(1), message(1), message(2)])
    assert len(list(tmp_path.glob("*.eml"))) == 2
    assert not list(tmp_path.glob("*.part"))


def test_an_outbox_that_cannot_be_written_is_one_plain_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MailerError, match="outbox"):
        hand_over(Outbox(tmp_path / "file"), [])


@pytest.mark.parametrize(
    ("to", "outcome", "code"),
    [
        ("unknown@example.org", Outcome.FAILED, 550),
        ("greylisted@example.org", Outcome.DEFERRED, 450),
        ("full@example.org", Outcome.DEFERRED, 452),
        ("spam@example.org", Outcome.FAILED, 554),
        ("vanish@example.org", Outcome.UNCERTAIN, None),
    ],
)
def test_what_the_relay_says_of_one_mail_leaves_the_next_alone(tmp_path, to, outcome, code) -> None:
    with smtpd.running(tmp_path) as server:
        mailer = Relays([Relay("127.0.0.1", server.port, "opportunistic")], timeout=5)
        (first, second), _ = hand_over(mailer, [message(1, to=to), message(2)])
        assert (first.outcome, first.code) == (outcome, code)
        assert second.outcome is Outcome.SUBMITTED


def test_a_refused_sender_blames_no_reader(tmp_path: Path) -> None:
    with smtpd.running(tmp_path, "--refuse-sender") as server:
        mailer = Relays([Relay("127.0.0.1", server.port, "opportunistic")], timeout=5)
        with pytest.raises(MailerError, match=r"refuses the sender.*550"):
            hand_over(mailer, [message(1)])


def test_nobody_there_is_one_plain_line() -> None:
    mailer = Relays([Relay("127.0.0.1", smtpd.free_port(), "opportunistic")], timeout=2)
    with pytest.raises(MailerError, match="cannot be reached"):
        hand_over(mailer, [])


def sends(relay: Relay) -> bool:
    (receipt,), _ = hand_over(Relays([relay], timeout=5), [message(1)])
    return receipt.outcome is Outcome.SUBMITTED


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def certificate(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    path = tmp_path / "server.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(path))
    trusted = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(trusted))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    return str(path)


@pytest.mark.parametrize(
    ("scheme", "options"), [("smtp", []), ("smtp+starttls", []), ("smtps", ["--implicit-tls"])]
)
def test_tls_and_login(tmp_path, certificate, scheme, options) -> None:
    with smtpd.running(tmp_path / "m", "--certificate", certificate, "--auth", *options) as server:
        good = parse_relay(f"{scheme}://ada:right@localhost:{server.port}")
        assert sends(good)
        assert [mail.tls for mail in server.mails()] == [True]

        wrong = parse_relay(f"{scheme}://ada:wrong@localhost:{server.port}")
        with pytest.raises(MailerError, match=r"refuses the login: 535") as caught:
            sends(wrong)
        assert "wrong" not in str(caught.value)


def test_a_certificate_of_nobody_we_trust_is_refused(tmp_path, certificate, monkeypatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with smtpd.running(tmp_path / "m", "--certificate", certificate) as server:
        url = f"smtp://localhost:{server.port}"
        with pytest.raises(MailerError, match="TLS failed"):
            sends(parse_relay(url))
        assert sends(parse_relay(url + "?verify=no"))


def test_starttls_that_is_demanded_and_not_offered(tmp_path: Path) -> None:
    with smtpd.running(tmp_path) as server:
        url = f"smtp+starttls://localhost:{server.port}"
        with pytest.raises(MailerError, match="does not offer STARTTLS"):
            sends(parse_relay(url))


def test_an_address_beyond_ascii_goes_only_where_it_can(tmp_path: Path) -> None:
    for options, outcome in ([], Outcome.SUBMITTED), (["--ascii"], Outcome.FAILED):
        with smtpd.running(tmp_path, *options) as server:
            mailer = Relays([Relay("127.0.0.1", server.port, "opportunistic")], timeout=5)
            (receipt,), _ = hand_over(mailer, [message(1, to="jürgen@example.org")])
            assert receipt.outcome is outcome


@contextmanager
def muddled(verb: bytes, answer: bytes) -> Iterator[Relays]:
    """A relay that takes two mails, and answers the first `verb` ("." is the final dot) with this."""
    answers = [answer]

    def converse() -> None:
        while True:
            try:
                conversation, _ = listening.accept()
            except OSError:
                return
            with conversation, conversation.makefile("rb") as lines:
                conversation.sendall(b"220 hello\r\n")
                body = False
                for line in lines:
                    if body and line != b".\r\n":
                        continue
                    said = line.split()[0].upper()
                    body = said == b"DATA"
                    usual = b"354 go on\r\n" if body else b"250 fine\r\n"
                    conversation.sendall(answers.pop() if answers and said == verb else usual)

    with create_server(("127.0.0.1", 0)) as listening:
        Thread(target=converse, daemon=True).start()
        relay = Relay("127.0.0.1", listening.getsockname()[1], "opportunistic")
        yield Relays([relay], 1, timeout=5)
        listening.shutdown(2)


def test_an_answer_that_is_not_smtp_to_the_whole_mail_leaves_it_uncertain() -> None:
    with muddled(b".", b"\xff\x00what\r\n554 no\r\n") as mailer:
        (first, second), _ = hand_over(mailer, [message(1), message(2)])
    assert first.outcome is Outcome.UNCERTAIN
    # What is left of the muddle is not taken for the answer to the next mail.
    assert second.outcome is Outcome.SUBMITTED


def test_an_answer_that_is_not_smtp_before_the_mail_begins_it_anew() -> None:
    with muddled(b"RCPT", b"what?\r\n550 no\r\n") as mailer:
        (receipt,), _ = hand_over(mailer, [message(1)])
        assert receipt.outcome is Outcome.SUBMITTED


def test_what_the_relay_says_is_fit_for_the_ledger_and_the_terminal() -> None:
    with muddled(b".", b"250 ta\x00ken \x1b[31m\r\n") as mailer:
        (receipt,), _ = hand_over(mailer, [message(1)])
        assert receipt.detail == "taken [31m"
