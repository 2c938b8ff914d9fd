"""SendGrid: many events a request, signed by ECDSA over the timestamp and the body."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from newsletter.bounce.values import Finding, Kind, Report
from newsletter.receive.hooks.event import (
    Event,
    HookRefusedError,
    as_bytes,
    bracketed,
    failed,
    parsed,
    text,
)
from newsletter.setting_types import parse_public_key

_KINDS = {
    "spamreport": Kind.COMPLAINT,
    "unsubscribe": Kind.UNSUBSCRIBE,
    "group_unsubscribe": Kind.UNSUBSCRIBE,
    "delivered": Kind.DELIVERED,
    "deferred": Kind.DELAY,
}
# SendGrid keeps lists of its own, and does not even try whom they hold.
_DROPPED = {
    "bounced address": Kind.HARD,
    "invalid": Kind.HARD,
    "spam reporting address": Kind.COMPLAINT,
    "unsubscribed address": Kind.UNSUBSCRIBE,
}


def read(body: bytes, signature: str, timestamp: str, key: str) -> list[Event]:
    """The events of a request. `key`: the public one that SendGrid shows, DER in base64.

    Raises HookRefusedError. What is sent again is told by its event's id, not by its age.
    """
    try:
        signed = base64.b64decode(signature, validate=True)
        parse_public_key(key).verify(signed, timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError, binascii.Error):
        raise HookRefusedError("the signature does not fit") from None
    events = parsed(body)
    if not isinstance(events, list):
        raise HookRefusedError("the body is no list of events", 400)
    return [_event(event) for event in events]


def _event(event: Any) -> Event:
    return Event(Report((_finding(event),), bracketed(text(event, "smtp-id"))), as_bytes(event))


def _finding(event: Any) -> Finding:
    name, recipient = text(event, "event"), text(event, "email")
    words, status = text(event, "reason"), text(event, "status")
    if name == "bounce":
        if text(event, "type") == "blocked":
            found = failed(recipient, status, words)
            return Finding(
                Kind.BLOCKED if found.kind is Kind.HARD else found.kind, recipient, status, words
            )
        return failed(recipient, status, words, for_good=status.startswith("5.1."))
    if name == "dropped":
        return Finding(_DROPPED.get(words.lower(), Kind.UNKNOWN), recipient, status, words)
    return Finding(_KINDS.get(name, Kind.UNKNOWN), recipient, status, words or name)
