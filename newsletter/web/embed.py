"""`/embed`: a small sign-up form that any site may show in a frame."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subscribers.web.deps import WebDeps
from subscribers.web.forms import form_context
from subscribers.web.pages import page, quiet


class Embed:
    """The handler. The form's answer opens in a window of its own: no page but this one may be framed."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """The one address."""
        return [Route("/embed", quiet(self._deps, self.show), methods=["GET"])]

    def show(self, _request: Request) -> Response:
        """The form."""
        response = page(self._deps, "embed.html", form_context(), private=False)
        policy = response.headers["Content-Security-Policy"]
        response.headers["Content-Security-Policy"] = policy.replace(
            "frame-ancestors 'none'", "frame-ancestors *"
        )
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        response.headers["Cache-Control"] = "public, max-age=300"
        del response.headers["X-Frame-Options"]
        del response.headers["Cross-Origin-Opener-Policy"]
        return response
