"""What all webhooks share: an event, a refusal, and JSON that may hold anything anywhere."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from newsletter.bounce.reasons import refused
from newsletter.bounce.values import Finding, Kind, Report
from newsletter.errors import NewsletterError


class HookRefusedError(NewsletterError):
    """A request that is not proven to come from the provider, or that nobody can read.

    `status`: what to answer, 403 for the first, 400 for the second.
    """

    def __init__(self, message: str, status: int = 403) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a provider tells. `raw`: its bytes, to be kept; the same event has the same.

    `told`: text in which our signed address may stand. `once`: what the provider signed in place of the
    event, so that it must never be heard with another one; "" where the event itself is signed.
    """

    report: Report
    raw: bytes
    told: str = ""
    once: str = ""


def parsed(body: bytes) -> Any:
    """The JSON of a body. Raises HookRefusedError."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise HookRefusedError("the body is no JSON", 400) from None


def as_bytes(value: object) -> bytes:
    """JSON that is the same for equal values."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace")


def text(value: Any, *path: str) -> str:
    """What stands at a path of names within JSON, as text; "" where nothing does."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return str(value) if isinstance(value, str | int | float) else ""


def items(value: Any, *path: str) -> list[Any]:
    """The list at a path of names within JSON; empty where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, list) else []


def failed(recipient: str, status: str, words: str, *, for_good: bool = False) -> Finding:
    """A refusal by its words and code. `for_good`: the provider says that the mailbox is gone."""
    kind = refused(status, words)
    if for_good and kind is Kind.SOFT:
        kind = Kind.HARD
    return Finding(kind, recipient, status, words)


def bracketed(message_id: str) -> str:
    """A Message-ID in its brackets, with or without which providers tell it."""
    return f"<{message_id.strip('<> ')}>" if message_id.strip("<> ") else ""
