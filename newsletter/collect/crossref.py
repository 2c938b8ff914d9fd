"""Crossref's works (api.crossref.org): by query, or by a list of DOIs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from newsletter.collect import checking, searching
from newsletter.collect.foreign import Record, ask
from newsletter.collect.http import Http
from newsletter.collect.keys import doi
from newsletter.collect.port import Batch, Request
from newsletter.collect.searching import Found, Page
from newsletter.errors import SourceError

_DATES = ("published-online", "published-print", "posted", "published", "issued")


class Crossref:
    """Settings: `query` or `dois`; `filter` (Crossref's own, such as type:journal-article)."""

    spec = "query"

    def check(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """See `Collector.check`."""
        shared = searching.settings_of(
            settings, "https://api.crossref.org", "query", "dois", "filter"
        )
        if ("query" in settings) == ("dois" in settings):
            raise SourceError("name one of query or dois")
        if "dois" in settings:
            dois = checking.words(settings, "dois")
            unknown = [name for name in dois if doi(name) is None]
            if unknown or not dois:
                raise SourceError(f"{unknown[0] if unknown else ''!r} is no DOI such as 10.1000/x")
            return {"dois": list(dois)} | shared
        own = {"query": checking.query(settings)}
        if "filter" in settings:
            own["filter"] = checking.query(settings, "filter")
        return own | shared

    def collect(self, request: Request, http: Http) -> Iterator[Batch]:
        """One Batch a page of what Crossref learned of in the days asked for."""
        settings = self.check(request.settings)
        pages = _singly if "dois" in settings else _pages
        yield from searching.batches(pages(settings, request, http), settings, request)


def _singly(settings: Mapping[str, Any], request: Request, http: Http) -> Iterator[Page]:
    for name in settings["dois"]:
        answer, document = ask(http, f"{settings['base_url']}/works/{doi(name)}")
        if not document.record("message"):
            raise SourceError(f"{answer.url} answered JSON without a work")
        yield Page([_paper(document.record("message"), request)])


def _pages(settings: Mapping[str, Any], request: Request, http: Http) -> Iterator[Page]:
    since, until = searching.window(settings, request)
    dated = f"from-created-date:{since},until-created-date:{until}"
    params: dict[str, str | int] = {
        "query": settings["query"],
        "filter": ",".join(filter(None, (dated, settings.get("filter")))),
        "rows": settings["page"],
    }
    url = f"{settings['base_url']}/works"
    return searching.by_cursor(
        lambda cursor: ask(http, url, params | {"cursor": cursor}),
        partial(_paper, request=request),
        items=("message", "items"),
        total=("message", "total-results"),
        following=("message", "next-cursor"),
    )


def _paper(given: Record, request: Request) -> Found:
    number = given.text("DOI")
    found = searching.paper(
        request,
        names=[number],
        title=given.first("title"),
        appeared=given.day("created", "date-time"),
        published=_published(given),
        authors=map(_name, given.records("author")),
        categories=given.texts("subject"),
        abstract=given.text("abstract"),
        url=given.text("URL") or (number and f"https://doi.org/{number}"),
        pdf_url=_pdf(given),
    )
    updates = {each.text("type").lower() for each in given.records("updated-by")}
    taken_back = not updates.isdisjoint({"retraction", "withdrawal", "removal"})
    return searching.marked(found, taken_back=taken_back)


def _published(given: Record) -> datetime | None:
    """The first whole date; a year, or a year and a month, is no date."""
    moments = (_whole(given.at(name, "date-parts")) for name in _DATES)
    return next((moment for moment in moments if moment), None)


def _whole(parts: Any) -> datetime | None:
    first = parts[0] if isinstance(parts, list) and parts else None
    if not isinstance(first, list) or len(first) != 3:
        return None
    if not all(isinstance(part, int) and not isinstance(part, bool) for part in first):
        return None
    try:
        return datetime(first[0], first[1], first[2], tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _name(author: Record) -> str:
    parts = (author.text("given"), author.text("family"), author.text("suffix"))
    return " ".join(part for part in parts if part) or author.text("name")


def _pdf(given: Record) -> str | None:
    links = (each for each in given.records("link") if each.text("content-type").endswith("/pdf"))
    return next((each.text("URL") for each in links), None)
