"""A paper's page, by any key that it is known by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from newsletter.app import App
from newsletter.collect.keys import arxiv_id
from newsletter.model import Entry, Summary
from newsletter.render import origin, wording
from newsletter.render.addresses import paper_path
from newsletter.render.cards import links_of, shown_title
from newsletter.render.plain import clean
from newsletter.stages.related import Related
from newsletter.store import attention, reading, signals
from newsletter.store.engine import reading as read_only
from newsletter.store.tables import Entry as EntryRow
from newsletter.summarise.choose import summary_of
from subscribers.language import gettext as _
from subscribers.web.deps import WebDeps
from subscribers.web.pages import message_page, page, page_headers, quiet

RELATED = 8
_LONGEST_KEY = 400
_TLDR = 420


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What the page tells of a paper. `tldr`: None where the abstract is all there is to say."""

    entry: Entry
    title: str
    facts: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    tldr: Summary | None
    credit: str
    stars: int
    version: int | None
    comment: str
    withdrawn_at: datetime | None
    related: tuple[Related, ...]


class PaperPages:
    """The handler for `/papers/KEY`."""

    def __init__(self, app: App, deps: WebDeps) -> None:
        self._app = app
        self._deps = deps
        self._sessions = read_only(app.sessions)

    def routes(self) -> list[Route]:
        """The one address."""
        return [Route("/papers/{key:path}", quiet(self._deps, self.show), methods=["GET"])]

    def show(self, request: Request) -> Response:
        """The paper; by another of its names, a permanent redirect. Changes nothing."""
        with self._sessions() as session:
            named = _whole(request.path_params["key"])
            entry_id = find(session, named)
            if entry_id is None:
                return self._unknown()
            paper = self._paper(session, entry_id)
        if named != paper.entry.key:
            headers = page_headers()
            address = f"{self._deps.root}{paper_path(paper.entry.key)}"
            return RedirectResponse(address, status_code=301, headers=headers)
        context = {"paper": paper, "base_url": self._deps.base_url}
        return page(self._deps, "paper.html", context, private=False)

    def _unknown(self) -> Response:
        return message_page(
            self._deps,
            _("We do not know this paper"),
            _("It has not come by here, or its address is mistyped."),
            status=404,
        )

    def _paper(self, session: Session, entry_id: int) -> Paper:
        now = self._deps.now()
        entry = attention.entries_as_of(session, [entry_id], now)[entry_id]
        row = session.get_one(EntryRow, entry_id)
        stars = signals.latest(session, [entry_id], "stars").get((entry_id, "stars"))
        tldr = summary_of(entry, _TLDR)
        return Paper(
            entry=entry,
            title=shown_title(entry.title),
            facts=tuple(fact for fact in origin.facts(entry, few=False) if fact),
            links=tuple(links_of(entry)),
            tldr=tldr if tldr.text and tldr.text != entry.abstract.strip() else None,
            credit=wording.summary_credit(tldr),
            stars=stars[1] if stars else 0,
            version=row.version,
            comment=clean(row.comment or ""),
            withdrawn_at=row.withdrawn_at,
            related=self._app.related_papers.related(session, entry_id, now, count=RELATED),
        )


def find(session: Session, named: str) -> int | None:
    """The id of the paper that goes by this name: any of its keys, or its bare arXiv number, with or
    without a version.
    """
    if len(named) > _LONGEST_KEY or not named.isprintable():
        return None
    asked = [named]
    if number := arxiv_id(named):
        asked.append(f"arxiv:{number[0]}")
    known = reading.ids_by_key(session, asked)
    return next((known[key] for key in asked if key in known), None)


def _whole(key: str) -> str:
    # Some proxies make one slash of two.
    return key if "://" in key else key.replace("url:https:/", "url:https://", 1)
