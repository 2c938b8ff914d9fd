"""bioRxiv and medRxiv by the day they post (api.biorxiv.org/details).

Every version of a preprint is a record of its own: the first is news, a later one a replacement.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from newsletter.collect import checking, searching
from newsletter.collect.foreign import Record, ask
from newsletter.collect.http import Http
from newsletter.collect.port import Batch, Request
from newsletter.collect.searching import Found, Page, TakenBack
from newsletter.collect.text import fold
from newsletter.errors import SourceError
from newsletter.model import Listed, ListingType

_SERVERS = ("biorxiv", "medrxiv")


class Biorxiv:
    """Settings: `server` (biorxiv or medrxiv), `categories` (such as cell_biology; none: all)."""

    def check(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """See `Collector.check`."""
        shared = searching.settings_of(
            settings, "https://api.biorxiv.org", "server", "categories", days_back=2, most=3000
        )
        server = settings.get("server", "biorxiv")
        if server not in _SERVERS:
            raise SourceError(f"server must be biorxiv or medrxiv, not {server!r}")
        wanted = [_category(name) for name in checking.words(settings, "categories")]
        return {"server": server, "categories": wanted} | shared

    def collect(self, request: Request, http: Http) -> Iterator[Batch]:
        """One Batch a page of the days asked for."""
        settings = self.check(request.settings)
        yield from searching.batches(_pages(settings, request, http), settings, request)


def _pages(settings: Mapping[str, Any], request: Request, http: Http) -> Iterator[Page]:
    since, until = searching.window(settings, request)
    base = f"{settings['base_url']}/details/{settings['server']}/{since}/{until}"
    wanted = frozenset(settings["categories"])
    start = 0
    while True:
        answer, document = ask(http, f"{base}/{start}/json")
        told = next(document.records("messages"), Record(None))
        status = told.text("status").lower()
        if status != "ok":
            if not status.startswith("no posts"):
                raise SourceError(f"{answer.url} answered: {fold(status)[:200] or 'no status'}")
            return
        items = document.members(answer, "collection")
        kept = [each for each in items if not wanted or _category_of(each) in wanted]
        make = partial(_paper, request=request)
        yield Page(searching.read_all(kept, make), told.count("total"), len(items))
        start += len(items)


def _paper(given: Record, request: Request) -> Found:
    doi, server = given.text("doi"), given.text("server") or "bioRxiv"
    version = given.count("version") or 1
    page = f"https://www.{server.lower()}.org/content/{doi}v{version}" if doi else ""
    found = searching.paper(
        request,
        names=[doi],
        title=given.text("title"),
        appeared=given.day("date"),
        published=given.moment("date") if version == 1 else None,  # else: the date of this version
        authors=map(_name, given.text("authors").split(";")),
        categories=[given.text("category")],
        abstract=given.text("abstract"),
        url=page,
        pdf_url=page and f"{page}.full.pdf",
        organisation=_told(given.text("author_corresponding_institution")),
    )
    if not isinstance(found, Listed):
        return found
    kind = ListingType.NEW if version == 1 else ListingType.REPLACE
    found = replace(found, version=version, type=kind)
    return TakenBack(found) if given.text("type").lower() == "withdrawn" else found


def _name(text: str) -> str:
    """`Wright, K. M.` as `K. M. Wright`."""
    family, _, given = text.partition(",")
    return f"{given.strip()} {family.strip()}".strip()


def _category(name: str) -> str:
    return " ".join(name.lower().replace("_", " ").replace("-", " ").split())


def _category_of(item: Any) -> str:
    return _category(Record(item).text("category"))


def _told(text: str) -> str | None:
    return None if text in {"NA", ""} else text
