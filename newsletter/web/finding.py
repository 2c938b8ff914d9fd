"""The search page: what was found, marked; any search becomes a wish or a feed in one press."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.app import App
from newsletter.match.highlight import Piece
from newsletter.match.query import parse_query
from newsletter.match.query_wishes import interests_of
from newsletter.render.addresses import search_path
from newsletter.stages.browsed import Shown
from newsletter.stages.search import Order, Results
from newsletter.store.engine import reading
from newsletter.web.caching import Caching
from newsletter.web.paging import page_of, pages
from subscribers.language import gettext as _
from subscribers.profile import wish_text
from subscribers.web.deps import WebDeps
from subscribers.web.pages import page, quiet
from subscribers.web.speech import carrying

PAGE = 20


@dataclass(frozen=True, slots=True)
class Hit:
    """A found paper, with its title and a stretch of its abstract in pieces."""

    shown: Shown
    title: tuple[Piece, ...]
    snippet: tuple[Piece, ...]


class SearchPages:
    """The handler for `/search`."""

    def __init__(self, app: App, deps: WebDeps, caching: Caching) -> None:
        self._app = app
        self._deps = deps
        self._caching = caching
        self._sessions = reading(app.sessions)

    def routes(self) -> list[Route]:
        """The one address."""
        return [Route("/search", quiet(self._deps, self.show), methods=["GET"])]

    def show(self, request: Request) -> Response:
        """What a search finds; without one, how to search. Changes nothing."""
        with self._sessions() as session:
            version = self._app.browser.version(session, self._deps.now())
            return self._caching.answer(request, version, lambda: self._found(session, request))

    def _found(self, session: Session, request: Request) -> Response:
        query = parse_query(request.query_params.get("q", ""))
        newest = request.query_params.get("order") == Order.NEWEST
        number = page_of(request)
        results = self._app.searcher.search(
            session, query, self._deps.now(), order=Order.NEWEST if newest else Order.BEST,
            offset=(number - 1) * PAGE, count=PAGE,
        )  # fmt: skip
        told = self._told(results, self._hits(session, results), newest, number)
        return page(self._deps, "search.html", told, private=False)

    def _hits(self, session: Session, results: Results) -> list[Hit]:
        found = {each.entry_id: each for each in results.found}
        shown = self._app.browser.shown(session, list(found), self._deps.now())
        return [
            Hit(each, found[each.entry.id].title, found[each.entry.id].snippet) for each in shown
        ]

    def _told(self, results: Results, hits: list[Hit], newest: bool, number: int) -> dict[str, Any]:
        root, text = self._deps.root, results.query.text
        order = Order.NEWEST.value if newest else ""
        wishes = "\n".join(wish_text(interest) for interest in interests_of(results.query))
        first_loose = results.total - results.loose - (number - 1) * PAGE
        return {
            "here": "search",
            "asked": text,
            "base_url": self._deps.base_url,
            "results": results,
            "problems": results.problems if text else (),
            "hits": hits,
            "first_loose": first_loose if results.loose and 0 <= first_loose < len(hits) else None,
            "wishes": wishes,
            "orders": [
                (_("Best first"), carrying(f"{root}{search_path(text)}"), not newest),
                (
                    _("Newest first"),
                    carrying(f"{root}{search_path(text, order=Order.NEWEST.value)}"),
                    newest,
                ),
            ],
            "feed": f"{root}{search_path(text).replace('/search?', '/feeds/search.atom?', 1)}",
            "pages": pages(
                f"{root}/search", {"q": text, "order": order}, number, PAGE, results.total
            ),
        }
