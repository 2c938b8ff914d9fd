"""The stylesheet, made once from the theme, and the one small script."""

from __future__ import annotations

import hashlib
import re

from starlette.requests import Request
from starlette.responses import Response

from subscribers.web.deps import WebDeps
from subscribers.web.pages import SECURITY_HEADERS

_COMMENTS = re.compile(r"/\*.*?\*/", re.DOTALL)
_BLANKS = re.compile(r"([{};,:])\s+|\s*(?=[{}])")
_KEEP = "public, max-age=3600"


class Asset:
    """A file that is rendered at start-up and served with its hash as ETag."""

    def __init__(self, deps: WebDeps, template: str, media_type: str) -> None:
        text = deps.render(f"web/{template}", deps.common())
        if media_type == "text/css":  # what only its writers read is not sent
            text = _BLANKS.sub(r"\1", _COMMENTS.sub("", text))
        self._body = text.encode()
        self._headers = {
            **SECURITY_HEADERS,
            "Cache-Control": _KEEP,
            "ETag": f'"{hashlib.sha256(self._body).hexdigest()[:20]}"',
        }
        self._media_type = media_type

    def serve(self, request: Request) -> Response:
        """The file, or 304 to whoever has it."""
        if request.headers.get("if-none-match") == self._headers["ETag"]:
            return Response(status_code=304, headers=self._headers)
        return Response(self._body, media_type=self._media_type, headers=self._headers)
