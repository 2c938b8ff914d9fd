"""The whole site as one Starlette application."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from newsletter import clock
from newsletter.app import App
from newsletter.errors import NewsletterError
from newsletter.render.cards import shown_title
from newsletter.render.plain import web_url
from newsletter.stages.commonness import Commonness
from newsletter.stages.finding import Finder
from newsletter.stages.library import PaperLibrary
from newsletter.store.engine import reading
from newsletter.store.notices import queue_notice
from newsletter.store.reading import entries_by_id
from newsletter.web import filters
from newsletter.web.api import Api
from newsletter.web.caching import Caching
from newsletter.web.crawling import Crawling
from newsletter.web.days import DayPages
from newsletter.web.digests import DigestPages
from newsletter.web.embed import Embed
from newsletter.web.feeds import Feeds
from newsletter.web.finding import SearchPages
from newsletter.web.health import Health
from newsletter.web.hooks import hook_routes
from newsletter.web.limits import Limits
from newsletter.web.mailbox import Mailbox
from newsletter.web.names import NamePages
from newsletter.web.papers import PaperPages
from newsletter.web.saying import refused, told
from newsletter.web.subscriptions import Subscriptions
from subscribers.guard import FormGuard
from subscribers.language import gettext as _
from subscribers.language import speaking
from subscribers.web.deps import WebDeps
from subscribers.web.pages import page_headers
from subscribers.web.routes import routes
from subscribers.web.speech import Speaking, language_of

_EVEN_SECONDS = 0.25
"""More than taking in any request costs, unless the machine is overloaded."""


def create(app: App, *, mailbox: Path | None = None) -> Starlette:
    """The site. `mailbox`: a folder of .eml files to show at /mailbox; only ever for the demo."""
    deps = _deps(app, "/mailbox" if mailbox is not None else None)
    caching = Caching(app.settings)
    paths = [
        *routes(deps),
        *DigestPages(app, deps).routes(),
        *DayPages(app, deps, caching).routes(),
        *PaperPages(app, deps, caching).routes(),
        *NamePages(app, deps, caching).routes(),
        *SearchPages(app, deps, caching).routes(),
        *Api(app, deps, caching).routes(),
        *Subscriptions(deps).routes(),
        *Feeds(app, deps, caching).routes(),
        *Crawling(app, deps, caching).routes(),
        *Embed(deps).routes(),
        *hook_routes(app),
        *Health(app).routes(),
    ]
    if mailbox is not None:
        paths.extend(Mailbox(mailbox, deps).routes())
    site = Starlette(
        routes=paths,
        middleware=[
            Middleware(Speaking),
            Middleware(Limits, now=deps.now, refuse=partial(refused, deps)),
        ],
        exception_handlers={
            HTTPException: lambda request, error: _http_error(deps, request, error),
            Exception: lambda request, __: _broken(deps, request),
        },
    )
    site.router.redirect_slashes = (
        False  # to whatever host and scheme a request names; see _trimmed
    )
    return site


def _deps(app: App, mailbox: str | None) -> WebDeps:
    filters.install(app.templates.html)

    def render(name: str, context: dict[str, Any]) -> str:
        environment = app.templates.html if name.endswith(".html") else app.templates.text
        return environment.get_template(name).render(mailbox=mailbox, **context)

    commonness = Commonness(reading(app.sessions), clock.now)
    return WebDeps(
        sessions=app.sessions,
        readers=reading(app.sessions),
        signer=app.signer,
        render=render,
        send_notice=queue_notice,
        describe_entry=_describe,
        flush=_Flusher(app).flush,
        now=clock.now,
        base_url=app.settings.base_url,
        site=app.settings.site_name,
        contact=app.settings.contact or "",
        too_common=commonness.too_common,
        library=PaperLibrary(commonness.share_of, clock.now),
        preview=app.tasting.taste,
        find_papers=Finder(app.sessions).find,
        guard=FormGuard(app.settings.secret_key),
        even_seconds=_EVEN_SECONDS,
    )


def _describe(session: Session, entry_id: int) -> tuple[str, str, str] | None:
    entry = entries_by_id(session, [entry_id]).get(entry_id)
    if entry is None:
        return None
    return entry.key, shown_title(entry.title), web_url(entry.url)


class _Flusher:
    """Sends queued notices, one run at a time, however many requests ask for it at once."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._asked = threading.Event()
        self._running = threading.Lock()

    def flush(self) -> None:
        """Send what is queued by now, in a thread of its own: who shares a connection with the request
        that asked for it would else learn from the wait whether a mail went out.
        """
        self._asked.set()
        threading.Thread(target=self._send, name="notices", daemon=True).start()

    def _send(self) -> None:
        while self._asked.is_set() and self._running.acquire(blocking=False):
            try:
                self._asked.clear()
                self._app.notices().run()
            except NewsletterError:
                pass  # a relay that is down leaves the mail in the ledger; the next tick tries again
            finally:
                self._running.release()


def _broken(deps: WebDeps, request: Request) -> Response:
    # This answer is made outside of all middleware.
    with speaking(language_of(request.scope)):
        title, text = _("Something went wrong"), _("Please try again in a moment.")
        return told(deps, request.url.path, 500, title, text)


def _http_error(deps: WebDeps, request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404 and request.scope["path"].endswith("/"):
        return _trimmed(deps, request)
    title, text = {
        404: (
            _("There is no such page"),
            _("The address may be mistyped, or the page has moved."),
        ),
        405: (_("That is not done here"), _("This page cannot be used in that way.")),
    }.get(error.status_code, (_("That did not work"), error.detail))
    response = told(deps, request.url.path, error.status_code, title, text)
    response.headers.update(error.headers or {})
    return response


def _trimmed(deps: WebDeps, request: Request) -> Response:
    """To the same address without slashes at its end, on this site whatever the path holds."""
    path = quote(request.scope["path"].strip("/"), safe="/:@")
    query = f"?{sent}" if (sent := request.scope["query_string"].decode("latin-1")) else ""
    return RedirectResponse(f"{deps.root}/{path}{query}", headers=page_headers(private=True))
