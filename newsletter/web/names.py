"""The papers of an author, an organisation or a category, to be followed in one press."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.app import App
from newsletter.render.addresses import author_path, category_path, organisation_path, search_path
from newsletter.render.plain import clean, clip
from newsletter.stages.browsed import ListPage
from newsletter.store.engine import reading
from newsletter.web.caching import Caching
from newsletter.web.paging import page_of, pages
from subscribers.errors import ProfileError
from subscribers.language import gettext as _
from subscribers.profile import Interest, Kind, parse_wish, wish_text
from subscribers.web.deps import WebDeps
from subscribers.web.pages import message_page, page, quiet
from subscribers.web.speech import carrying

PAGE = 30
_LONGEST = 150


@dataclass(frozen=True, slots=True)
class _Way:
    """One kind of name: where its pages are, how its papers are found and how it is wished for."""

    kind: Kind
    path: Callable[[str], str]
    read: Callable[..., ListPage]
    feed: Callable[[str], str]


class NamePages:
    """The handlers for `/authors/NAME`, `/organisations/NAME` and `/categories/NAME`."""

    def __init__(self, app: App, deps: WebDeps, caching: Caching) -> None:
        self._deps = deps
        self._caching = caching
        self._sessions = reading(app.sessions)
        browser = self._browser = app.browser
        self._ways = {
            "authors": _Way(Kind.AUTHOR, author_path, browser.by_author, _feed_of("author")),
            "organisations": _Way(
                Kind.ORGANISATION,
                organisation_path,
                browser.by_organisation,
                _feed_of("organisation"),
            ),
            "categories": _Way(
                Kind.CATEGORY, category_path, browser.in_category, _feed_of("category")
            ),
        }

    def routes(self) -> list[Route]:
        """An address for each kind of name."""
        return [
            Route(
                f"/{folder}/{{name:path}}", quiet(self._deps, self._handler(way)), methods=["GET"]
            )
            for folder, way in self._ways.items()
        ]

    def _handler(self, way: _Way) -> Callable[[Request], Response]:
        def show(request: Request) -> Response:
            name = request.path_params["name"]
            if not name.strip() or len(name) > _LONGEST or not name.isprintable():
                return self._unknown()
            with self._sessions() as session:
                version = self._browser.version(session, self._deps.now())
                return self._caching.answer(
                    request, version, lambda: self._show(session, request, way, name)
                )

        return show

    def _show(self, session: Session, request: Request, way: _Way, name: str) -> Response:
        number = page_of(request)
        found = way.read(session, name, self._deps.now(), offset=(number - 1) * PAGE, count=PAGE)
        if not found.total:
            return self._unknown(name)
        path = way.path(name)
        context = {
            "here": "",
            "asked": "",
            "base_url": self._deps.base_url,
            "kicker": _kicker(way.kind),
            "name": clip(clean(found.name), _LONGEST),
            "path": path,
            "found": found,
            "wish": _wish(way.kind, found.name),
            "feed": way.feed(name),
            "pages": pages(f"{self._deps.root}{path}", {}, number, PAGE, found.total),
        }
        return page(self._deps, "name.html", context, private=False)

    def _unknown(self, name: str = "") -> Response:
        title = _("We have no papers of that name")
        text = _("Searching finds names that are spelt a little otherwise.")
        search = carrying(search_path(name))
        return message_page(self._deps, title, text, status=404, search=search)


def _feed_of(kind: str) -> Callable[[str], str]:
    return lambda name: f"/feeds/{kind}/{author_path(name).rpartition('/')[2]}.atom"


def _kicker(kind: Kind) -> str:
    return {
        Kind.AUTHOR: _("Papers by"),
        Kind.ORGANISATION: _("Papers from"),
        Kind.CATEGORY: _("Papers in"),
    }[kind]


def _wish(kind: Kind, name: str) -> str:
    """The wish that follows a name; "" for a name that nobody can wish for."""
    try:
        return wish_text(parse_wish(wish_text(Interest(kind, name))))
    except ProfileError:
        return ""
