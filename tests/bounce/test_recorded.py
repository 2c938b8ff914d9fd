"""All recorded bounces: what is found in them, against what two other projects expect."""

from __future__ import annotations

import pytest

from newsletter.bounce.parse import parse
from newsletter.bounce.reading import read_mail
from newsletter.bounce.values import BOUNCES, Finding, Kind
from tests.bounce.expected import Expected, expectations

# sisimai calls a mail that is still being tried "expired"; each of these says so itself, by "Action:
# delayed" or in its subject. Of the last only the second recipient's.
DELAYS = {
    "sisimai/lhost-gmail-08.eml": {0},
    "sisimai/lhost-gmail-17.eml": {0},
    "sisimai/lhost-opensmtpd-04.eml": {0},
    "sisimai/lhost-opensmtpd-13.eml": {0},
    "sisimai/lhost-opensmtpd-16.eml": {0},
    "sisimai/lhost-sendmail-29.eml": {0},
    "sisimai/rfc3464-09.eml": {0},
    "sisimai/rfc3464-55.eml": {0},
    "sisimai/rfc3464-35.eml": {1},
}
NO_BOUNCE = {"vacation", "feedback", "delivered"}


def findings(expected: Expected) -> tuple[Finding, ...]:
    return parse(read_mail(expected.path.read_bytes())).findings


def bounced(expected: Expected) -> list[Finding]:
    return [finding for finding in findings(expected) if finding.kind in BOUNCES]


def reasons(expected: Expected) -> list[str]:
    """sisimai's reasons of the recipients whose mail really came back."""
    delayed = DELAYS.get(expected.name, set())
    return [
        reason
        for number, reason in enumerate(expected.reasons)
        if number not in delayed and reason not in NO_BOUNCE
    ]


def test_recipients_and_kinds_agree() -> None:
    named = found = judged = agreed = 0
    apart = []
    for expected in expectations():
        mails = bounced(expected)
        if expected.addresses and not expected.temporary:
            named += len(expected.addresses)
            found += len(expected.addresses & {mail.recipient.lower() for mail in mails})
        wanted = reasons(expected)
        named += len(wanted)
        found += min(len(wanted), sum("@" in mail.recipient for mail in mails))
        for reason, mail in zip(wanted, mails, strict=False):
            judged += 1
            same = reason.endswith("HARD") is (mail.kind is Kind.HARD)
            agreed += same
            if not same:
                apart.append(f"{expected.name}: {reason}, ours {mail.kind}: {mail.diagnostic[:60]}")
    print(f"\nrecipients: {found} of {named}, {found / named:.1%}")
    print(f"hard or not: {agreed} of {judged}, {agreed / judged:.1%}; apart:")
    print("\n".join(apart))
    assert named > 190
    assert judged > 140
    assert found / named >= 0.95
    assert agreed / judged >= 0.90


def test_full_mailboxes_are_told() -> None:
    wanted = [e for e in expectations() if reasons(e) == ["mailboxfull"]]
    agreed = sum(bounced(e)[0].kind is Kind.FULL for e in wanted if bounced(e))
    print(f"\nfull mailboxes: {agreed} of {len(wanted)}")
    assert len(wanted) >= 10
    assert agreed / len(wanted) >= 0.95


def test_nothing_else_counts_as_a_bounce() -> None:
    other = [e for e in expectations() if is_no_bounce(e)]
    assert len(other) >= 20
    assert {e.name: bounced(e) for e in other if bounced(e)} == {}


def is_no_bounce(expected: Expected) -> bool:
    all_of_it = bool(expected.reasons) and not reasons(expected)
    return (
        all_of_it or expected.temporary or expected.name.startswith(("not-a-bounce", "complaints"))
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("sisimai/rfc3834-01.eml", Kind.AUTO_REPLY),
        ("sisimai/rfc3834-04.eml", Kind.AUTO_REPLY),
        ("sisimai/arf-01.eml", Kind.COMPLAINT),
        ("sisimai/arf-22.eml", Kind.COMPLAINT),
        ("sisimai/arf-19.eml", Kind.UNKNOWN),
        ("sisimai/rfc3464-28.eml", Kind.DELIVERED),
        ("complaints/flanker-aol.eml", Kind.COMPLAINT),
        ("complaints/mail-auth-arf-002.eml", Kind.COMPLAINT),
        ("complaints/kumomta-rfc5965-1.eml", Kind.COMPLAINT),
        ("not-a-bounce/is-not-bounce-01.eml", Kind.UNKNOWN),
        ("newlines-dos/lhost-sendmail-01.eml", Kind.HARD),
        ("newlines-mac/lhost-sendmail-01.eml", Kind.HARD),
        ("flanker/mailbox-full.eml", Kind.FULL),
        ("flanker/zed.eml", Kind.HARD),
        ("kumomta-rfc3464-6.eml", Kind.HARD),
        ("sisimai/lhost-gmail-08.eml", Kind.DELAY),
        ("sisimai/lhost-barracuda-01.eml", Kind.BLOCKED),
    ],
)
def test_kinds_of_single_mails(name: str, kind: Kind) -> None:
    expected = next(e for e in expectations() if e.name == name)
    assert {finding.kind for finding in findings(expected)} == {kind}


def test_the_message_that_came_back_is_known_by_its_id() -> None:
    told = {e.name: parse(read_mail(e.path.read_bytes())).message_id for e in expectations()}
    assert told["flanker/zed.eml"] == "<20090708054735.GC7578@example.com>"
    assert told["sisimai/arf-22.eml"] == "<0000000000fffffffff0000000000000@example.com>"
    with_one = [
        e for e in expectations() if b"essage-" in e.path.read_bytes().partition(b"\n\n")[2]
    ]
    assert sum(bool(told[e.name]) for e in with_one) / len(with_one) > 0.8
