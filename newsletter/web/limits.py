"""Rate limits of what is public, by network: a clear 429 for crawlers in a hurry, and nothing for others.

Each process counts by itself. What people reach by their own signed links is not limited here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from newsletter.web.buckets import Buckets
from subscribers.limits import network_of

_PUBLIC = re.compile(
    r"/(|daily|weekly|monthly|papers|authors|organisations|categories|search|feeds|api|sitemap\w*\.xml|"
    r"sitemaps|embed|subscribe)(/.*)?",
    re.DOTALL,
)
_SEARCHES = re.compile(
    r"/(search|feeds/search\.\w+|api/v1/entries(/.*/related)?|subscribe(/preview)?)", re.DOTALL
)

Refuse = Callable[[Scope, int], Response]
"""The answer to a request that came too soon: it may be tried again after so many seconds."""


class Limits:
    """ASGI middleware. Public pages: 10 a second and 300 at once; searches, previews and sign-ups:
    2 a second and 60 at once.
    """

    def __init__(self, app: ASGIApp, *, now: Callable[[], datetime], refuse: Refuse) -> None:
        self._app = app
        self._now = now
        self._refuse = refuse
        self._pages = Buckets(rate=10, burst=300)
        self._searches = Buckets(rate=2, burst=60)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may be asked now."""
        wait = self._wait(scope) if scope["type"] == "http" else 0.0
        if not wait:
            await self._app(scope, receive, send)
            return
        seconds = math.ceil(wait)
        response = self._refuse(scope, seconds)
        response.headers["Retry-After"] = str(seconds)
        await response(scope, receive, send)

    def _wait(self, scope: Scope) -> float:
        # The routes' regular expressions overlook a line break at the end, so nothing may hang on it.
        path = scope["path"].removesuffix("\n")
        # Uvicorn has put the client's address there that a trusted proxy told.
        network = network_of(scope["client"][0]) if scope.get("client") else None
        if network is None or not _PUBLIC.fullmatch(path):
            return 0.0
        now = self._now()
        searches = self._searches.wait(network, now) if _SEARCHES.fullmatch(path) else 0.0
        return searches or self._pages.wait(network, now)
