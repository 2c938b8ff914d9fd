"""Lists of valid and invalid addresses that others collected: what is taken can really be mailed."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.deliver.port import hand_over
from newsletter.deliver.relays import Relays
from newsletter.model import Outcome
from newsletter.sending_rules import Relay
from subscribers.address import parse_address
from subscribers.errors import AddressError
from subscribers.typos import likely_domain
from tests import inputs
from tests.factories import message
from tests.smtpd import running

OURS = [
    "ada@bücher.example.com",
    "ada@日本.jp",
    "o'neil+papers@mail.example.org",
    "!#$%&'*+-/=?^_`{|}~@example.org",
    f"{'a' * 64}@example.org",
    f"ada@{'.'.join(['a' * 60] * 3)}.example",
    '"ada.lovelace"@example.org',
]


def rows(name: str) -> list[str]:
    lines = inputs.require("inputs", "addresses", "flanker", name).read_text("utf-8").split("\n")
    return [line for line in lines if line.strip() and not line.startswith("#")]


def refused(text: str) -> str | None:
    try:
        parse_address(text)
    except AddressError as error:
        return str(error)
    return None


def test_no_invalid_one_is_taken_and_each_is_told_why():
    for row in rows("mailbox_invalid.txt"):
        told = refused(row)
        assert told, row
        assert told.endswith((".", ")")), row
        assert len(told) < 200, row


def test_valid_ones_are_taken_unless_there_is_a_reason_that_can_be_told():
    valid = rows("mailbox_valid.txt")
    left_out = {row: told for row in valid if (told := refused(row))}
    assert len(valid) - len(left_out) >= 95
    reasons = (
        "quotation marks",
        "without a name",
        "should have a period",
        "plain letters",
        "valid top-level domain",
        "one address only",
        "invalid characters",
    )
    for row, told in left_out.items():
        assert any(reason in told for reason in reasons), (row, told)


@pytest.mark.enable_socket
def test_what_is_taken_can_be_mailed(tmp_path: Path):
    taken = [row for row in rows("mailbox_valid.txt") if refused(row) is None]
    addresses = list(dict.fromkeys(parse_address(row).email for row in [*taken, *OURS]))
    mails = [message(number, to=address) for number, address in enumerate(addresses)]
    with running(tmp_path / "mails", "--ascii") as server:
        relay = Relay("127.0.0.1", server.port, "opportunistic")
        receipts, _ = hand_over(Relays([relay], 1, timeout=5), mails)
        refusals = {
            address: receipt
            for address, receipt in zip(addresses, receipts, strict=True)
            if receipt.outcome is not Outcome.SUBMITTED
        }
        assert not refusals
        assert [mail.to for mail in server.mails()] == addresses


def test_recorded_slips_of_domains_are_seen():
    pairs = [row.split(",") for row in rows("domain_typos_valid.txt")]
    seen = sum(likely_domain(typed) == meant for typed, meant in pairs)
    assert seen / len(pairs) > 0.75
    for domain in rows("domain_typos_invalid.txt"):
        assert likely_domain(domain) is None, domain
