"""One thing that is to be said, as a page or, where programs ask, as a problem."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import Scope

from newsletter.web.problems import problem
from subscribers.language import gettext as _
from subscribers.language import ngettext
from subscribers.web.deps import WebDeps
from subscribers.web.pages import message_page

_PROGRAMS_ASK = ("/api/", "/feeds/")


def told(deps: WebDeps, path: str, status: int, title: str, text: str) -> Response:
    """The answer of an address."""
    if path.startswith(_PROGRAMS_ASK):
        return problem(status, text)
    return message_page(deps, title, text, status=status)


def refused(deps: WebDeps, scope: Scope, seconds: int) -> Response:
    """The answer to whom `Limits` asks to wait."""
    text = ngettext(
        "Too many requests came from your network just now. Please wait a second.",
        "Too many requests came from your network just now. Please wait {count} seconds.",
        seconds,
    )
    title = _("Please wait a moment")
    return told(deps, scope["path"], 429, title, text.format(count=seconds))
