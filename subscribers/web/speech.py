"""The language of an answer: chosen by `?lang=de` or a form's field, else that of the person whose link
was opened, else what the browser asks for.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import FormData, Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from subscribers.language import languages, name_of, speak, speaking, spoken, tag, wanted
from subscribers.tables import Subscriber

PARAMETER = "lang"
FIELD = "language"
_LONGEST_QUERY = 2000


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a request said: the language it chose, if it did, and the rest of its query."""

    chosen: str = ""
    rest: tuple[tuple[str, str], ...] = ()


_NOTHING = _Asked()
_asked: ContextVar[_Asked] = ContextVar("asked", default=_NOTHING)


class Speaking:
    """ASGI middleware: whatever answers a request speaks its language, in its threads, too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers in the request's language."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = _read(scope)
        token = _asked.set(asked)
        try:
            with speaking(asked.chosen or _preferred(scope)):
                await self._app(scope, receive, send)
        finally:
            _asked.reset(token)


def speak_for(subscriber: Subscriber) -> None:
    """From here on the request is answered in the language that a person has set, unless it chose one."""
    if not _asked.get().chosen:
        speak(subscriber.language)


def speak_as_sent(form: FormData) -> None:
    """From here on the request is answered in the language that its form has a field for, if any."""
    sent = form.get(FIELD)
    if isinstance(sent, str) and sent in languages():
        _asked.set(_Asked(sent, _asked.get().rest))
        speak(sent)


def switches() -> list[dict[str, Any]]:
    """A link to the same page for each language: `code`, `tag`, `name`, `query`, and whether it is
    `spoken` now.
    """
    rest = _asked.get().rest
    return [
        {
            "code": code,
            "tag": tag(code),
            "name": name_of(code),
            "query": f"?{urlencode([*rest, (PARAMETER, code)])}",
            "spoken": code == spoken(),
        }
        for code in languages()
    ]


def carried() -> str:
    """What links to other public pages end in, so that a language chosen there stays chosen."""
    return carrying("")


def carrying(address: str) -> str:
    """The address of another public page, with the language that was chosen here."""
    chosen = _asked.get().chosen
    if not chosen:
        return address
    return f"{address}{'&' if '?' in address else '?'}{urlencode({PARAMETER: chosen})}"


def language_headers() -> dict[str, str]:
    """The headers of an answer in the language being spoken (RFC 9110, sections 8.5 and 12.5.5)."""
    return {"Content-Language": tag(spoken()), "Vary": "Accept-Language"}


def language_of(scope: Scope) -> str:
    """The language that a request asks for, where nobody is known."""
    return _read(scope).chosen or _preferred(scope)


def _preferred(scope: Scope) -> str:
    return wanted(Headers(scope=scope).get("accept-language", ""))


def _read(scope: Scope) -> _Asked:
    query = scope.get("query_string", b"")
    if not query or len(query) > _LONGEST_QUERY:
        return _NOTHING
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    chosen = next((value for name, value in pairs if name == PARAMETER), "")
    rest = tuple((name, value) for name, value in pairs if name != PARAMETER)
    return _Asked(chosen if chosen in languages() else "", rest)
