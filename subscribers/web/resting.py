"""A week's pause: a page with one button, from the foot of each digest."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from subscribers.consent import State
from subscribers.preferences import pause, pause_end
from subscribers.tables import Subscriber
from subscribers.tokens import Purpose
from subscribers.web.deps import WebDeps
from subscribers.web.pages import owner, page
from subscribers.wording import day_in_words, next_digest


class RestingPages:
    """Handlers for `/pause/TOKEN`."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def show(self, request: Request) -> Response:
        """Until when, and the button. Changes nothing."""
        with self._deps.readers() as session:
            subscriber = owner(self._deps, session, request, Purpose.PAUSE, lock=False)
            context = self._about(subscriber)
        return page(self._deps, "pause.html", context)

    def rest(self, request: Request) -> Response:
        """The button was pressed; however often, it is one week from the first press of the day."""
        with self._deps.sessions.begin() as session:
            subscriber = self._owner(session, request)
            pause(session, subscriber, now=self._deps.now())
            context = self._about(subscriber)
        return page(self._deps, "paused.html", context)

    def _owner(self, session: Session, request: Request) -> Subscriber:
        return owner(self._deps, session, request, Purpose.PAUSE, lock=True)

    def _about(self, subscriber: Subscriber) -> dict[str, Any]:
        end = pause_end(subscriber, self._deps.now())
        standing = subscriber.paused_until
        return {
            "email": subscriber.email,
            "active": subscriber.state == State.CONFIRMED,
            "until": day_in_words(max(end, standing) if standing else end),
            "rests": standing is not None and standing >= end,
            "next_digest": next_digest(subscriber.next_send_at, subscriber.timezone),
        }
