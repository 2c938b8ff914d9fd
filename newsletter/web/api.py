"""The public JSON API: entries, one entry, what is related to it, a day. Anybody may read it."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.app import App
from newsletter.match.query import parse_query
from newsletter.stages.browsed import DayOrder, PaperPage
from newsletter.stages.related import MOST_RELATED
from newsletter.stages.search import MOST_A_PAGE, Order
from newsletter.store.engine import reading
from newsletter.web.caching import PAPER, Caching
from newsletter.web.documents import (
    day_document,
    found_entries,
    related_entries,
    whole_entry,
)
from newsletter.web.openapi import openapi
from newsletter.web.parameters import choice_of, day_of, key_in, keys_meant, name_of, part_of
from newsletter.web.problems import Unacceptable, json_answer, preflight, problem
from subscribers.language import gettext as _
from subscribers.web.deps import WebDeps

ROOT = "/api/v1"
ENTRIES = f"{ROOT}/entries/"
_MOST_OF_A_DAY = 100
_USUAL = 20
_USUAL_RELATED = 8


class Api:
    """Handlers of what can be read below `/api/v1`."""

    def __init__(self, app: App, deps: WebDeps, caching: Caching) -> None:
        self._app = app
        self._deps = deps
        self._caching = caching
        self._sessions = reading(app.sessions)

    def routes(self) -> list[Route]:
        """All addresses that are read."""
        handlers = {
            f"{ROOT}/openapi.json": self.description,
            f"{ROOT}/entries": self.search,
            f"{ENTRIES}{{key:path}}": self.entry,
            f"{ROOT}/daily/{{day}}": self.day,
        }
        return [
            route
            for path, handler in handlers.items()
            for route in (
                Route(path, _plainly(handler), methods=["GET"]),
                Route(path, preflight, methods=["OPTIONS"]),
            )
        ]

    def description(self, request: Request) -> Response:
        """The API in OpenAPI 3.1."""
        return self._caching.answer(
            request, "", lambda: openapi(self._deps.base_url, self._deps.site), seconds=3600
        )

    def search(self, request: Request) -> Response:
        """What a search finds; without one, nothing but how to ask."""
        part = part_of(request, MOST_A_PAGE, _USUAL)
        order = choice_of(request, "order", Order.BEST)
        query = parse_query(request.query_params.get("q", ""))
        now = self._deps.now()
        with self._sessions() as session:

            def make() -> Response:
                results = self._app.searcher.search(
                    session, query, now, order=order, offset=part.offset, count=part.count
                )
                ids = [found.entry_id for found in results.found]
                shown = self._app.browser.shown(session, ids, now)
                return json_answer(found_entries(results, shown, part.offset, self._deps.base_url))

            version = self._app.browser.version(session, now)
            return self._caching.answer(request, version, make)

    def entry(self, request: Request) -> Response:
        """One entry by any of its keys; with `/related` behind the key, what is near to it."""
        asked = key_in(request, ENTRIES, "/related")
        key = key_in(request, ENTRIES) if asked is None else asked
        with self._sessions() as session:
            found = next(
                (
                    (name, version)
                    for name in keys_meant(key or "")
                    if (version := self._app.browser.paper_version(session, name))
                ),
                None,
            )
            if found is None:
                return problem(404, _("There is no such entry."))
            name, version = found
            if asked is not None:
                return self._related(request, session, name)
            return self._caching.answer(
                request,
                version,
                lambda: json_answer(whole_entry(self._page(session, name), self._deps.base_url)),
                seconds=PAPER,
            )

    def _related(self, request: Request, session: Session, name: str) -> Response:
        count = part_of(request, MOST_RELATED, _USUAL_RELATED).count
        now, browser = self._deps.now(), self._app.browser

        def make() -> Response:
            entry = self._page(session, name).entry
            near = self._app.related_papers.related(session, entry.id, now, count)
            shown = browser.shown(session, [each.entry.id for each in near], now)
            return json_answer(related_entries(entry.key, near, shown, self._deps.base_url))

        return self._caching.answer(request, browser.version(session, now), make, seconds=PAPER)

    def _page(self, session: Session, name: str) -> PaperPage:
        page = self._app.browser.paper(session, name, self._deps.now())
        assert page is not None
        return page

    def day(self, request: Request) -> Response:
        """A day's papers, in parts."""
        day = day_of(request.path_params["day"])
        if day is None:
            raise Unacceptable({"day": _("A date such as 2026-11-19 is needed.")})
        part = part_of(request, _MOST_OF_A_DAY, _MOST_OF_A_DAY)
        order = choice_of(request, "order", DayOrder.TRENDING)
        category, source = name_of(request, "category"), name_of(request, "source")
        now, browser = self._deps.now(), self._app.browser
        with self._sessions() as session:
            return self._caching.answer(
                request,
                browser.version(session, now, until=day),
                lambda: json_answer(
                    day_document(
                        browser.day(
                            session, day, now, order=order, category=category, source=source,
                            offset=part.offset, count=part.count,
                        ),
                        self._deps.base_url,
                    )
                ),
            )  # fmt: skip


def _plainly(handler: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """An endpoint that says what cannot be taken. Plain `def`: Starlette runs it in a thread."""

    def endpoint(request: Request) -> Response:
        try:
            return handler(request)
        except Unacceptable as wrong:
            return problem(422, _("Some of what was asked for cannot be taken."), wrong.errors)

    return endpoint
