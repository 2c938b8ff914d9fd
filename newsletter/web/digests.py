"""A digest in the browser: what its mail says, by the signed link at its foot, with all its papers.

Such a link is passed on and stays in histories, so the page has none of the links that act for its reader.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from newsletter.app import App
from newsletter.model import DeliveryState
from newsletter.render import MailRenderer, Reader
from newsletter.stages.letters import DigestLetters
from newsletter.store.engine import reading
from newsletter.store.tables import Delivery
from subscribers.errors import TokenError
from subscribers.tokens import Purpose
from subscribers.web.deps import WebDeps
from subscribers.web.pages import link_of, owner, page_headers, quiet

# A mail's styles stand in itself; it loads nothing and runs nothing.
_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "frame-ancestors 'none'; base-uri 'none'"
)


class DigestPages:
    """The handler for `/digest/TOKEN`."""

    def __init__(self, app: App, deps: WebDeps) -> None:
        self._app = app
        self._deps = deps

    def routes(self) -> list[Route]:
        """The one address."""
        return [Route("/digest/{token}", quiet(self._deps, self.show), methods=["GET"])]

    def show(self, request: Request) -> Response:
        """The digest as it was sent, with what it had no room for. Changes nothing."""
        link = link_of(self._deps, request, Purpose.DIGEST)
        with reading(self._app.sessions)() as session:
            owner(self._deps, session, request, Purpose.DIGEST, lock=False)
            row = session.get(Delivery, link.about)
            if (
                row is None
                or row.subscriber_id != link.subscriber_id
                or row.state == DeliveryState.SKIPPED
            ):
                raise TokenError
            letters = DigestLetters(self._renderer, self._app.links)
            ((_, letter),) = letters.letters(session, [row.id])
            anybodys = replace(letter, reader=self._anybody, votes={})
            seen = self._renderer.digest_preview(anybodys, whole=True)
        headers = page_headers(private=True)
        headers["Content-Security-Policy"] = _CSP
        return HTMLResponse(seen.html, headers=headers)

    @property
    def _anybody(self) -> Reader:
        # Whoever types the reader's address there does not get a link: its mailbox does.
        return Reader(preferences_url=f"{self._app.links.base_url}/preferences")

    @cached_property
    def _renderer(self) -> MailRenderer:
        return self._app.renderer()
