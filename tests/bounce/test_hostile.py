"""Whatever arrives, parsing ends soon and raises nothing."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.bounce.parse import parse
from newsletter.bounce.values import BOUNCES, Kind
from tests import inputs

DSN = b"""From: MAILER-DAEMON@relay.example
To: bounces@papers.example
Subject: Undelivered Mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example

Final-Recipient: rfc822; ada@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such mailbox

--x--
"""


def deep(depth: int) -> bytes:
    opening = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth)
    )
    return b"From: MAILER-DAEMON\n" + opening + b"Content-Type: text/plain\n\nend\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0" * 1000,
        b"\n\n\n",
        b"no header at all",
        b"From ",
        b": : :\n\n: :",
        deep(50),
        deep(5000),
        DSN.replace(b"message/delivery-status", b"message/delivery-status; charset=nonsense-9"),
        DSN.replace(b"boundary=x", b"boundary="),
        DSN.replace(b"Content-Type: message", b"Content-Transfer-Encoding: base64\nContent-Type: message"),
        b'Subject: =?utf-9?q?=FF=FE?= =?x?b?!!!?=\nContent-Type: text/plain; charset="\\"\n\n\xff\xfe',
        b"Content-Type: text/plain; charset*=a'b'c%FF; boundary*0*=%\n\nx",
        b"Subject: failure notice\n\n" + b"<" * 300_000,
        b"Subject: failure notice\n\n" + b"a@" * 300_000,
        b"Subject: failure notice\n\n" + b"mailbox " * 100_000,
        b"Subject: failure notice\n\n" + b"> \n" * 200_000,
        b"Subject: failure notice\n" + b"X: y\n" * 100_000 + b"\n550 user unknown <ada@example.org>",
        b"Subject: failure notice\nContent-Type: text/html\n\n" + b"<br " * 100_000,
        b"Subject: Delivery failed\n\n" + bytes(range(256)) * 40_000,
    ],
    ids=range(20),
)  # fmt: skip
def test_hostile_mails_end_soon(raw: bytes) -> None:
    began = time.process_time()
    report = parse(raw)
    assert report.findings
    assert time.process_time() - began < 10  # seconds; a pattern gone quadratic takes minutes


def test_a_report_in_ten_megabytes_is_found() -> None:
    raw = DSN.replace(
        b"--x--", b"--x\nContent-Type: message/rfc822\n\n" + b"line\n" * 2_000_000 + b"--x--"
    )
    assert len(raw) > 10_000_000
    (finding,) = parse(raw).findings
    assert (finding.kind, finding.recipient, finding.status) == (
        Kind.HARD,
        "ada@example.org",
        "5.1.1",
    )


@given(st.binary(max_size=2000))
@settings(max_examples=300, deadline=None)
def test_bytes_of_any_kind(raw: bytes) -> None:
    assert parse(raw).findings
    assert parse(b"From: MAILER-DAEMON\nSubject: failure\n\n" + raw).findings


def test_recorded_mails_cut_and_spoiled() -> None:
    chance = random.Random(20261121)
    for path in inputs.files("bounces"):
        raw = bytearray(path.read_bytes())
        for _ in range(3):
            spoiled = raw[: chance.randrange(len(raw) + 1)]
            for _ in range(len(spoiled) // 50):
                spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
            assert parse(bytes(spoiled)).findings


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_only_what_failed_is_a_bounce(action: str) -> None:
    (finding,) = parse(DSN.replace(b"failed", action.encode())).findings
    assert finding.kind not in BOUNCES


def test_each_recipient_has_their_own_kind() -> None:
    more = b"""Final-Recipient: rfc822; full@example.org
Action: failed
Status: 5.2.2

Original-Recipient: rfc822; alias@example.org
Final-Recipient: rfc822; inner@example.org
Action: failed
Status: 5.7.1
Diagnostic-Code: smtp; 554 5.7.1 looks like spam

--x--"""
    found = {f.recipient: f.kind for f in parse(DSN.replace(b"--x--", more)).findings}
    assert found == {
        "ada@example.org": Kind.HARD,
        "full@example.org": Kind.FULL,
        "alias@example.org": Kind.BLOCKED,
    }


@pytest.mark.parametrize(
    ("head", "body", "kind"),
    [
        ("Subject: Automatic reply: your digest", "I am away.", Kind.AUTO_REPLY),
        ("Subject: Re: digest\nX-Autoreply: yes", "On leave.", Kind.AUTO_REPLY),
        ("Subject: Re: digest\nAuto-Submitted: auto-replied", "Thanks.", Kind.AUTO_REPLY),
        ("Subject: Please confirm your message", "Click here to deliver it.", Kind.CHALLENGE),
        ("Subject: A question", "Could you send me the paper?", Kind.UNKNOWN),
        ("Subject: Lunch", "The delivery failed to arrive, call ada@example.org.", Kind.UNKNOWN),
    ],
)
def test_people_and_their_programs(head: str, body: str, kind: Kind) -> None:
    raw = f"From: Ada <ada@example.org>\nTo: digest@papers.example\n{head}\n\n{body}\n"
    assert [f.kind for f in parse(raw.encode()).findings] == [kind]
