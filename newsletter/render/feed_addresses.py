"""Where feeds and the API stand on our own site, below its root. Pure."""

from __future__ import annotations

from urllib.parse import quote, urlencode

ATOM, JSON = "atom", "json"


def day_feed_path(form: str = ATOM) -> str:
    """The papers of the latest day, as a feed; `form`: `atom` or `json`."""
    return f"/feeds/day.{form}"


def category_feed_path(name: str, form: str = ATOM) -> str:
    """What is new in a category or archive."""
    return f"/feeds/category.{form}?{urlencode({'name': name})}"


def author_feed_path(name: str, form: str = ATOM) -> str:
    """What is new of an author."""
    return f"/feeds/author.{form}?{urlencode({'name': name})}"


def organisation_feed_path(name: str, form: str = ATOM) -> str:
    """What is new of an organisation."""
    return f"/feeds/organisation.{form}?{urlencode({'name': name})}"


def search_feed_path(query: str, form: str = ATOM) -> str:
    """What is new and meets a search."""
    return f"/feeds/search.{form}?{urlencode({'q': query})}"


def entry_api_path(key: str) -> str:
    """An entry in the API: every reserved character of its key percent-encoded."""
    return f"/api/v1/entries/{quote(key, safe=':', errors='replace')}"
