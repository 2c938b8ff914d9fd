"""Every mail of an edition is signed as it should be, on the wire and after a relay has had it."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.app import App
from newsletter.deliver.canonical import relaxed_field, split_mail
from newsletter.deliver.keys import new_key
from newsletter.deliver.port import hand_over
from newsletter.deliver.relays import Relays
from newsletter.errors import SettingsError
from newsletter.model import Outcome
from newsletter.pipeline import due
from newsletter.sending_rules import parse_relay
from newsletter.stages.specimens import specimens
from newsletter.store.ledgers import DELIVERIES
from newsletter.store.notices import queue_notice
from tests import postfix, smtpd
from tests.deliver import oracle
from tests.factories import NOW, message
from tests.operator import Operator, add_papers, add_readers
from tests.subscribers.support import ask

TITLES = (
    "Gr\u00fc\u00dfe aus dem Labor",
    "\u5c0f\u578b\u8bed\u8a00\u6a21\u578b",
    ".dots at the start",
)


@pytest.fixture
def signing(operator: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    """An installation with an RSA and an Ed25519 key; the oracle knows their records."""
    made = {name: new_key(tmp_path / name, ed25519=name == "ed") for name in ("rsa", "ed")}
    operator.settings |= {
        "DKIM_KEYS": ",".join(f"{name}1:{tmp_path / name}" for name in made),
        "SITE_NAME": "Pap\u00efer \u8bba\u6587 " + "long " * 8,
    }
    zone = {
        f"{name}1._domainkey.{oracle.DOMAIN}": oracle.record(key.public_key())
        for name, key in made.items()
    }
    monkeypatch.setattr(oracle, "zone", lambda: zone)
    return operator.app()


def plan(app: App, readers: int) -> None:
    add_readers(app, ["paper number", *TITLES] * (readers // 4))
    for number, title in enumerate(TITLES):
        abstract = f"{title}  with\tblanks\n.and dots"
        add_papers(
            app,
            1,
            now=NOW - timedelta(seconds=number + 1),
            title=title,
            abstract=abstract,
            keys=(f"url:https://x.example/{number}",),
        )
    add_papers(app, 6)
    assert app.planner(NOW).plan(due(NOW)).planned == readers


def covered(data: bytes) -> list[str]:
    """The names in the topmost signature's h=."""
    fields, _ = split_mail(data)
    tags = relaxed_field(next(f for f in fields if f.name == b"dkim-signature")).decode()
    return re.search(r"h=([^;]*)", tags)[1].replace(" ", "").split(":")  # type: ignore[index]


def test_every_mail_of_an_edition_verifies(signing: App) -> None:
    plan(signing, 12)
    assert signing.sender().run().outcomes == {Outcome.SUBMITTED: 12}
    mails = [path.read_bytes() for path in Path(signing.settings.outbox).glob("*.eml")]
    assert len(mails) == 12
    for mail in mails:
        assert oracle.verdicts(mail) == [True, True]
        names = covered(mail)
        assert names.count("from") == 2
        assert {"to", "subject", "date", "message-id", "mime-version", "content-type"} <= set(names)
        assert {"list-id", "list-unsubscribe", "list-unsubscribe-post"} <= set(names)
        assert oracle.verdicts(mail.replace(b"Unsubscribe: <https", b"Unsubscribe: <ftps")) == [
            False,
            False,
        ]


@pytest.mark.parametrize("form", ["relaxed", "simple"])
def test_every_specimen_verifies(signing: App, form: str) -> None:
    assert signing.dkim is not None
    signer = type(signing.dkim)(signing.dkim.domain, signing.dkim.keys, form)  # type: ignore[arg-type]
    found = dict(specimens(signing.renderer(), signing.links, NOW))
    assert {"digest", "digest-awkward", "quiet", "confirm"} <= set(found)
    for name, mail in found.items():
        assert mail.is_canonical, name
        assert oracle.verdicts(signer.sign(mail, NOW).data) == [True, True], name


def test_a_retry_sends_the_same_bytes(signing: App) -> None:
    plan(signing, 4)
    with signing.sessions() as session:
        ids = [row.id for row in DELIVERIES.claim(session, "one", NOW, 10)]
        first, second = (
            [job.message.data for job in signing.sender().load(session, ids)] for _ in range(2)
        )
    assert first == second
    assert f"t={int(NOW.timestamp())};".encode() in first[0]


def test_notices_are_signed_too(signing: App) -> None:
    with signing.sessions.begin() as session:
        person = ask(session, "ada@example.org")
        queue_notice(session, person, "preferences", {"token": "a-token"})
    assert signing.notices().run().outcomes == {Outcome.SUBMITTED: 1}
    (path,) = Path(signing.settings.outbox).glob("*.eml")
    mail = path.read_bytes()
    assert oracle.verdicts(mail) == [True, True]
    assert "list-unsubscribe" not in covered(mail)


def test_without_keys_nothing_is_signed(app: App) -> None:
    plan(app, 4)
    assert app.sender().run().outcomes == {Outcome.SUBMITTED: 4}
    for path in Path(app.settings.outbox).glob("*.eml"):
        assert b"DKIM-Signature" not in path.read_bytes()


def test_keys_that_cannot_sign_are_told_before_anything_starts(operator: Operator) -> None:
    operator.settings |= {"DKIM_KEYS": "s1:/no/such/key.pem"}
    with pytest.raises(SettingsError, match=r"/no/such/key\.pem cannot be read"):
        operator.app().dkim  # noqa: B018
    done = operator.run("send")
    assert done.returncode == 2
    assert "cannot be read" in done.stderr


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_after_a_real_postfix_every_signature_verifies(signing: App, tmp_path: Path) -> None:
    if (why := postfix.missing()) is not None:
        pytest.skip(why)
    assert signing.dkim is not None
    mails = [mail for _, mail in specimens(signing.renderer(), signing.links, NOW)]
    body = b".\r\n..two\r\n.one  dot\t\r\n" + b"x" * 990 + b"\r\n \r\n\r\n"
    mails += [
        message(901, body=body),
        message(902, body=b""),
        message(903, to="j\u00fcrgen@example.org", body="Gr\u00fc\u00dfe\r\n.".encode()),
    ]
    dated = b"Date: Wed, 10 Jun 2026 06:30:00 +0000\r\n"  # else Postfix adds one
    mails[-3:] = [replace(mail, head=dated + mail.head) for mail in mails[-3:]]
    sent = [signing.dkim.sign(mail, NOW) for mail in mails]
    with smtpd.running(tmp_path / "sink") as sink, postfix.relaying_to(sink.port) as port:
        receipts, _ = hand_over(Relays([parse_relay(f"smtp://127.0.0.1:{port}")]), sent)
        assert {receipt.outcome for receipt in receipts} == {Outcome.SUBMITTED}
        until = time.monotonic() + 60
        while len(arrived := sink.mails()) < len(sent) and time.monotonic() < until:
            time.sleep(0.2)
    assert len(arrived) == len(sent)
    for mail in arrived:
        assert b"\r\nReceived: " in b"\r\n" + mail.data
        assert oracle.verdicts(mail.data) == [True, True], mail.data[:3000]
