"""Whatever arrives, parsing ends soon and raises nothing."""

from __future__ import annotations

import base64
import random
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.bounce.fields import addresses_in
from newsletter.bounce.parse import parse
from newsletter.bounce.reading import read_mail
from newsletter.bounce.values import BOUNCES, Kind, Report
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


def read(raw: bytes) -> Report:
    return parse(read_mail(raw))


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
    report = read(raw)
    assert report.findings
    assert time.process_time() - began < 10  # seconds; a pattern gone quadratic takes minutes


def encoded(body: bytes) -> bytes:
    """A bounce whose body has no line ends until it is decoded."""
    head = b"From: MAILER-DAEMON\nSubject: failure notice\nContent-Transfer-Encoding: base64\n\n"
    return head + base64.encodebytes(body)


def folded(body: bytes) -> bytes:
    lines = b"\n ".join(body[n : n + 3] for n in range(0, len(body), 3))
    return DSN.replace(b"no such mailbox", lines)


@pytest.mark.parametrize("shape", [encoded, folded], ids=["encoded", "folded"])
@pytest.mark.parametrize(
    "piece",
    [b"a", b"a@", b"<a@a", b'"a', b"mailbox ", b"=?a?q?", b"a@b.example "],
    ids=["word", "signs", "brackets", "quotes", "mailbox", "words", "addresses"],
)
def test_time_grows_with_size_and_no_faster(shape: Callable[[bytes], bytes], piece: bytes) -> None:
    def seconds(size: int) -> float:
        raw = shape((piece * size)[:size])
        began = time.process_time()
        assert read(raw).findings
        return time.process_time() - began

    small, large = min(seconds(40_000) for _ in range(2)), seconds(320_000)
    assert (
        large < 24 * small + 0.3
    )  # eight times the bytes; what is quadratic takes 64 times as long
    assert seconds(5_000_000) < 3 * large + 1  # and of a large mail the beginning is read


def test_a_report_names_a_hundred_recipients_at_most() -> None:
    more = b"".join(
        b"Final-Recipient: rfc822; r%d@example.org\nAction: failed\n\n" % n for n in range(3000)
    )
    assert len(read(DSN.replace(b"--x--", more + b"--x--")).findings) == 100
    listed = b"\n".join(b"<r%d@example.org>: 550 user unknown" % n for n in range(3000))
    assert len(read(encoded(listed)).findings) <= 100


def test_a_report_in_ten_megabytes_is_found() -> None:
    raw = DSN.replace(
        b"--x--", b"--x\nContent-Type: message/rfc822\n\n" + b"line\n" * 2_000_000 + b"--x--"
    )
    assert len(raw) > 10_000_000
    (finding,) = read(raw).findings
    assert (finding.kind, finding.recipient, finding.status) == (
        Kind.HARD,
        "ada@example.org",
        "5.1.1",
    )


@given(st.binary(max_size=2000))
@settings(max_examples=300, deadline=None)
def test_bytes_of_any_kind(raw: bytes) -> None:
    assert read(raw).findings
    assert read(b"From: MAILER-DAEMON\nSubject: failure\n\n" + raw).findings


def test_recorded_mails_cut_and_spoiled() -> None:
    chance = random.Random(20261121)
    for path in inputs.files("bounces"):
        raw = bytearray(path.read_bytes())
        for _ in range(3):
            spoiled = raw[: chance.randrange(len(raw) + 1)]
            for _ in range(len(spoiled) // 50):
                spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
            assert read(bytes(spoiled)).findings


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_only_what_failed_is_a_bounce(action: str) -> None:
    (finding,) = read(DSN.replace(b"failed", action.encode())).findings
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
    found = {f.recipient: f.kind for f in read(DSN.replace(b"--x--", more)).findings}
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
    assert [f.kind for f in read(raw.encode()).findings] == [kind]


@pytest.mark.parametrize("subject", ["Re: Returned mail", "Your message failed", "Undeliverable"])
def test_a_person_who_writes_that_they_left_is_no_proof_that_their_mailbox_is_gone(
    subject: str,
) -> None:
    raw = f"""From: Ada <ada@example.org>
To: digest@papers.example
Subject: {subject}
In-Reply-To: <20260610.1.0123456789abcdef@papers.example>

I no longer work here, and there is no such user any more: ada@example.org.
"""
    (finding,) = read(raw.encode()).findings
    assert finding.kind is Kind.UNKNOWN
    # The same words of a mail system are a bounce; but what it answers is no proof of what came back.
    report = read(raw.replace("Ada <ada@", "Mail Delivery System <mailer-daemon@").encode())
    assert {finding.kind for finding in report.findings} == {Kind.HARD}
    assert report.message_id == ""
    quoted = f"{raw}\nMessage-ID: <20260610.1.0123456789abcdef@papers.example>\n"
    null = f"Return-Path: <>\n{quoted.replace('Ada <ada@', '<robot@')}".encode()
    assert {finding.kind for finding in read(null).findings} == {Kind.HARD}
    assert read(null).message_id == "<20260610.1.0123456789abcdef@papers.example>"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<ada@example.org>, bob@example.org.", ["ada@example.org", "bob@example.org"]),
        ('"a b"@example.org', ['"a b"@example.org']),
        ('see ""@x @@ a@ @b a@b@c', ["a@b"]),
        ("x" * 64 + "@example.org", ["x" * 64 + "@example.org"]),
        ("x" * 65 + "@example.org", []),
        ("rfc822;ada@example.org;x", ["ada@example.org"]),
    ],
)
def test_addresses_in_a_text(text: str, found: list[str]) -> None:
    assert addresses_in(text) == found


@given(st.text(alphabet='a@."<> é', max_size=40))
def test_what_is_found_stands_in_the_text(text: str) -> None:
    for address in addresses_in(text):
        assert address in text
        assert not set(address.rpartition("@")[2]) - set("a.")
