"""Unsubscribing: a page with one button and softer choices beside it, and the same POST for mailbox
providers (RFC 8058).
"""

from __future__ import annotations

from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from subscribers.consent import State
from subscribers.errors import TokenError
from subscribers.preferences import MONTH, pause_end, read_preferences
from subscribers.signup import unsubscribe
from subscribers.staying import Softer, choose, fewer, offered
from subscribers.tokens import Purpose
from subscribers.web.chips import text_in
from subscribers.web.deps import WebDeps
from subscribers.web.pages import origin_of, owner, page
from subscribers.wording import day_in_words, next_digest, rhythm


class LeavingPages:
    """Handlers for `/unsubscribe/TOKEN` and, for the softer choices, `/stay/TOKEN`."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def show(self, request: Request) -> Response:
        """The button. Changes nothing, however many scanners open it."""
        with self._deps.readers() as session:
            subscriber = owner(self._deps, session, request, Purpose.UNSUBSCRIBE, lock=False)
            if subscriber.state == State.UNSUBSCRIBED:
                return page(self._deps, "unsubscribed.html", {"email": subscriber.email})
            # No link to the preferences: this one never expires, and must not open what does. What it
            # offers beside leaving is less than leaving.
            now = self._deps.now()
            context = {
                "email": subscriber.email,
                "token": request.path_params["token"],
                "softer": offered(subscriber, now),
                "until": day_in_words(pause_end(subscriber, now, MONTH)),
                "fewer": fewer(subscriber.max_papers),
            }
            return page(self._deps, "unsubscribe.html", context)

    def stay(self, request: Request, sent: FormData) -> Response:
        """Less instead of nothing, by one press; pressing again adds nothing."""
        deps, now = self._deps, self._deps.now()
        name, _, number = (text_in(sent, "choice") or "").partition(" ")
        with deps.sessions.begin() as session:
            subscriber = owner(deps, session, request, Purpose.UNSUBSCRIBE, lock=True)
            if subscriber.state == State.UNSUBSCRIBED:
                return page(deps, "unsubscribed.html", {"email": subscriber.email})
            if name in set(Softer):
                papers = int(number) if number.isdecimal() and len(number) < 4 else 0
                choose(session, subscriber, Softer(name), papers=papers, now=now)
            preferences = read_preferences(subscriber)
            context = {
                "email": subscriber.email,
                "token": request.path_params["token"],
                "rhythm": rhythm(preferences.schedule),
                "max_papers": preferences.max_papers,
                "paused": name == Softer.MONTH and subscriber.paused_until is not None,
                "next_digest": next_digest(subscriber.next_send_at, subscriber.timezone),
            }
        return page(deps, "stayed.html", context)

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
