"""A site's feed, found from its HTML page: `<link rel="alternate" type="application/rss+xml" ...>`."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urljoin

from newsletter.collect.http import Answer
from newsletter.collect.keys import canonical_url

_TYPES = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        "application/json",
    }
)
_COMMENTS = re.compile(r"\bcomments?\b|/comments/", re.IGNORECASE)
_PAGE = re.compile(
    rb"\s*(?:<\?[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_HEAD = 20_000
_LOOKED_AT = 500_000  # bytes of a page; its head comes first


def is_page(answer: Answer) -> bool:
    """Whether an answer is an HTML page; a feed may hold pages, so its root is what counts."""
    return _PAGE.match(answer.body[:_HEAD].lstrip(b"\xef\xbb\xbf")) is not None


def feed_of(answer: Answer) -> str | None:
    """The address of the first feed that a page names, one of comments only if there is no other."""
    reader = _Links()
    reader.feed(answer.body[:_LOOKED_AT].decode("utf-8", "replace"))
    reader.close()
    found = [(_absolute(reader.base or answer.url, href), title) for href, title in reader.feeds]
    usable = [(address, title) for address, title in found if address]
    usable.sort(key=lambda each: bool(_COMMENTS.search(f"{each[1]} {each[0]}")))
    return usable[0][0] if usable else None


def _absolute(base: str, href: str) -> str | None:
    try:
        address = urljoin(base, href.strip())
    except ValueError:
        return None
    return address if canonical_url(address) else None


class _Links(HTMLParser):
    """Collects what a page offers as its feeds, wherever it says so."""

    def __init__(self) -> None:
        super().__init__()
        self.base = ""
        self.feeds: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "base" and not self.base and canonical_url(told.get("href", "")):
            self.base = told["href"]
        if tag not in {"link", "a"} or not told.get("href"):
            return
        kind = told.get("type", "").partition(";")[0].strip().lower()
        if "alternate" in told.get("rel", "").lower().split() and kind in _TYPES:
            self.feeds.append((told["href"], told.get("title", "")))
