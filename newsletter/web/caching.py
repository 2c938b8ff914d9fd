"""ETag and Cache-Control of what is public, in one place: who has it already is told so before any work.

    def show(self, request: Request) -> Response:
        with self._sessions() as session:
            version = self._app.browser.version(session, now, until=day)      # one cheap statement
            return self._caching.answer(request, version, lambda: self._page(session, day))

`make` is called only where nobody has the answer: neither the caller nor we, who keep the latest 32 MB.
What it returns must depend on nothing but the address, the language, the settings, this code and `version`:
never on a cookie, a token or who asks. Statuses other than 200 are passed on as they are, without an ETag.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from pathlib import Path
from threading import Lock

from starlette.requests import Request
from starlette.responses import Response

from newsletter.render.templates import project_templates
from newsletter.settings import Settings
from subscribers.language import spoken

LISTS = 60
"""Seconds for which nobody need ask again for a list of papers."""

PAPER = 300
"""The same for what is about one paper."""

_KEPT = 32_000_000  # octets of all answers, and of one
_LARGEST_KEPT = 100_000
_OVERHEAD = 4_000  # octets of an answer's headers, and of all that holds it

_CODE = (".py", ".html", ".txt", ".xml", ".css", ".js", ".po", ".toml")


class Caching:
    """One a site."""

    def __init__(self, settings: Settings) -> None:
        # Another name of the site or other templates make other pages of the same papers.
        told = (settings.site_name, settings.base_url, settings.contact)
        folders = [Path(settings.templates)] if settings.templates else []
        self._kept: OrderedDict[str, Response] = OrderedDict()
        self._octets = 0
        self._turns: dict[str, Lock] = {}
        self._lock = Lock()
        self._site = repr((told, release(), [_contents(folder) for folder in folders]))

    def answer(
        self,
        request: Request,
        version: str,
        make: Callable[[], Response],
        *,
        seconds: int = LISTS,
    ) -> Response:
        """What `make` makes, to be kept by anybody for `seconds`; 304 for who has it (RFC 9110, 13.1.2)."""
        tag = self._tag(request, version)
        headers = {"ETag": tag, "Cache-Control": f"public, max-age={seconds}"}
        if _has(request, tag):
            return Response(status_code=304, headers=headers | {"Vary": "Accept-Language"})
        if kept := self._kept.get(tag):
            return _copy(kept)
        with self._lock:
            turn = self._turns.setdefault(tag, Lock())
        # When something was written, many ask for the same at once: one makes it, the others wait.
        with turn:
            if kept := self._kept.get(tag):
                return _copy(kept)
            try:
                response = make()
                if response.status_code == 200:
                    response.headers.update(headers)
                    response.headers.add_vary_header("Accept-Language")
                    self._keep(tag, response)
            finally:
                with self._lock:
                    self._turns.pop(tag, None)
        return response

    def _keep(self, tag: str, response: Response) -> None:
        if len(response.body) > _LARGEST_KEPT or response.background is not None:
            return
        with self._lock:
            if tag not in self._kept:
                self._octets += _size(response)
            self._kept[tag] = _copy(response)
            while self._octets > _KEPT:
                self._octets -= _size(self._kept.popitem(last=False)[1])

    def _tag(self, request: Request, version: str) -> str:
        # As it came: `request.url` is put together with the Host header, in which anything may stand.
        asked = (request.scope["path"], request.scope["query_string"])
        parts = (self._site, *asked, spoken(), version)
        # Weak: a proxy may compress what we send.
        return f'W/"{hashlib.sha256(repr(parts).encode()).hexdigest()[:24]}"'


@cache
def release() -> str:
    """Names this code: other templates, other words or other rules are another release."""
    here = Path(__file__).parents[1]
    return repr(
        [_contents(each) for each in (here, here.parent / "subscribers", project_templates())]
    )


def _contents(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in _CODE and path.is_file():
            found.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return found.hexdigest()


def _size(kept: Response) -> int:
    # Of small answers that differ by their query alone, headers and objects are what fills the memory.
    return len(kept.body) + _OVERHEAD


def _copy(kept: Response) -> Response:
    # Whatever stands between us and the caller may add headers to its own.
    copy = Response(kept.body, kept.status_code)
    copy.raw_headers = list(kept.raw_headers)
    return copy


def _has(request: Request, tag: str) -> bool:
    told = request.headers.get("if-none-match", "")
    known = {each.strip().removeprefix("W/") for each in told.split(",")}
    return "*" in known or tag.removeprefix("W/") in known
