"""Mailgun: one event a request, signed by HMAC-SHA256 over timestamp and token with the account's key."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

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

_KINDS = {
    "complained": Kind.COMPLAINT,
    "unsubscribed": Kind.UNSUBSCRIBE,
    "delivered": Kind.DELIVERED,
}
# Mailgun keeps lists of its own, and does not even try whom they hold.
_REASONS = {
    "suppress-bounce": Kind.HARD,
    "suppress-complaint": Kind.COMPLAINT,
    "suppress-unsubscribe": Kind.UNSUBSCRIBE,
}


def read(body: bytes, key: str) -> list[Event]:
    """The event of a request. Raises HookRefusedError.

    A request that is sent again is told by its event, not by its age: Mailgun tries for eight hours.
    """
    message = parsed(body)
    signed = text(message, "signature", "timestamp") + text(message, "signature", "token")
    made = hmac.new(key.encode(), signed.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
    given = text(message, "signature", "signature").encode("utf-8", "replace")
    if not signed or not hmac.compare_digest(made.encode(), given):
        raise HookRefusedError("the signature does not fit")
    event = message.get("event-data")
    report = Report((_finding(event),), bracketed(_message_id(event)))
    return [Event(report, as_bytes(event), text(event, "envelope", "sender"))]


def _message_id(event: Any) -> str:
    return text(event, "message", "headers", "message-id")


def _finding(event: Any) -> Finding:
    name, recipient = text(event, "event"), text(event, "recipient")
    if name in _KINDS:
        return Finding(_KINDS[name], recipient)
    if name != "failed":
        return Finding(Kind.UNKNOWN, recipient, diagnostic=name)
    told = ("delivery-status",)
    words = text(event, *told, "message") or text(event, *told, "description")
    status = text(event, *told, "enhanced-code")
    reason = text(event, "reason")
    if reason in _REASONS:
        return Finding(_REASONS[reason], recipient, status, words or reason)
    if text(event, "severity") != "permanent":
        return Finding(Kind.DELAY, recipient, status, words)
    return failed(recipient, status, f"{text(event, *told, 'code')} {words}".strip())
