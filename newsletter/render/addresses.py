"""Where things stand on our own site, below its root. Pure."""

from __future__ import annotations

from datetime import date
from urllib.parse import quote, urlencode

# What a path may hold as it is (RFC 3986, section 3.3); a query, a fragment and a percent sign of a
# key that is an address itself must come back as part of the key.
_SAFE = "/:@!$&'()*+,;=~-._"


def paper_path(key: str) -> str:
    """The page of the paper with this canonical key: `/papers/arxiv:2404.06395`."""
    return f"/papers/{quote(key, safe=_SAFE, errors='replace')}"


def author_path(name: str) -> str:
    """The papers of an author."""
    return f"/authors/{quote(name, safe='', errors='replace')}"


def organisation_path(name: str) -> str:
    """The papers of an organisation."""
    return f"/organisations/{quote(name, safe='', errors='replace')}"


def category_path(name: str) -> str:
    """The papers of a category or archive."""
    return f"/categories/{quote(name, safe='', errors='replace')}"


def day_path(day: date) -> str:
    """A day's papers."""
    return f"/daily/{day}"


def week_path(day: date) -> str:
    """The best of the week that a day is in: `/weekly/2026-W47` (ISO 8601)."""
    year, week, _ = day.isocalendar()
    return f"/weekly/{year:04}-W{week:02}"


def month_path(day: date) -> str:
    """The best of the month that a day is in: `/monthly/2026-11`."""
    return f"/monthly/{day:%Y-%m}"


def subscribe_path(wishes: str) -> str:
    """The sign-up form with these wishes, one a line, filled in."""
    return f"/subscribe?{urlencode({'wishes': wishes})}"


def seed_path(key: str) -> str:
    """The sign-up form with this paper as an example of what is wanted."""
    return f"/subscribe?{urlencode({'seed': key})}"


def search_path(query: str, **more: str) -> str:
    """What a search finds; of `more` what is not empty: `order`, `page`."""
    return f"/search?{urlencode({'q': query, **{name: value for name, value in more.items() if value}})}"
