"""Small makers of values for tests; every argument that does not matter has a default."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from newsletter.model import Entry, Listed, Message

NOW = datetime(2026, 6, 10, 6, 30, tzinfo=UTC)
DAY = date(2026, 6, 10)


def entry(
    id: int = 1, title: str = "A title", abstract: str = "An abstract.", **more: Any
) -> Entry:
    values: dict[str, Any] = {
        "id": id,
        "key": f"arxiv:2606.{id:05}",
        "title": title,
        "abstract": abstract,
        "authors": ("Ada Lovelace", "Emmy Noether"),
        "categories": ("cs.CL",),
        "url": f"https://arxiv.org/abs/2606.{id:05}",
        "pdf_url": None,
        "code_url": None,
        "published_at": None,
        "first_seen_at": NOW,
        "first_listed_on": DAY,
        "organisation": None,
        "tldr": None,
    }
    return Entry(**(values | more))


def listed(number: int = 1, **more: Any) -> Listed:
    values: dict[str, Any] = {
        "keys": (f"arxiv:2606.{number:05}",),
        "title": f"Paper number {number}",
        "abstract": f"What paper number {number} is about.",
        "day": DAY,
        "url": f"https://arxiv.org/abs/2606.{number:05}",
        "authors": ("Ada Lovelace",),
        "categories": ("cs.CL",),
    }
    return Listed(**(values | more))


def message(number: int = 1, to: str = "ada@example.org", body: bytes = b"Hello.\r\n") -> Message:
    message_id = f"<{number}@paperround.example>"
    head = (
        f"From: Paperround <digest@paperround.example>\r\nTo: {to}\r\n"
        f"Subject: Test {number}\r\nMessage-ID: {message_id}\r\n\r\n"
    )
    return Message(
        delivery_id=number,
        sender="digest@paperround.example",
        to=to,
        message_id=message_id,
        head=head.encode(),
        body=body,
    )
