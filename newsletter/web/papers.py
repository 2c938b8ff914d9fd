"""A paper's page, by any key that it is known by, and the paper as BibTeX."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from newsletter.app import App
from newsletter.model import Entry
from newsletter.render.addresses import paper_path, seed_path, subscribe_path
from newsletter.render.bibtex import bibtex
from newsletter.render.cards import links_of, shown_title
from newsletter.render.plain import clean, clip
from newsletter.stages.browsed import PaperPage
from newsletter.store.engine import reading
from newsletter.summarise.choose import summary_of
from newsletter.web import metadata
from newsletter.web.ballots import ballots
from newsletter.web.caching import PAPER, Caching
from newsletter.web.curve import Curve, curve
from newsletter.web.parameters import keys_meant
from subscribers.language import gettext as _
from subscribers.profile import LONGEST_WISH
from subscribers.sowing import can_be_a_wish
from subscribers.web.deps import WebDeps
from subscribers.web.pages import message_page, page, page_headers, quiet
from subscribers.web.speech import carrying

RELATED = 8
_TLDR = 420
_LINKED_AUTHORS, _NAMED_AUTHORS = 40, 160
_BIB = ".bib"

Show = Callable[[Session, Request, PaperPage], Response]
"""One way to show a paper."""


class PaperPages:
    """The handler for `/papers/KEY` and `/papers/KEY.bib`."""

    def __init__(self, app: App, deps: WebDeps, caching: Caching) -> None:
        self._app = app
        self._deps = deps
        self._caching = caching
        self._sessions = reading(app.sessions)

    def routes(self) -> list[Route]:
        """The one address."""
        return [Route("/papers/{key:path}", quiet(self._deps, self.show), methods=["GET"])]

    def show(self, request: Request) -> Response:
        """The paper; by another of its names, a permanent redirect. Changes nothing."""
        named = _whole(request.path_params["key"])
        shown: list[tuple[str, Show]] = [(name, self._page) for name in keys_meant(named)]
        if named.endswith(_BIB):
            shown += [(name, self._bibtex) for name in keys_meant(named[: -len(_BIB)])]
        with self._sessions() as session:
            for key, show in shown:
                if version := self._app.browser.paper_version(session, key):
                    return self._answer(session, request, key, version, show)
        return message_page(
            self._deps,
            _("We do not know this paper"),
            _("It has not come by here, or its address is mistyped."),
            status=404,
        )

    def _answer(
        self, session: Session, request: Request, key: str, version: str, show: Show
    ) -> Response:
        now = self._deps.now()

        def make() -> Response:
            found = self._app.browser.paper(session, key, now)
            assert found is not None
            return show(session, request, found)

        if "v" in request.query_params:
            return make()  # one reader's own
        # Beside the paper itself, those that are related to it change, but that may wait an hour.
        return self._caching.answer(request, f"{version} {now:%Y-%m-%d %H}", make, seconds=PAPER)

    def _page(self, session: Session, request: Request, found: PaperPage) -> Response:
        if _whole(request.path_params["key"]) != found.entry.key:
            address = f"{self._deps.root}{paper_path(found.entry.key)}"
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(address + query, status_code=301, headers=page_headers())
        token = request.query_params.get("v")
        votes = ballots(session, self._deps, token, found.entry) if token else None
        related = self._app.related_papers.related(
            session, found.entry.id, self._deps.now(), count=RELATED
        )
        context = {**self._told(found), "related": related, "votes": votes}
        return page(self._deps, "paper.html", context, private=votes is not None)

    def _bibtex(self, _session: Session, _request: Request, found: PaperPage) -> Response:
        headers = page_headers() | {"Content-Disposition": "attachment; filename=paper.bib"}
        return PlainTextResponse(
            self._record(found.entry), media_type="application/x-bibtex", headers=headers
        )

    def _record(self, entry: Entry) -> str:
        return bibtex(entry, f"{self._deps.base_url}{paper_path(entry.key)}")

    def _told(self, found: PaperPage) -> dict[str, Any]:
        """What the template says of the paper."""
        entry = found.entry
        tldr = summary_of(entry, _TLDR)
        names = [name for name in map(clean, entry.authors) if name]
        return {
            "here": "",
            "asked": "",
            "paper": found,
            "entry": entry,
            "title": shown_title(entry.title),
            "authors": names[:_LINKED_AUTHORS],
            "other_authors": names[_LINKED_AUTHORS : _LINKED_AUTHORS + _NAMED_AUTHORS],
            "more_authors": max(0, len(names) - _LINKED_AUTHORS - _NAMED_AUTHORS),
            "links": links_of(entry),
            "tldr": tldr if tldr.text and tldr.text != entry.abstract.strip() else None,
            "parts": [
                (title, found.parts[name]) for name, title in _parts() if name in found.parts
            ],
            "curves": list(_curves(found, self._deps)),
            "bibtex": self._record(entry),
            "by_mail": carrying(_by_mail(entry)),
            "base_url": self._deps.base_url,
            "path": paper_path(entry.key),
            "citation": metadata.citation(found, self._deps.base_url),
            "open_graph": metadata.open_graph(found, self._deps.base_url, self._deps.site),
            "linked_data": metadata.linked_data(found, self._deps.base_url),
            "description": metadata.description(found),
        }


def _whole(key: str) -> str:
    # Some proxies make one slash of two.
    return key if "://" in key else key.replace("url:https:/", "url:https://", 1)


def _by_mail(entry: Entry) -> str:
    """The form for papers like this one: itself as an example, or its title where none knows its key."""
    if can_be_a_wish(entry.key):
        return seed_path(entry.key)
    # Commas and quotation marks mean something among wishes.
    return subscribe_path(clip(" ".join(re.findall(r"[^\s,;\"“”]+", entry.title)), LONGEST_WISH))


def _parts() -> list[tuple[str, str]]:
    return [
        ("overview", _("Overview")),
        ("plain_english", _("Plain English")),
        ("technical", _("Technical")),
        ("critical_analysis", _("Critical analysis")),
        ("conclusion", _("Conclusion")),
    ]


def _curves(found: PaperPage, deps: WebDeps) -> Iterator[Curve]:
    names = {
        "votes": _("Upvotes"),
        "comments": _("Comments"),
        "hn-points": _("Points on Hacker News"),
        "stars": _("GitHub stars"),
    }
    for kind, name in names.items():
        if drawn := curve(name, found.attention.get(kind, ()), deps.now()):
            yield drawn
