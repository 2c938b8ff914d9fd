"""The dates of all sources as aware datetimes. Absent or hopeless is None, never invented."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_tz
from typing import Any

_EARLIEST, _LATEST = 1900, 2200  # years outside are a default or a slip, not a date
_PLAIN = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?)?"
    r"\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?"
)


def moment(value: Any) -> datetime | None:
    """The moment that a source's text names; a text without a zone is taken to be in UTC.

    Knows ISO 8601 in its many spellings, RFC 822 with named zones, and `2020/1/10 14:33:00`.
    """
    if not isinstance(value, str):
        return None
    text = " ".join(value.split())
    found = _plain(text) or _rfc822(text)
    return found if found and _EARLIEST <= found.year <= _LATEST else None


def day(value: Any) -> date | None:
    """The calendar day that a text names, in its own zone: an announcement day is not a UTC day."""
    found = moment(value)
    return found.date() if found else None


def _plain(text: str) -> datetime | None:
    match = _PLAIN.fullmatch(text)
    if match is None:
        return None
    try:
        return datetime(
            *(int(part or 0) for part in match.groups()[:6]),  # type: ignore[misc,arg-type]
            tzinfo=_zone(match[7]),
        )
    except ValueError:
        return None


def _zone(text: str | None) -> timezone:
    if text is None or text in {"Z", "UTC", "GMT"}:
        return UTC
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "")
    return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:])))


def _rfc822(text: str) -> datetime | None:
    if not any(character.isalpha() for character in text):
        return None  # a bare number would be read as some date or other
    try:
        parts = parsedate_tz(text) or parsedate_tz(f"{text} 00:00:00")
        if parts is None:
            return None
        return datetime(*parts[:6], tzinfo=timezone(timedelta(seconds=parts[9] or 0)))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
