"""What follows from a receipt: the next try, the reason in the ledger, whether it says a bounce. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from newsletter.bounce.reasons import refused
from newsletter.bounce.values import Finding, Kind, Report
from newsletter.deliver.retry import retry_at
from newsletter.model import Message, Outcome, Receipt
from newsletter.store.claims import Settled

_ABOUT_ADDRESS = re.compile(r"5\.[12]\.(?!7$|8$)\d+")  # 5.1.7 and 5.1.8 are about the sender
_WORDS = {
    Kind.HARD: "no such mailbox",
    Kind.FULL: "the mailbox is full",
    Kind.BLOCKED: "taken for spam, or refused for who sent it",
    Kind.SOFT: "refused",
}
_GAVE_UP = "given up after a day: "


def settle(
    row_id: int,
    receipt: Receipt,
    *,
    attempts: int,
    planned_at: datetime,
    now: datetime,
    give_up_after: timedelta,
    hold: bool = False,
) -> Settled:
    """What becomes of a row. `attempts`: those before this one; `hold`: nothing uncertain is sent again."""
    if receipt.outcome is Outcome.UNCERTAIN and hold:
        return Settled(row_id, receipt, now, reason_of(receipt))
    again = None
    if receipt.outcome in {Outcome.DEFERRED, Outcome.UNCERTAIN}:
        again = retry_at(attempts + 1, planned_at, now, give_up_after)
    reason = reason_of(receipt)
    if again is None and receipt.outcome in {Outcome.DEFERRED, Outcome.UNCERTAIN}:
        reason = _GAVE_UP + reason
    return Settled(row_id, receipt, again, reason)


def reason_of(receipt: Receipt) -> str:
    """Why a mail was not sent, in words that many mails share: no address, no number of a queue."""
    if receipt.code is None:
        return receipt.detail.partition(":")[0]
    code = f"{receipt.code} {receipt.status}".strip()
    if receipt.outcome is Outcome.DEFERRED:
        return f"{code}: the relay said later"
    return f"{code}: {_WORDS[refused(receipt.status, receipt.detail)]}"


def bounce_of(message: Message, receipt: Receipt) -> Report | None:
    """What a refusal says of the address, as a returned mail would; None if it is not about the address."""
    if receipt.outcome is not Outcome.FAILED or receipt.code is None:
        return None
    kind = refused(receipt.status, receipt.detail)
    about_address = kind in {Kind.HARD, Kind.FULL} or (
        kind is Kind.SOFT and _ABOUT_ADDRESS.fullmatch(receipt.status)
    )
    if not about_address:
        return None
    finding = Finding(kind, message.to, receipt.status, receipt.detail)
    return Report((finding,), message.message_id)
