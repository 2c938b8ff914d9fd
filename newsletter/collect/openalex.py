"""OpenAlex's works (api.openalex.org) by query: abstracts come as an index of words, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from newsletter.collect import checking, searching
from newsletter.collect.foreign import Record, ask
from newsletter.collect.http import Http
from newsletter.collect.keys import arxiv_id
from newsletter.collect.port import Batch, Request
from newsletter.collect.searching import Found, Page

_WORDS = 10_000  # words of an abstract that are put in order


class OpenAlex:
    """Settings: `query`; `filter` (OpenAlex's own, such as type:preprint)."""

    spec = "query"

    def check(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """See `Collector.check`."""
        shared = searching.settings_of(
            settings, "https://api.openalex.org", "query", "filter", largest=200
        )
        own = {"query": checking.query(settings)}
        if "filter" in settings:
            own["filter"] = checking.query(settings, "filter")
        return own | shared

    def collect(self, request: Request, http: Http) -> Iterator[Batch]:
        """One Batch a page of what was published in the days asked for."""
        settings = self.check(request.settings)
        yield from searching.batches(_pages(settings, request, http), settings, request)


def _pages(settings: Mapping[str, Any], request: Request, http: Http) -> Iterator[Page]:
    since, until = searching.window(settings, request)
    dated = f"from_publication_date:{since},to_publication_date:{until}"
    params: dict[str, str | int] = {
        "search": settings["query"],
        "filter": ",".join(filter(None, (dated, settings.get("filter")))),
        "per-page": settings["page"],
    }
    url = f"{settings['base_url']}/works"
    return searching.by_cursor(
        lambda cursor: ask(http, url, params | {"cursor": cursor}),
        partial(_paper, request=request),
        items=("results",),
        total=("meta", "count"),
        following=("meta", "next_cursor"),
    )


def _paper(given: Record, request: Request) -> Found:
    page = given.text("primary_location", "landing_page_url")
    found = searching.paper(
        request,
        names=[given.text("doi"), given.text("id"), *_arxiv(given)],
        title=given.text("title") or given.text("display_name"),
        appeared=given.day("publication_date"),
        published=given.moment("publication_date"),
        authors=(
            each.text("author", "display_name") or each.text("raw_author_name")
            for each in given.records("authorships")
        ),
        categories=[given.text("primary_topic", "display_name")],
        abstract=_abstract(given.at("abstract_inverted_index")),
        url=page or given.text("doi") or given.text("id"),
        pdf_url=given.text("best_oa_location", "pdf_url"),
    )
    return searching.marked(found, taken_back=given.yes("is_retracted"))


def _arxiv(given: Record) -> list[str]:
    """The arXiv pages among the places where OpenAlex found the work."""
    pages = (each.text("landing_page_url") for each in given.records("locations"))
    return [page for page in pages if arxiv_id(page)]


def _abstract(index: Any) -> str:
    """The text of `{word: [place, ...]}`. The places are only compared, whatever they are."""
    if not isinstance(index, dict):
        return ""
    placed = [
        (place, word)
        for word, places in index.items()
        if isinstance(places, list)
        for place in places
        if isinstance(place, int)
    ]
    return " ".join(word for _, word in sorted(placed)[:_WORDS])
