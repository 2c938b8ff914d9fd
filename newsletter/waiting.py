"""How long a server asks to wait."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

_LONGEST = 366 * 86400.0  # of a server that asks for more than any calendar has


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of Retry-After (RFC 9110, 10.2.3), a date being measured against the server's own; a year
    at most. None for what says nothing.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), _LONGEST)
    until, at = _http_date(value), _http_date(headers.get("date", ""))
    if until is None or at is None:
        return None
    return min(max(0.0, (until - at).total_seconds()), _LONGEST)


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # a year of twenty digits
        return None
    return moment if moment.tzinfo else None
