"""Feeds: of the latest day, a category, an author, an organisation, a search; as Atom and JSON Feed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import quote

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.app import App
from newsletter.match.query import parse_query
from newsletter.render.addresses import (
    author_path,
    category_path,
    day_path,
    organisation_path,
    search_path,
)
from newsletter.render.feeds import Feed, atom, json_feed
from newsletter.render.plain import clean
from newsletter.stages.browsed import ListPage, Shown
from newsletter.stages.search import Order
from newsletter.store.engine import reading
from newsletter.web.caching import PAPER, Caching
from newsletter.web.problems import OPEN, Unacceptable, problem
from subscribers.language import gettext as _
from subscribers.web.deps import WebDeps

_MOST = 50
_OF_A_DAY = 100
_LONGEST = 200
_FORMS = {
    "atom": (atom, "application/atom+xml"),
    "json": (json_feed, "application/feed+json"),
}

Made = tuple[str, str, Sequence[Shown]]
"""A feed's title, the page of the same, its papers."""

Make = Callable[[Session, Request, datetime], Made]


class Feeds:
    """Handlers for `/feeds/...`."""

    def __init__(self, app: App, deps: WebDeps, caching: Caching) -> None:
        self._app = app
        self._deps = deps
        self._caching = caching
        self._sessions = reading(app.sessions)

    def routes(self) -> list[Route]:
        """Each feed in each form."""
        makers: dict[str, Make] = {
            "daily": self._day,
            "category/{name:path}": self._category,
            "author/{name:path}": self._author,
            "organisation/{name:path}": self._organisation,
            "search": self._search,
        }
        return [
            Route(f"/feeds/{name}.{form}", self._endpoint(make, form), methods=["GET"])
            for name, make in makers.items()
            for form in _FORMS
        ]

    def _endpoint(self, make: Make, form: str) -> Callable[[Request], Response]:
        render, kind = _FORMS[form]

        def endpoint(request: Request) -> Response:
            now = self._deps.now()
            with self._sessions() as session:

                def answer() -> Response:
                    feed = self._feed(request, *make(session, request, now))
                    return Response(render(feed), media_type=kind, headers=dict(OPEN))

                try:
                    version = self._app.browser.version(session, now)
                    return self._caching.answer(request, version, answer, seconds=PAPER)
                except Unacceptable as wrong:
                    return problem(422, _("There is no such feed."), wrong.errors)

        return endpoint

    def _feed(self, request: Request, title: str, page: str, papers: Sequence[Shown]) -> Feed:
        base = self._deps.base_url.rstrip("/")
        return Feed(
            title=f"{title} · {self._deps.site}",
            address=f"{base}{_sent(request)}",
            page=f"{base}{page}",
            site=self._deps.site,
            base_url=base,
            papers=[(each.entry, each.tldr) for each in papers],
        )

    def _day(self, session: Session, _request: Request, now: datetime) -> Made:
        browser = self._app.browser
        day = browser.latest_day(session, now)
        title = _("Papers of the day")
        if day is None:
            return title, "/", ()
        return title, day_path(day), browser.day(session, day, now, count=_OF_A_DAY).papers

    def _category(self, session: Session, request: Request, now: datetime) -> Made:
        found = self._app.browser.in_category(session, _name(request), now, count=_MOST)
        return _named(found, category_path)

    def _author(self, session: Session, request: Request, now: datetime) -> Made:
        found = self._app.browser.by_author(session, _name(request), now, count=_MOST)
        return _named(found, author_path)

    def _organisation(self, session: Session, request: Request, now: datetime) -> Made:
        name = _name(request)
        found = self._app.browser.by_organisation(session, name, now, count=_MOST)
        return _named(found, organisation_path)

    def _search(self, session: Session, request: Request, now: datetime) -> Made:
        query = parse_query(request.query_params.get("q", ""))
        if not query.asks:
            raise Unacceptable({"q": " ".join(query.problems)})
        results = self._app.searcher.search(session, query, now, order=Order.NEWEST, count=_MOST)
        ids = [each.entry_id for each in results.found]
        return query.text, search_path(query.text), self._app.browser.shown(session, ids, now)


def _sent(request: Request) -> str:
    """The address as it was asked for, without the host."""
    query = f"?{request.url.query}" if request.url.query else ""
    return quote(request.url.path, safe="/:%") + query


def _name(request: Request) -> str:
    said = str(request.path_params["name"])
    if len(said) > _LONGEST or not any(character.isalnum() for character in said):
        raise Unacceptable({"name": _("A name is needed.")})
    return said


def _named(found: ListPage, path: Callable[[str], str]) -> Made:
    return clean(found.name), path(found.name), found.papers
