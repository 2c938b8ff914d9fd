"""arXiv's Atom API (export.arxiv.org): papers by category, by search, or by id.

The API knows when a paper was submitted, not when it was announced: a listing's day is the day
asked for. Its pages overlap, may come empty in between, and errors come as a feed of one entry.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from lxml import etree

from newsletter.collect import arxiv, checking, dates
from newsletter.collect.http import Answer, Http
from newsletter.collect.keys import arxiv_id, keys_of
from newsletter.collect.port import Batch, Request
from newsletter.collect.reading import ARXIV, ATOM, OPENSEARCH, child_text, read_xml
from newsletter.collect.text import counted
from newsletter.errors import SourceError
from newsletter.model import Listed, ListingType

_ASKED_AGAIN = 2  # times that an empty page in the middle is asked for again


class ArxivApi:
    """Settings: one of `categories`, `search` (arXiv's query language) or `ids`.

    With `categories` and `search`: `days` back that submissions are asked for (5 spans a weekend
    and a holiday), at most `most` papers; `page` papers are asked for at a time.
    """

    def check(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """See `Collector.check`."""
        checking.only(settings, "categories", "search", "ids", "days", "most", "page", "base_url")
        ids = checking.words(settings, "ids")
        unknown = [name for name in ids if arxiv_id(name) is None]
        if unknown:
            raise SourceError(f"{unknown[0]!r} is no arXiv id such as 2404.06395")
        search = settings.get("search", "")
        if not isinstance(search, str):
            raise SourceError(f"search must be a text, not {search!r}")
        asked = {
            "categories": list(checking.categories(settings)),
            "search": " ".join(search.split()),
            "ids": list(ids),
        }
        if sum(map(bool, asked.values())) != 1:
            raise SourceError("name one of categories, search or ids")
        return {name: value for name, value in asked.items() if value} | {
            "days": checking.whole(settings, "days", 5, 1, 366),
            "most": checking.whole(settings, "most", 2000, 1, 30_000),
            "page": checking.whole(settings, "page", 200, 1, 2000),
            "base_url": checking.base(settings, "https://export.arxiv.org"),
        }

    def collect(self, request: Request, http: Http) -> Iterator[Batch]:
        """One Batch a page, without the papers of earlier pages."""
        settings = self.check(request.settings)
        seen: set[str] = set()
        start = total = 0
        while start < settings["most"]:
            root = _page(settings, request, start, http)
            entries = root.findall(f"{ATOM}entry")
            if not entries:
                break
            total = max(total, _promised(root), start + len(entries))
            batch = _batch(entries, settings, request)
            fresh = tuple(paper for paper in batch.listed if paper.keys[0] not in seen)
            seen.update(paper.keys[0] for paper in fresh)
            if fresh or batch.problems:
                yield Batch(fresh, batch.problems)
            start += len(entries)
            # Asked for ids, arXiv may promise more than it has, and bring the same page for ever.
            if start >= total or ("ids" in settings and not fresh):
                break
        yield _closing(settings, seen, start, total)


def _page(settings: Mapping[str, Any], request: Request, start: int, http: Http) -> etree._Element:
    size = min(settings["page"], settings["most"] - start)
    params = _query(settings, request) | {"start": start, "max_results": size}
    for _ in range(_ASKED_AGAIN + 1):
        answer = http.get(
            f"{settings['base_url']}/api/query", params, conditional=False, readable=(400,)
        )
        root = read_xml(answer, f"{ATOM}feed")
        _refuse_error(root, answer)
        if root.find(f"{ATOM}entry") is not None or start >= _promised(root):
            break
    return root


def _promised(root: etree._Element) -> int:
    text = child_text(root, f"{OPENSEARCH}totalResults") or ""
    return int(text) if text.strip().isdecimal() else 0


def _query(settings: Mapping[str, Any], request: Request) -> dict[str, str | int]:
    if "ids" in settings:
        return {"id_list": ",".join(settings["ids"])}
    terms = settings.get("search") or " OR ".join(map(_category, settings["categories"]))
    since, until = _window(settings, request)
    when = f"submittedDate:[{since:%Y%m%d%H%M} TO {until:%Y%m%d%H%M}]"
    return {
        "search_query": f"({terms}) AND {when}",
        "sortBy": "submittedDate",
        "sortOrder": "descending",
    }


def _category(name: str) -> str:
    return f"cat:{name}" if "." in name else f"cat:{name} OR cat:{name}.*"


def _window(settings: Mapping[str, Any], request: Request) -> tuple[datetime, datetime]:
    midnight = datetime.combine(request.day, time(), UTC)
    return midnight - timedelta(days=settings["days"]), midnight + timedelta(days=1)


def _refuse_error(root: etree._Element, answer: Answer) -> None:
    """An error is a feed of one entry with an id below /api/errors; a title proves nothing."""
    for entry in root.findall(f"{ATOM}entry"):
        if "/api/errors" in (child_text(entry, f"{ATOM}id") or ""):
            told = arxiv.prose(child_text(entry, f"{ATOM}summary")) or "an error without words"
            raise SourceError(f"{answer.url} answered: {told}")
    if answer.status != 200:
        raise SourceError(f"{answer.url} answered {answer.status} without saying why")


def _batch(entries: list[etree._Element], settings: Mapping[str, Any], request: Request) -> Batch:
    listed: list[Listed] = []
    broken = Counter[str]()
    for entry in entries:
        paper = _listed(entry, settings, request)
        if isinstance(paper, str):
            broken[paper] += 1
        else:
            listed.append(paper)
    return Batch(
        tuple({paper.keys[0]: paper for paper in reversed(listed)}.values())[::-1],
        tuple(
            f"{counted(count, 'entry', 'entries')} without {what} left out"
            for what, count in broken.items()
        ),
    )


def _listed(entry: etree._Element, settings: Mapping[str, Any], request: Request) -> Listed | str:
    identity = arxiv_id(child_text(entry, f"{ATOM}id") or "")
    title = arxiv.prose(child_text(entry, f"{ATOM}title"))
    if identity is None:
        return "an arXiv id"
    if not title:
        return "a title"
    identifier, version = identity
    published = dates.moment(child_text(entry, f"{ATOM}published"))
    categories = _categories(entry)
    authors = (child_text(author, f"{ATOM}name") for author in entry.findall(f"{ATOM}author"))
    return Listed(
        keys=keys_of(f"arXiv:{identifier}", *_dois(entry)),
        title=title,
        day=request.day,
        type=_type(settings, request, version, published, categories),
        abstract=arxiv.prose(child_text(entry, f"{ATOM}summary")),
        authors=tuple(dict.fromkeys(name for name in map(arxiv.prose, authors) if name)),
        categories=categories,
        url=arxiv.page(identifier),
        pdf_url=arxiv.pdf(identifier),
        published_at=published,
        version=version,
        comment=arxiv.prose(child_text(entry, f"{ARXIV}comment")) or None,
    )


def _dois(entry: etree._Element) -> list[str]:
    return (child_text(entry, f"{ARXIV}doi") or "").split()  # some records hold two


def _categories(entry: etree._Element) -> tuple[str, ...]:
    primary = entry.find(f"{ARXIV}primary_category")
    terms = [element.get("term", "") for element in entry.findall(f"{ATOM}category")]
    first = [primary.get("term", "")] if primary is not None else []
    return tuple(dict.fromkeys(name for name in map(arxiv.prose, first + terms) if name))


def _type(
    settings: Mapping[str, Any],
    request: Request,
    version: int | None,
    published: datetime | None,
    categories: tuple[str, ...],
) -> ListingType:
    """What RSS would have called it; papers that were asked for by id or search are simply new."""
    if "ids" in settings:
        return ListingType.NEW
    if (version or 1) > 1 and published and published < _window(settings, request)[0]:
        return ListingType.REPLACE
    asked = settings.get("categories", categories[:1])
    ours = any(c == name or c.startswith(f"{name}.") for c in categories[:1] for name in asked)
    return ListingType.NEW if ours else ListingType.CROSS


def _closing(settings: Mapping[str, Any], seen: set[str], start: int, total: int) -> Batch:
    """The last word: what was asked for and did not come, or how much did."""
    if "ids" in settings:
        wanted = {name: keys_of(f"arXiv:{found[0]}")[0]
                  for name in settings["ids"] if (found := arxiv_id(name))}  # fmt: skip
        missing = [name for name, key in wanted.items() if key not in seen]
        return Batch(problems=tuple(f"arXiv knows no paper {name}" for name in missing))
    if start >= settings["most"] and total > start:
        return Batch(problems=(f"{total} papers found, only the first {start} read (most)",))
    if start < total:
        return Batch(problems=(f"{total} papers promised, but the pages ended after {start}",))
    return Batch(notes=() if seen else ("no paper was submitted that this asks for",))
