"""Mailgun: one event a request, with a timestamp and a token that the account's key signs (HMAC-SHA256).

The event itself is not signed. Whoever has seen one request could send its signature with another event;
so a signature is good for nine hours and, once it was seen, for the same event alone.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
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

LIFETIME = timedelta(hours=9)
"""How old a request may be: Mailgun tries for about eight hours, and the last try is as good."""

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


def read(body: bytes, key: str, now: datetime) -> list[Event]:
    """The event of a request, which holds its token (`Event.once`). Raises HookRefusedError."""
    message = parsed(body)
    stamp, token = text(message, "signature", "timestamp"), text(message, "signature", "token")
    signed = stamp + token
    made = hmac.new(key.encode(), signed.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
    given = text(message, "signature", "signature").encode("utf-8", "replace")
    if not signed or not hmac.compare_digest(made.encode(), given):
        raise HookRefusedError("the signature does not fit")
    if not token or now - _moment(stamp) > LIFETIME:
        raise HookRefusedError(f"signed more than {LIFETIME // timedelta(hours=1)} hours ago")
    event = message.get("event-data")
    report = Report((_finding(event),), bracketed(_message_id(event)))
    return [Event(report, as_bytes(event), text(event, "envelope", "sender"), once=token)]


def _moment(stamp: str) -> datetime:
    try:
        return datetime.fromtimestamp(float(stamp), UTC)
    except (ValueError, OverflowError, OSError):
        raise HookRefusedError("the timestamp is no moment") from None


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
