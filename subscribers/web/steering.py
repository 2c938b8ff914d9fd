"""The preferences page, by signed link, and the page that mails a fresh link."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from subscribers.address import parse_address
from subscribers.consent import State
from subscribers.errors import AddressError, TooManyRequestsError
from subscribers.preferences import read_preferences, save_preferences
from subscribers.schedule import edition_day
from subscribers.signup import request_link
from subscribers.tables import Subscriber
from subscribers.tokens import Purpose
from subscribers.web.deps import WebDeps
from subscribers.web.forms import form_context, typed_in, typed_of, understood
from subscribers.web.hints import hints
from subscribers.web.pages import origin_of, owner, page
from subscribers.wording import next_digest


class SteeringPages:
    """Handlers for `/preferences/TOKEN` and `/preferences`."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def show(self, request: Request) -> Response:
        """The form, with everything as it is set. Changes nothing."""
        with self._deps.readers() as session:
            subscriber = owner(self._deps, session, request, Purpose.PREFERENCES, lock=False)
            context = self._as_set(request, subscriber)
        return page(self._deps, "preferences.html", context)

    def save(self, request: Request, sent: FormData) -> Response:
        """Stores the form, or shows it again with what is wrong."""
        deps, now = self._deps, self._deps.now()
        with deps.sessions.begin() as session:
            subscriber = owner(deps, session, request, Purpose.PREFERENCES, lock=True)
            before = typed_of(read_preferences(subscriber), subscriber.email, now)
            typed = typed_in(sent, before)
            preferences, errors = understood(typed, now)
            if preferences is None:
                context = {**self._about(request, subscriber), **form_context(typed, errors)}
            else:
                save_preferences(session, subscriber, preferences, now=now)
                context = self._as_set(request, subscriber)
        context["saved"] = not errors
        context["hints"] = () if errors else hints(typed.wishes, deps.too_common)
        return page(deps, "preferences.html", context, status=422 if errors else 200)

    def show_link_form(self, _request: Request) -> Response:
        """Where to ask for a fresh link."""
        return page(self._deps, "link.html", form_context(), private=False)

    def mail_link(self, request: Request, sent: FormData) -> Response:
        """Mails a fresh link, if there is anybody to get it. The answer is the same for all."""
        deps = self._deps
        typed = typed_in(sent)
        try:
            address = parse_address(typed.email)
        except AddressError as error:
            return page(deps, "link.html", form_context(typed, {"email": str(error)}), status=422)
        try:
            with deps.sessions.begin() as session:
                request_link(
                    session,
                    address,
                    origin=origin_of(request),
                    signer=deps.signer,
                    send_notice=deps.send_notice,
                    now=deps.now(),
                )
        except TooManyRequestsError as error:
            return page(deps, "link.html", form_context(typed, {"email": str(error)}), status=429)
        after = BackgroundTask(deps.flush)
        return page(deps, "link_sent.html", {"email": address.email}, background=after)

    def _as_set(self, request: Request, subscriber: Subscriber) -> dict[str, Any]:
        typed = typed_of(read_preferences(subscriber), subscriber.email, self._deps.now())
        return {**self._about(request, subscriber), **form_context(typed)}

    def _about(self, request: Request, subscriber: Subscriber) -> dict[str, Any]:
        now = self._deps.now()
        today = edition_day(now, subscriber.timezone)
        return {
            "email": subscriber.email,
            "token": request.path_params["token"],
            "active": subscriber.state == State.CONFIRMED,
            "next_digest": next_digest(subscriber.next_send_at, subscriber.timezone),
            "tomorrow": (today + timedelta(days=1)).isoformat(),
            "unsubscribe_token": self._deps.signer.make(
                Purpose.UNSUBSCRIBE, subscriber.id, subscriber.links_version, now=now
            ),
        }
