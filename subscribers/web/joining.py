"""The sign-up form, and the page with one button that its mail leads to."""

from __future__ import annotations

from typing import Any

from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from subscribers.address import Address, parse_address
from subscribers.consent import CONFIRM_WORDING, State
from subscribers.errors import AddressError
from subscribers.preferences import read_preferences
from subscribers.profile import wish_text
from subscribers.signup import Confirmation, SignUp, confirm, request_subscription
from subscribers.tables import Subscriber
from subscribers.tokens import Purpose
from subscribers.web.deps import WebDeps
from subscribers.web.forms import Typed, form_context, typed_in, understood
from subscribers.web.hints import hints
from subscribers.web.pages import message_page, origin_of, owner, page
from subscribers.wording import next_digest, rhythm

_WISHES_SHOWN = 8
_LONGEST_GIVEN = 2000


class JoiningPages:
    """Handlers for `/subscribe` and `/confirm/TOKEN`."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def show_form(self, request: Request) -> Response:
        """The sign-up form; `?wishes=` fills in what to look for, and nothing else."""
        wishes = request.query_params.get("wishes", "")[:_LONGEST_GIVEN]
        context = form_context(Typed(wishes=wishes))
        return page(self._deps, "subscribe.html", context, script=True, private=False)

    def subscribe(self, request: Request, sent: FormData) -> Response:
        """Takes a request in. The answer is the same for every well-formed address."""
        deps, now = self._deps, self._deps.now()
        typed = typed_in(sent, Typed(paused_until=""))
        preferences, errors = understood(typed, now)
        address = _address(typed.email, errors)
        if preferences is None or address is None:
            context = form_context(typed, errors)
            return page(deps, "subscribe.html", context, status=422, script=True)
        with deps.sessions.begin() as session:
            request_subscription(
                session,
                SignUp(address, preferences),
                origin=origin_of(request),
                signer=deps.signer,
                send_notice=deps.send_notice,
                now=now,
            )
        context = {"email": address.email, "hints": hints(typed.wishes, deps.too_common)}
        return page(deps, "subscribed.html", context, background=BackgroundTask(deps.flush))

    def show_confirm(self, request: Request) -> Response:
        """What is about to be confirmed, and the button. Changes nothing."""
        with self._deps.readers() as session:
            subscriber = owner(self._deps, session, request, Purpose.CONFIRM, lock=False)
            if subscriber.state == State.UNSUBSCRIBED:
                return self._left()
            if subscriber.state == State.CONFIRMED:
                return page(self._deps, "confirmed.html", self._welcome(subscriber))
            context = {**_summary(subscriber), "agreement": CONFIRM_WORDING.said().text}
            return page(self._deps, "confirm.html", context)

    def confirm(self, request: Request) -> Response:
        """The button was pressed."""
        now = self._deps.now()
        with self._deps.sessions.begin() as session:
            subscriber = owner(self._deps, session, request, Purpose.CONFIRM, lock=True)
            outcome = confirm(
                session,
                subscriber,
                origin=origin_of(request),
                signer=self._deps.signer,
                send_notice=self._deps.send_notice,
                now=now,
            )
            if outcome is Confirmation.LEFT:
                return self._left()
            context = self._welcome(subscriber)
        after = BackgroundTask(self._deps.flush)
        return page(self._deps, "confirmed.html", context, background=after)

    def _welcome(self, subscriber: Subscriber) -> dict[str, Any]:
        # Whoever holds the confirmation link has the mailbox, and may as well steer.
        token = self._deps.signer.make(
            Purpose.PREFERENCES, subscriber.id, subscriber.links_version, now=self._deps.now()
        )
        return {
            **_summary(subscriber),
            "at_once": subscriber.next_send_at is not None
            and subscriber.next_send_at <= self._deps.now(),
            "next_digest": next_digest(subscriber.next_send_at, subscriber.timezone),
            "preferences_token": token,
        }

    def _left(self) -> Response:
        return message_page(
            self._deps,
            "You have left since",
            "You unsubscribed after this link was mailed, so it does nothing any more. "
            "If you would like to come back, sign up again: it takes a minute.",
            status=200,
        )


def _address(text: str, errors: dict[str, str]) -> Address | None:
    try:
        return parse_address(text)
    except AddressError as error:
        errors["email"] = str(error)
        return None


def _summary(subscriber: Subscriber) -> dict[str, Any]:
    preferences = read_preferences(subscriber)
    wishes = [wish_text(interest) for interest in preferences.profile.interests]
    return {
        "email": subscriber.email,
        "wishes": wishes[:_WISHES_SHOWN],
        "more_wishes": max(0, len(wishes) - _WISHES_SHOWN),
        "rhythm": rhythm(preferences.schedule),
        "max_papers": preferences.max_papers,
    }
