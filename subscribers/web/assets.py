"""The stylesheet, made once from the theme, and the one small script."""

from __future__ import annotations

import gzip
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
        self._packed = gzip.compress(self._body, mtime=0)
        digest = hashlib.sha256(self._body).hexdigest()[:20]
        self._headers = {
            **SECURITY_HEADERS,
            "Cache-Control": _KEEP,
            "ETag": f'"{digest}"',
            "Vary": "Accept-Encoding",
        }
        # The same for everybody and without secrets, so that packing it gives nothing away.
        self._packed_headers = self._headers | {
            "ETag": f'"{digest}-gzip"',
            "Content-Encoding": "gzip",
        }
        self._media_type = media_type

    def serve(self, request: Request) -> Response:
        """The file, packed if that is understood, or 304 to whoever has it."""
        packs = "gzip" in request.headers.get("accept-encoding", "")
        headers = self._packed_headers if packs else self._headers
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        body = self._packed if packs else self._body
        return Response(body, media_type=self._media_type, headers=headers)
