"""Europe PMC by query (ebi.ac.uk/europepmc): journals, and preprints of many servers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from newsletter.collect import checking, searching
from newsletter.collect.foreign import Record, ask
from newsletter.collect.http import Http
from newsletter.collect.port import Batch, Request
from newsletter.collect.searching import Found, Page

_TAKEN_BACK = frozenset({"retracted publication", "withdrawn", "retraction"})


class EuropePmc:
    """Settings: `query`, in Europe PMC's own language."""

    spec = "query"

    def check(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """See `Collector.check`."""
        shared = searching.settings_of(settings, "https://www.ebi.ac.uk/europepmc", "query")
        return {"query": checking.query(settings)} | shared

    def collect(self, request: Request, http: Http) -> Iterator[Batch]:
        """One Batch a page of what was taken in during the days asked for."""
        settings = self.check(request.settings)
        yield from searching.batches(_pages(settings, request, http), settings, request)


def _pages(settings: Mapping[str, Any], request: Request, http: Http) -> Iterator[Page]:
    since, until = searching.window(settings, request)
    params: dict[str, str | int] = {
        "query": f"({settings['query']}) AND (FIRST_IDATE:[{since} TO {until}])",
        "resultType": "core",
        "format": "json",
        "pageSize": settings["page"],
    }
    mark, following = "", "*"
    while following and following != mark:  # the last page gives its own mark again
        mark = following
        answer, document = ask(
            http, f"{settings['base_url']}/webservices/rest/search", params | {"cursorMark": mark}
        )
        items = document.members(answer, "resultList", "result")
        make = partial(_paper, request=request)
        yield Page(searching.read_all(items, make), document.count("hitCount"))
        following = document.text("nextCursorMark")


def _paper(given: Record, request: Request) -> Found:
    pmid, place = given.text("pmid"), (given.text("source"), given.text("id"))
    page = f"https://europepmc.org/article/{'/'.join(place)}" if all(place) else ""
    pubmed = f"https://pubmed.ncbi.nlm.nih.gov/{pmid}" if pmid.isdecimal() else ""
    found = searching.paper(
        request,
        names=[given.text("doi"), pubmed, page],
        title=given.text("title"),
        appeared=given.day("firstIndexDate"),
        published=given.moment("firstPublicationDate"),
        authors=map(_name, given.records("authorList", "author")),
        categories=given.texts("keywordList", "keyword"),
        abstract=given.text("abstractText"),
        url=page,
    )
    types = {text.lower() for text in given.texts("pubTypeList", "pubType")}
    return searching.marked(found, taken_back=not types.isdisjoint(_TAKEN_BACK))


def _name(author: Record) -> str:
    parts = (author.text("firstName"), author.text("lastName"))
    whole = " ".join(parts) if all(parts) else ""
    return whole or author.text("fullName") or author.text("collectiveName")
