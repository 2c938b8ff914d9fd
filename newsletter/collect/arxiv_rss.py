"""arXiv's announcements of the day, from its RSS or Atom feeds (rss.arxiv.org).

A feed shows only the current batch, and nothing at weekends. One address asks for all categories.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from lxml import etree

from newsletter.collect import arxiv, authors, calendar, checking, dates
from newsletter.collect.http import Http
from newsletter.collect.keys import arxiv_id, keys_of
from newsletter.collect.port import Batch, Counterpart, Request
from newsletter.collect.reading import ARXIV, ATOM, DC, child_text, read_xml
from newsletter.collect.text import counted
from newsletter.errors import SourceError
from newsletter.model import Listed, ListingType

_PREAMBLE = re.compile(
    r"\s*arXiv:(?P<id>\S+)\s+Announce Type:\s*(?P<type>\S+)\s*(?:Abstract:\s*)?", re.IGNORECASE
)
_MOST = 2000  # entries that arXiv puts into one feed (info.arxiv.org/help/rss.html)


class ArxivRss:
    """Settings: `categories` (cs.AI, ...), `format` (rss or atom), `base_url`.

    Missed days are caught up from OAI-PMH at `oai_url`, `catch_up` days back at most (0: not at all).
    """

    def check(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """See `Collector.check`."""
        checking.only(settings, "categories", "format", "base_url", "oai_url", "catch_up")
        categories = checking.categories(settings)
        if not categories:
            raise SourceError("categories is empty; name at least one, such as cs.AI")
        if settings.get("format", "rss") not in {"rss", "atom"}:
            raise SourceError(f"format must be rss or atom, not {settings['format']!r}")
        return {
            "categories": list(categories),
            "format": settings.get("format", "rss"),
            "base_url": checking.base(settings, "https://rss.arxiv.org"),
            "oai_url": checking.address(settings, "oai_url", "https://oaipmh.arxiv.org"),
            "catch_up": checking.whole(settings, "catch_up", 31, 0, 366),
        }

    def complete_source(self, settings: Mapping[str, Any]) -> Counterpart | None:
        """See `Partial.complete_source`."""
        told = self.check(settings)
        if not told["catch_up"]:
            return None
        asked = {"categories": told["categories"], "base_url": told["oai_url"]}
        return Counterpart("arxiv-oai", asked, told["catch_up"])

    def collect(self, request: Request, http: Http) -> Iterator[Batch]:
        """The current batch in one Batch: every paper once, with its strongest type."""
        settings = self.check(request.settings)
        names = "+".join(settings["categories"])
        answer = http.get(f"{settings['base_url']}/{settings['format']}/{names}")
        if answer.unchanged:
            yield Batch(unchanged=True, batch_day=dates.day(request.cursor.get("batch")))
            return
        root = read_xml(answer, "rss", f"{ATOM}feed")
        fallback = _announced(root) or request.day
        listed: dict[str, Listed] = {}
        broken = Counter[str]()
        items = list(_items(root))
        for item in items:
            paper = _listed(item, fallback)
            if isinstance(paper, str):
                broken[paper] += 1
            else:
                key = paper.keys[0]
                listed[key] = _stronger(listed.get(key), paper)
        problems = [
            f"{counted(count, 'entry', 'entries')} without {what} left out"
            for what, count in broken.items()
        ]
        if not listed and not problems and not _rests(root, fallback):
            problems.append(f"{answer.url} announces nothing for {fallback:%A %d %B %Y}")
        batch_day = max((paper.day for paper in listed.values()), default=fallback)
        yield Batch(
            tuple(listed.values()),
            (*problems, *_doubts(len(items), batch_day, fallback)),
            _notes(listed.values(), fallback),
            cursor={
                **request.cursor,  # a catching-up that broke off stands there, too
                "batch": batch_day.isoformat(),
                "top": _top(request.cursor, listed),
            },
            batch_day=batch_day,
            announced=len(listed) + sum(broken.values()),
        )


def _doubts(count: int, batch_day: date, head: date) -> Iterator[str]:
    """What speaks against this being the whole batch of the day that the feed's head names."""
    if batch_day < head and calendar.expected(head):
        yield f"the feed is dated {head:%A %d %B %Y}, but its papers are of {batch_day:%A %d %B %Y}"
    if count >= _MOST:
        yield f"the feed ends after {count} entries, the most it holds: ask for fewer categories"


def _top(cursor: Mapping[str, Any], listed: Mapping[str, Listed]) -> str:
    """The highest number announced so far; arXiv hands them out in order."""
    fresh = (key.removeprefix("arxiv:") for key, p in listed.items() if p.type == ListingType.NEW)
    return max([str(cursor.get("top", "")), *fresh], key=arxiv.number)


def _items(root: etree._Element) -> Iterable[etree._Element]:
    return root.iter("item") if root.tag == "rss" else root.iter(f"{ATOM}entry")


def _announced(root: etree._Element) -> date | None:
    """The day of the batch as the feed's head tells it, for entries that do not."""
    channel = root.find("channel") if root.tag == "rss" else root
    if channel is None:
        return None
    return dates.day(child_text(channel, "pubDate", "lastBuildDate", f"{ATOM}updated"))


def _rests(root: etree._Element, day: date) -> bool:
    """Whether the feed itself says that nothing is announced on that weekday."""
    return f"{day:%A}" in {(found.text or "").strip() for found in root.iter("day")}


def _listed(item: etree._Element, fallback: date) -> Listed | str:
    """The paper of one feed entry, or what the entry lacks."""
    description = child_text(item, "description", f"{ATOM}summary") or ""
    preamble = _PREAMBLE.match(description)
    named = child_text(item, "guid", f"{ATOM}id") or (preamble["id"] if preamble else "")
    identity = arxiv_id(named) or arxiv_id(child_text(item, "link") or "")
    title = arxiv.prose(child_text(item, "title", f"{ATOM}title"))
    kind = child_text(item, f"{ARXIV}announce_type") or (preamble["type"] if preamble else "new")
    if identity is None:
        return "an arXiv id"
    if not title:
        return "a title"
    if kind.strip() not in set(ListingType):
        return f"a known announce type ({kind.strip()!r})"
    identifier, version = identity
    return Listed(
        keys=keys_of(f"arXiv:{identifier}", child_text(item, f"{ARXIV}DOI", f"{ARXIV}doi")),
        title=title,
        day=dates.day(child_text(item, "pubDate", f"{ATOM}published")) or fallback,
        type=ListingType(kind.strip()),
        abstract=arxiv.prose(description[preamble.end() :] if preamble else description),
        authors=_authors(item),
        categories=_categories(item),
        url=arxiv.page(identifier),
        pdf_url=arxiv.pdf(identifier),
        version=version,
    )


def _authors(item: etree._Element) -> tuple[str, ...]:
    lines = [creator.text or "" for creator in item.iter(f"{DC}creator")]
    return tuple(dict.fromkeys(name for line in lines for name in authors.names(line)))


def _categories(item: etree._Element) -> tuple[str, ...]:
    plain = [arxiv.prose(category.text) for category in item.iter("category")]
    terms = [arxiv.prose(category.get("term")) for category in item.iter(f"{ATOM}category")]
    return tuple(dict.fromkeys(name for name in plain + terms if name))


def _stronger(known: Listed | None, paper: Listed) -> Listed:
    if known is None:
        return paper
    return min(known, paper, key=lambda each: arxiv.STRENGTH.index(each.type))


def _notes(listed: Iterable[Listed], day: date) -> tuple[str, ...]:
    counts = Counter(str(paper.type) for paper in listed)
    if not counts:
        return (f"nothing announced on {day:%A %d %B %Y}",)
    told = ", ".join(f"{counts[kind]} {kind}" for kind in arxiv.STRENGTH if counts[kind])
    return (f"batch of {day.isoformat()}: {told}",)
