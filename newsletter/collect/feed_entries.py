"""Feed entries of any dialect made into papers: identity, text, dates, and what is too old."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from newsletter.collect import arxiv, authors, dates
from newsletter.collect.keys import arxiv_id, bounded, canonical_url, doi, keys_of
from newsletter.collect.latex import readable
from newsletter.collect.text import fold, from_escaped, from_html
from newsletter.model import Listed

_ABSTRACT = 5_000  # characters kept of a description; some feeds put whole pages there
_TITLE = 120  # characters of text that stand in for a title where a note has none
_LABEL = re.compile(r"(?:abstract|summary)\s*[:.\-–—]?\s+(?=[A-Z0-9])", re.IGNORECASE)  # noqa: RUF001


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """One entry as a feed shows it. `texts`: its descriptions, each with whether it is HTML."""

    link: str = ""
    id: str = ""
    names: tuple[str, ...] = ()
    title: str = ""
    title_is_html: bool = False
    texts: tuple[tuple[str, bool], ...] = ()
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Papers:
    """What became of a feed's entries."""

    listed: tuple[Listed, ...]
    broken: int
    too_old: int


def papers(entries: Iterable[FeedEntry], *, address: str, day: date, oldest: date | None) -> Papers:
    """The papers of a feed's entries, each once; those dated before `oldest` are only counted.

    An entry without a date belongs to `day`. One without title and text is counted as broken.
    """
    entries = list(entries)
    shared = _shared_links(entries)
    listed: dict[str, Listed] = {}
    broken = too_old = 0
    for entry in entries:
        found = next((known for text in entry.dates if (known := dates.moment(text))), None)
        if found and oldest and found.date() < oldest:
            too_old += 1
            continue
        paper = _paper(entry, found, address, day, shared)
        if paper is None:
            broken += 1
        else:
            listed.setdefault(paper.keys[0], paper)
    return Papers(tuple(listed.values()), broken, too_old)


def _paper(
    entry: FeedEntry, published: datetime | None, address: str, day: date, shared: frozenset[str]
) -> Listed | None:
    texts = [from_html(text) if is_html else fold(text) for text, is_html in entry.texts]
    abstract = readable(_best_text(texts))
    title = readable(from_html(entry.title) if entry.title_is_html else from_escaped(entry.title))
    title = title or _shortened(abstract, _TITLE)
    if not title:
        return None
    keys = _keys(entry, title, abstract, address, shared)
    identity = arxiv_id(keys[0])
    link = fold(entry.link) if canonical_url(entry.link) else ""
    return Listed(
        keys=keys,
        title=title,
        day=min(published.date(), day) if published else day,
        abstract=abstract,
        authors=authors.apart(entry.authors),
        categories=tuple(dict.fromkeys(name for name in map(fold, entry.tags) if name))[:20],
        url=arxiv.page(identity[0]) if identity else link,
        pdf_url=arxiv.pdf(identity[0]) if identity else None,
        published_at=published,
    )


def _best_text(texts: Iterable[str]) -> str:
    """The first text of some length (an abstract before the whole page), or else the longest."""
    texts = [_LABEL.sub("", text, count=1) if _LABEL.match(text) else text for text in texts]
    found = next((text for text in texts if len(text) >= _TITLE), max(texts, key=len, default=""))
    return _shortened(found, _ABSTRACT)


def _shortened(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    return text[:most].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"


def _keys(
    entry: FeedEntry, title: str, abstract: str, address: str, shared: frozenset[str]
) -> tuple[str, ...]:
    """Ids and DOIs wherever they stand; the link if it is the entry's own; else the feed's own id.

    An id is only unique within its feed, so it is never used as an address, even if it looks it.
    """
    numbers = [name for name in (entry.link, entry.id, *entry.names) if arxiv_id(name) or doi(name)]
    link = canonical_url(entry.link)
    own_link = [entry.link] if link and link not in shared else []
    found = keys_of(*numbers, *own_link)
    if found:
        return found
    inner = entry.id or f"{title}\0{abstract}"
    digest = hashlib.sha256(f"{address}\0{inner}".encode("utf-8", "replace")).hexdigest()
    return (bounded(f"feed:{digest}"),)


def _shared_links(entries: Iterable[FeedEntry]) -> frozenset[str]:
    """Links that name no single entry: those of several titles, and bare home pages."""
    titles = {(canonical_url(entry.link), entry.title) for entry in entries}
    counts = Counter(link for link, _ in titles if link)
    return frozenset(link for link, count in counts.items() if count > 1 or link.count("/") == 2)


def oldest_of(day: date, max_age_days: int) -> date | None:
    """The first day whose entries are still news; None where any age is."""
    return day - timedelta(days=max_age_days) if max_age_days else None
