"""`/hooks/...`: what mail providers post, for each whose secret is set; nothing unverified is believed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from newsletter import clock
from newsletter.app import App
from newsletter.collect.http import Http, Limits
from newsletter.errors import NewsletterError
from newsletter.receive.hooks import mailgun, postmark, sendgrid
from newsletter.receive.hooks.event import Event, HookRefusedError
from newsletter.receive.hooks.ses import SnsReader
from newsletter.stages.arriving import from_event
from subscribers.web.body import BodyTooLargeError, capped

log = structlog.get_logger()

LARGEST = 2 * 1024 * 1024
"""Octets of a request; SendGrid bundles events up to 768 KiB, SNS up to 256 KiB."""

Read = Callable[[bytes, Mapping[str, str]], list[Event]]


def hook_routes(app: App) -> list[Route]:
    """An address for each provider that the settings name."""
    return [
        Route(f"/hooks/{name}", _handler(app, name, read), methods=["POST"])
        for name, read in _readers(app).items()
    ]


def _readers(app: App) -> dict[str, Read]:
    wanted = app.settings
    found: dict[str, Read] = {}
    if wanted.ses_topics:
        sns = SnsReader(wanted.ses_topics, lambda url: _fetch(app, url))
        found["ses"] = lambda body, _: sns.read(body, clock.now())
    if key := wanted.mailgun_key:
        found["mailgun"] = lambda body, _: mailgun.read(body, key, clock.now())
    if login := wanted.postmark_login:
        found["postmark"] = lambda body, headers: postmark.read(
            body, headers.get("authorization", ""), login
        )
    if public := wanted.sendgrid_key:
        found["sendgrid"] = lambda body, headers: sendgrid.read(
            body,
            headers.get("x-twilio-email-event-webhook-signature", ""),
            headers.get("x-twilio-email-event-webhook-timestamp", ""),
            public,
        )
    return found


def _fetch(app: App, url: str) -> bytes:
    limits = Limits(connect=5, read=5, deadline=10, patience=10, attempts=1, redirects=0)
    with Http(contact=app.settings.operator, limits=limits) as http:
        return http.get(url, conditional=False).body


def _handler(app: App, name: str, read: Read) -> Callable[[Request], object]:
    async def handle(request: Request) -> Response:
        try:
            body = await capped(request, LARGEST)
        except BodyTooLargeError:
            return _refused("too large", 413)
        try:
            taken = await run_in_threadpool(_take, app, name, read, body, request.headers)
        except HookRefusedError as error:
            log.warning("hook.refused", provider=name, reason=str(error))
            return _refused(str(error), error.status)
        except NewsletterError as error:
            log.warning("hook.failed", provider=name, error=str(error))
            return _refused("please try again", 503)
        return JSONResponse({"taken": taken})

    return handle


def _take(app: App, name: str, read: Read, body: bytes, headers: Mapping[str, str]) -> int:
    arrivals = [from_event(app.links, event, way=name) for event in read(body, headers)]
    app.intake().take_all(arrivals)
    return len(arrivals)


def _refused(reason: str, status: int) -> Response:
    return JSONResponse({"error": reason}, status_code=status)
