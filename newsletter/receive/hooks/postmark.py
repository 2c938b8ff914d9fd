"""Postmark: one record a request, let in by the login and password that stand in the webhook's address."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Any

from newsletter.bounce.fields import status_in
from newsletter.bounce.values import Finding, Kind, Report
from newsletter.receive.hooks.event import Event, HookRefusedError, as_bytes, failed, parsed, text

_KINDS = {
    "SpamComplaint": Kind.COMPLAINT,
    "Unsubscribe": Kind.UNSUBSCRIBE,
    "AutoResponder": Kind.AUTO_REPLY,
    "ChallengeVerification": Kind.CHALLENGE,
    "Transient": Kind.DELAY,
    "SpamNotification": Kind.BLOCKED,
    "VirusNotification": Kind.BLOCKED,
    "Blocked": Kind.BLOCKED,
    "DMARCPolicy": Kind.BLOCKED,
    "BadEmailAddress": Kind.HARD,
}
_REFUSED = {"HardBounce", "SoftBounce", "DnsError"}


def read(body: bytes, authorization: str, login: str) -> list[Event]:
    """The event of a request. `login`: as in `name:password`. Raises HookRefusedError."""
    scheme, _, given = authorization.partition(" ")
    try:
        told = base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        told = b""
    if scheme.lower() != "basic" or not hmac.compare_digest(told, login.encode()):
        raise HookRefusedError("wrong login")
    record = parsed(body)
    # Its MessageID is Postmark's own; ours, and our signed address, may stand in the mail it quotes.
    return [Event(Report((_finding(record),)), as_bytes(record), text(record, "Content"))]


def _finding(record: Any) -> Finding:
    kind, recipient = text(record, "RecordType"), text(record, "Email")
    words = text(record, "Details") or text(record, "Description")
    if kind == "Delivery":
        return Finding(Kind.DELIVERED, text(record, "Recipient"))
    if kind == "SubscriptionChange":
        leaves = isinstance(record, dict) and record.get("SuppressSending") is True
        why = text(record, "SuppressionReason")
        wish = {"SpamComplaint": Kind.COMPLAINT, "HardBounce": Kind.HARD}.get(why, Kind.UNSUBSCRIBE)
        return Finding(wish if leaves else Kind.UNKNOWN, text(record, "Recipient"), diagnostic=why)
    reason = text(record, "Type") or kind
    if reason in _REFUSED:
        return failed(recipient, status_in(words), words, for_good=reason == "HardBounce")
    return Finding(_KINDS.get(reason, Kind.UNKNOWN), recipient, status_in(words), words or reason)
