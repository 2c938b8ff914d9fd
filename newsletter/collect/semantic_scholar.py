"""Semantic Scholar (api.semanticscholar.org): by search, by ids, or as it recommends for seeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from newsletter.collect import checking, searching
from newsletter.collect.foreign import Record, ask
from newsletter.collect.http import Answer, Http
from newsletter.collect.keys import arxiv_id
from newsletter.collect.port import Batch, Request
from newsletter.collect.reading import read_json
from newsletter.collect.searching import Found, Page
from newsletter.errors import SourceError

_FIELDS = "title,abstract,authors,externalIds,publicationDate,url,openAccessPdf,tldr,fieldsOfStudy"
_SEED_FIELDS = _FIELDS.replace(",tldr", "")  # recommendations refuse it


class SemanticScholar:
    """Settings: one of `query`, `ids` (papers), `seeds` (papers that others are recommended for)."""

    spec = "query"

    def check(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """See `Collector.check`."""
        shared = searching.settings_of(
            settings, "https://api.semanticscholar.org", "query", "ids", "seeds", largest=100
        )
        asked = [name for name in ("query", "ids", "seeds") if name in settings]
        if len(asked) != 1:
            raise SourceError("name one of query, ids or seeds")
        if asked == ["query"]:
            return {"query": checking.query(settings)} | shared
        names = checking.words(settings, asked[0])
        if not names:
            raise SourceError(f"{asked[0]} names no paper, such as arXiv:2404.06395")
        return {asked[0]: list(names)} | shared

    def collect(self, request: Request, http: Http) -> Iterator[Batch]:
        """One Batch a page, or a seed, or all the ids."""
        settings = self.check(request.settings)
        if "ids" in settings:
            yield from _by_id(settings, request, http)
            return
        pages = _search if "query" in settings else _recommended
        yield from searching.batches(pages(settings, request, http), settings, request)


def _search(settings: Mapping[str, Any], request: Request, http: Http) -> Iterator[Page]:
    since, until = searching.window(settings, request)
    params: dict[str, str | int] = {
        "query": settings["query"],
        "publicationDateOrYear": f"{since}:{until}",
        "fields": _FIELDS,
        "limit": settings["page"],
    }
    url = f"{settings['base_url']}/graph/v1/paper/search"
    start: int | None = 0
    while start is not None:
        answer, document = ask(http, url, params | {"offset": start})
        total = document.count("total")
        if total == 0 and document.at("data") is None:
            return
        items = document.members(answer, "data")
        yield Page(_papers(items, request), total)
        start = document.count("next")


def _recommended(settings: Mapping[str, Any], request: Request, http: Http) -> Iterator[Page]:
    params: dict[str, str | int] = {
        "fields": _SEED_FIELDS, "limit": settings["page"], "from": "recent",
    }  # fmt: skip
    for seed in settings["seeds"]:
        place = f"/recommendations/v1/papers/forpaper/{_name(seed)}"
        answer, document = ask(http, settings["base_url"] + place, params)
        items = document.members(answer, "recommendedPapers")
        if items:  # an empty page would end the reading
            yield Page(_papers(items, request))


def _by_id(settings: Mapping[str, Any], request: Request, http: Http) -> Iterator[Batch]:
    """Each paper by itself: one that is unknown costs only its own place."""
    problems: list[str] = []
    found: list[Any] = []
    for name in settings["ids"]:
        url = f"{settings['base_url']}/graph/v1/paper/{_name(name)}"
        answer = http.get(url, {"fields": _FIELDS}, conditional=False, readable=(404,))
        if answer.status == 404:
            problems.append(f"Semantic Scholar knows no paper {name}")
        else:
            found += _records(answer)
    yield Batch(problems=tuple(problems))
    if found or not problems:
        yield from searching.batches([Page(_papers(found, request))], settings, request)


def _records(answer: Answer) -> list[Any]:
    """A paper, or the list that the batch endpoint gives, where an unknown one is null."""
    document = read_json(answer)
    return document if isinstance(document, list) else [document]


def _name(text: str) -> str:
    identity = arxiv_id(text)
    return f"ARXIV:{identity[0]}" if identity else quote(text, ":/")


def _papers(items: list[Any], request: Request) -> list[Found]:
    return searching.read_all(items, partial(_paper, request=request))


def _paper(given: Record, request: Request) -> Found:
    number = quote(given.text("paperId"), "")
    page = f"https://www.semanticscholar.org/paper/{number}" if number else ""
    preprint = given.text("externalIds", "ArXiv")
    return searching.paper(
        request,
        plain=True,
        names=[given.text("externalIds", "DOI"), preprint and f"arXiv:{preprint}", page],
        title=given.text("title"),
        appeared=given.day("publicationDate"),
        published=given.moment("publicationDate"),
        authors=(each.text("name") for each in given.records("authors")),
        categories=given.texts("fieldsOfStudy"),
        abstract=given.text("abstract"),
        tldr=given.text("tldr", "text"),
        url=page,
        pdf_url=given.text("openAccessPdf", "url"),
    )
