"""Unsubscribing: a page with one button, and the same POST for mailbox providers (RFC 8058)."""

from __future__ import annotations

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from subscribers.consent import State
from subscribers.errors import TokenError
from subscribers.signup import unsubscribe
from subscribers.tokens import Purpose
from subscribers.web.deps import WebDeps
from subscribers.web.pages import origin_of, owner, page


class LeavingPages:
    """Handlers for `/unsubscribe/TOKEN`."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def show(self, request: Request) -> Response:
        """The button. Changes nothing, however many scanners open it."""
        with self._deps.readers() as session:
            subscriber = owner(self._deps, session, request, Purpose.UNSUBSCRIBE, lock=False)
            if subscriber.state == State.UNSUBSCRIBED:
                return page(self._deps, "unsubscribed.html", {"email": subscriber.email})
            # No link to the preferences: this one never expires, and must not open what does.
            context = {"email": subscriber.email, "token": request.path_params["token"]}
            return page(self._deps, "unsubscribe.html", context)

    def leave(self, request: Request) -> Response:
        """Ends the subscription; 200 to a valid link however often, and to an erased person's.

        The body is not looked at: the link is the proof, whatever form a provider sends with it.
        """
        deps, now = self._deps, self._deps.now()
        with deps.sessions.begin() as session:
            try:
                subscriber = owner(deps, session, request, Purpose.UNSUBSCRIBE, lock=True)
            except TokenError:
                deps.signer.read(request.path_params["token"], Purpose.UNSUBSCRIBE, now=now)
                return page(deps, "unsubscribed.html")
            unsubscribe(
                session,
                subscriber,
                origin=origin_of(request),
                send_notice=deps.send_notice,
                now=now,
            )
            context, after = {"email": subscriber.email}, BackgroundTask(deps.flush)
        return page(deps, "unsubscribed.html", context, background=after)
