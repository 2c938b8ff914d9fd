"""Papers as a feed: Atom (RFC 4287) and JSON Feed 1.1. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from newsletter.model import Entry, Summary
from newsletter.render import xml
from newsletter.render.addresses import paper_path
from newsletter.render.plain import clean, web_url

ATOM = "http://www.w3.org/2005/Atom"
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_AUTHORS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed and where it stands. `page`: the same for people. `papers`: each with its sentence or two."""

    title: str
    address: str
    page: str
    site: str
    base_url: str
    papers: Sequence[tuple[Entry, Summary]]

    @property
    def updated(self) -> datetime:
        """When the latest of its papers came."""
        return max((entry.first_seen_at for entry, _ in self.papers), default=_NEVER)


def atom(feed: Feed) -> bytes:
    """The feed as Atom."""
    root = xml.root(ATOM, "feed")
    xml.add(root, "id", feed.address)
    xml.add(root, "title", clean(feed.title))
    xml.add(root, "updated", _moment(feed.updated))
    _link(root, "self", feed.address, "application/atom+xml")
    _link(root, "alternate", feed.page, "text/html")
    xml.add(xml.add(root, "author"), "name", clean(feed.site))
    for entry, told in feed.papers:
        _entry(xml.add(root, "entry"), entry, told, feed.base_url)
    return xml.octets(root)


def _entry(node: etree._Element, entry: Entry, told: Summary, base_url: str) -> None:
    page = _page(entry, base_url)
    xml.add(node, "id", page)
    xml.add(node, "title", clean(entry.title) or "Untitled")
    xml.add(node, "published", _moment(entry.published_at or entry.first_seen_at))
    xml.add(node, "updated", _moment(entry.first_seen_at))
    _link(node, "alternate", page, "text/html")
    if source := web_url(entry.url):
        _link(node, "via", source, "text/html")
    if pdf := web_url(entry.pdf_url):
        _link(node, "related", pdf, "application/pdf")
    for name in _authors(entry):
        xml.add(xml.add(node, "author"), "name", name)
    for category in filter(None, map(clean, entry.categories)):
        xml.add(node, "category", term=category)
    xml.add(node, "summary", clean(told.text))
    xml.add(node, "content", clean(entry.abstract))


def json_feed(feed: Feed) -> bytes:
    """The feed as JSON Feed."""
    found = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": clean(feed.title),
        "home_page_url": feed.page,
        "feed_url": feed.address,
        "items": [_item(entry, told, feed.base_url) for entry, told in feed.papers],
    }
    return json.dumps(found, ensure_ascii=False).encode()


def _item(entry: Entry, told: Summary, base_url: str) -> dict[str, Any]:
    page = _page(entry, base_url)
    found = {
        "id": page,
        "url": page,
        "external_url": web_url(entry.url),
        "title": clean(entry.title) or "Untitled",
        "summary": clean(told.text),
        "content_text": clean(entry.abstract),
        "date_published": _moment(entry.published_at or entry.first_seen_at),
        "date_modified": _moment(entry.first_seen_at),
        "authors": [{"name": name} for name in _authors(entry)],
        "tags": [name for each in entry.categories if (name := clean(each))],
    }
    return {name: value for name, value in found.items() if value}


def _authors(entry: Entry) -> list[str]:
    return [name for each in entry.authors[:_MOST_AUTHORS] if (name := clean(each))]


def _page(entry: Entry, base_url: str) -> str:
    return f"{base_url.rstrip('/')}{paper_path(entry.key)}"


def _link(parent: etree._Element, rel: str, href: str, kind: str) -> None:
    xml.add(parent, "link", rel=rel, href=href, type=kind)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
