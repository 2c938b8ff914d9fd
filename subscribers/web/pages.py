"""From a handler's answer to a response: its headers, dead links, work off the event loop."""

from __future__ import annotations

from asyncio import sleep
from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter
from typing import Any

from sqlalchemy.orm import Session
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from subscribers.consent import Origin, State
from subscribers.errors import ExpiredTokenError, TokenError
from subscribers.language import gettext as _
from subscribers.preferences import locked
from subscribers.tables import Subscriber
from subscribers.tokens import Link, Purpose
from subscribers.web.body import BodyMalformedError, BodyTooLargeError, read_form
from subscribers.web.deps import WebDeps
from subscribers.web.speech import language_headers, speak_as_sent, speak_for

_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)

SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": _CSP,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_OUTLIVE = frozenset({Purpose.UNSUBSCRIBE, Purpose.UNDO})

Getting = Callable[[Request], Response]
Posting = Callable[[Request, FormData], Response]


def page_headers(*, script: bool = False, private: bool = False) -> dict[str, str]:
    """The headers of a page. `script`: it may load our own script files; `private`: it is one
    person's, so nobody keeps or indexes it.
    """
    headers = {**SECURITY_HEADERS, **language_headers()}
    headers["Cache-Control"] = "no-store" if private else "no-cache"
    if script:
        own = "script-src 'self'; connect-src 'self'; worker-src 'self'"
        headers["Content-Security-Policy"] = f"{_CSP}; {own}"
    if private:
        headers["X-Robots-Tag"] = "noindex, nofollow"
    return headers


def page(
    deps: WebDeps,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    script: bool = False,
    private: bool = True,
    background: BackgroundTask | None = None,
) -> Response:
    """A rendered template of `templates/web` as a response."""
    return HTMLResponse(
        deps.render(f"web/{template}", {**deps.common(), **(context or {})}),
        status_code=status,
        headers=page_headers(script=script, private=private),
        background=background,
    )


def message_page(
    deps: WebDeps, title: str, text: str, *, status: int, search: str = ""
) -> Response:
    """A page that says one thing, and leads to the sign-up form, or to the address of a `search`."""
    context = {"title": title, "text": text, "search": search}
    return page(deps, "message.html", context, status=status)


def quiet(deps: WebDeps, handler: Getting) -> Getting:
    """An endpoint that needs no form. Plain `def`: Starlette runs it in a thread."""

    def endpoint(request: Request) -> Response:
        try:
            return handler(request)
        except TokenError as error:
            return _dead_link(deps, request, error)

    return endpoint


def posting(
    deps: WebDeps, handler: Posting, *, even: bool = False
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint whose handler, run in a thread, gets the form that was sent.

    `even`: its answer takes `deps.even_seconds`, whatever was found.
    """

    def handle(request: Request, form: FormData) -> Response:
        speak_as_sent(form)
        try:
            return handler(request, form)
        except TokenError as error:
            return _dead_link(deps, request, error)

    async def endpoint(request: Request) -> Response:
        try:
            form = await read_form(request)
        except BodyTooLargeError:
            title = _("That was too much")
            text = _("The form came with more text than we can take.")
            return await run_in_threadpool(message_page, deps, title, text, status=413)
        except BodyMalformedError:
            title = _("That did not arrive whole")
            text = _("Please go back and send the form again.")
            return await run_in_threadpool(message_page, deps, title, text, status=400)
        answering = run_in_threadpool(handle, request, form)
        return await (evenly(deps, answering) if even else answering)

    return endpoint


async def evenly(deps: WebDeps, answering: Awaitable[Response]) -> Response:
    """An answer, no earlier than `deps.even_seconds` from now: its time tells no stranger anything."""
    began = perf_counter()
    response = await answering
    await sleep(max(0.0, began + deps.even_seconds - perf_counter()))
    return response


def owner(
    deps: WebDeps, session: Session, request: Request, purpose: Purpose, *, lock: bool
) -> Subscriber:
    """Whose link was opened. Raises TokenError if it is not, or no longer, theirs.

    `lock` holds the row for writing. A link to unsubscribe or to undo a move outlives the revocation
    of a person's links: the way out that a mail once offered stays open.
    """
    link = link_of(deps, request, purpose)
    found = locked if lock else _plain_get
    subscriber = found(session, link.subscriber_id)
    if subscriber is None:
        raise TokenError
    if purpose not in _OUTLIVE and link.links_version != subscriber.links_version:
        raise TokenError
    speak_for(subscriber)
    return subscriber


def link_of(deps: WebDeps, request: Request, purpose: Purpose) -> Link:
    """What the link that was opened says, whoever it is for. Raises TokenError."""
    return deps.signer.read(request.path_params["token"], purpose, now=deps.now())


def origin_of(request: Request) -> Origin:
    """From where a request came, for the record of consent."""
    agent = "".join(c for c in request.headers.get("user-agent", "") if c.isprintable())[:300]
    return Origin(request.client.host[:64] if request.client else None, agent or None)


def whose(session: Session, link: Link) -> Subscriber:
    """Whose link it is, however old. Raises TokenError unless it is still one of theirs."""
    subscriber = session.get(Subscriber, link.subscriber_id)
    if (
        subscriber is None
        or subscriber.links_version != link.links_version
        or subscriber.state == State.UNSUBSCRIBED
    ):
        raise TokenError
    return subscriber


def masked(email: str) -> str:
    """An address as its owner knows it and nobody else: `a…@e….org`."""
    local, _, domain = email.rpartition("@")
    name, dot, rest = domain.rpartition(".")
    return f"{local[:1]}…@{name[:1]}…{dot}{rest}" if name else f"{local[:1]}…@{domain[:1]}…"


def _plain_get(session: Session, subscriber_id: int) -> Subscriber | None:
    return session.get(Subscriber, subscriber_id)


def _dead_link(deps: WebDeps, request: Request, error: TokenError) -> Response:
    if isinstance(error, ExpiredTokenError) and error.purpose is Purpose.PREFERENCES:
        try:
            with deps.readers() as session:
                email = masked(whose(session, error.link).email)
        except TokenError:
            pass
        else:
            context = {"email": email, "token": request.path_params["token"]}
            return page(deps, "expired.html", context, status=410)
    return page(deps, "dead_link.html", status=404)
