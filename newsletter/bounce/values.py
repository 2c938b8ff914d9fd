"""What is found in a mail that came back. Frozen, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a returned mail says of one recipient.

    `hard`: there is no such mailbox. `soft`: refused for any other reason. `full`: no room in the
    mailbox. `blocked`: taken for spam, or refused for who sent it. `delay`: still being tried.
    `delivered`: a notice of success. `unknown`: kept and counted, for nobody can tell what it is.
    """

    HARD = "hard"
    SOFT = "soft"
    FULL = "full"
    BLOCKED = "blocked"
    CHALLENGE = "challenge"
    AUTO_REPLY = "auto-reply"
    DELAY = "delay"
    DELIVERED = "delivered"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    UNKNOWN = "unknown"


BOUNCES = frozenset({Kind.HARD, Kind.SOFT, Kind.FULL, Kind.BLOCKED})
"""The kinds that say that a mail did not arrive."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one recipient's mail.

    `recipient`: the address as the report has it, or "" where it names none. `status`: the enhanced
    status code (RFC 3463) such as 5.1.1, or "". `diagnostic`: the other side's words, one line.
    """

    kind: Kind
    recipient: str = ""
    status: str = ""
    diagnostic: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a whole mail says: at least one finding.

    `message_id`: that of the mail that came back, in angle brackets, or "" where it is not told.
    """

    findings: tuple[Finding, ...]
    message_id: str = ""
