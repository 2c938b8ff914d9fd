"""The whole site as one Starlette application."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from newsletter import clock
from newsletter.app import App
from newsletter.errors import NewsletterError
from newsletter.render.plain import clean, clip, web_url
from newsletter.stages.commonness import Commonness
from newsletter.stages.library import PaperLibrary
from newsletter.store.engine import reading
from newsletter.store.notices import queue_notice
from newsletter.store.reading import entries_by_id
from newsletter.web import filters
from newsletter.web.days import DayPages
from newsletter.web.digests import DigestPages
from newsletter.web.finding import SearchPages
from newsletter.web.health import Health
from newsletter.web.hooks import hook_routes
from newsletter.web.mailbox import Mailbox
from newsletter.web.names import NamePages
from newsletter.web.papers import PaperPages
from subscribers.language import gettext as _
from subscribers.language import speaking
from subscribers.web.deps import WebDeps
from subscribers.web.pages import message_page
from subscribers.web.routes import routes
from subscribers.web.speech import Speaking, language_of

_TITLE_LENGTH = 300


def create(app: App, *, mailbox: Path | None = None) -> Starlette:
    """The site. `mailbox`: a folder of .eml files to show at /mailbox; only ever for the demo."""
    deps = _deps(app, "/mailbox" if mailbox is not None else None)
    paths = [
        *routes(deps),
        *DigestPages(app, deps).routes(),
        *DayPages(app, deps).routes(),
        *PaperPages(app, deps).routes(),
        *NamePages(app, deps).routes(),
        *SearchPages(app, deps).routes(),
        *hook_routes(app),
        *Health(app).routes(),
    ]
    if mailbox is not None:
        paths.extend(Mailbox(mailbox, deps).routes())
    return Starlette(
        routes=paths,
        middleware=[Middleware(Speaking)],
        exception_handlers={
            HTTPException: lambda __, error: _http_error(deps, error),
            Exception: lambda request, __: _broken(deps, request),
        },
    )


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
    )


def _describe(session: Session, entry_id: int) -> tuple[str, str, str] | None:
    entry = entries_by_id(session, [entry_id]).get(entry_id)
    if entry is None:
        return None
    return entry.key, clip(clean(entry.title), _TITLE_LENGTH) or _("Untitled"), web_url(entry.url)


class _Flusher:
    """Sends queued notices, one run at a time, however many requests ask for it at once."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._asked = threading.Event()
        self._running = threading.Lock()

    def flush(self) -> None:
        """Send what is queued by now, or leave it to the run that is under way."""
        self._asked.set()
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
        return message_page(deps, title, text, status=500)


def _http_error(deps: WebDeps, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title, text = {
        404: (
            _("There is no such page"),
            _("The address may be mistyped, or the page has moved."),
        ),
        405: (_("That is not done here"), _("This page cannot be used in that way.")),
    }.get(error.status_code, (_("That did not work"), error.detail))
    response = message_page(deps, title, text, status=error.status_code)
    response.headers.update(error.headers or {})
    return response
