"""dblp by query (dblp.org/search/publ): computer science, without abstracts, dated by year only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree

from newsletter.collect import checking, searching
from newsletter.collect.http import Http
from newsletter.collect.port import Batch, Request
from newsletter.collect.reading import child_text, read_xml
from newsletter.collect.searching import Found, Page
from newsletter.errors import SourceError


class Dblp:
    """Settings: `query`. Only publications of the day's own year are asked for."""

    spec = "query"

    def check(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """See `Collector.check`."""
        shared = searching.settings_of(settings, "https://dblp.org", "query")
        return {"query": checking.query(settings)} | shared

    def collect(self, request: Request, http: Http) -> Iterator[Batch]:
        """One Batch a page."""
        settings = self.check(request.settings)
        yield from searching.batches(_pages(settings, request, http), settings, request)


def _pages(settings: Mapping[str, Any], request: Request, http: Http) -> Iterator[Page]:
    params: dict[str, str | int] = {
        "q": f"{settings['query']} year:{request.day.year}:",
        "format": "xml",
        "h": settings["page"],
    }
    start = 0
    while True:
        answer = http.get(
            f"{settings['base_url']}/search/publ/api", params | {"f": start}, conditional=False
        )
        root = read_xml(answer, "result", expected="a search result")
        hits = root.find("hits")
        status = root.find("status")
        if hits is None:
            told = (status.text or "") if status is not None else ""
            raise SourceError(f"{answer.url} answered without hits: {told[:200] or 'no reason'}")
        found = hits.findall("hit")
        total = hits.get("total", "")
        many = int(total) if total.isascii() and total.isdigit() and len(total) < 10 else None
        yield Page([_paper(hit, request) for hit in found], many)
        start += len(found)
        if many is not None and start >= many:
            return


def _paper(hit: etree._Element, request: Request) -> Found:
    info = hit.find("info")
    if info is None:
        return "a description"
    page = child_text(info, "url") or ""
    places = (child_text(info, "doi"), child_text(info, "ee"), page)
    year = (child_text(info, "year") or "").strip()
    if year.isdecimal() and int(year[:9]) < request.day.year:
        return f"a date in {request.day.year}"
    return searching.paper(
        request,
        plain=True,
        names=[place for place in places if place],
        title=child_text(info, "title") or "",
        appeared=None,
        published=None,
        authors=("".join(str(text) for text in each.itertext()) for each in info.iter("author")),
        url=page,
    )
