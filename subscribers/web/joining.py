"""The sign-up form, and the page with one button that its mail leads to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from subscribers.address import Address
from subscribers.consent import CONFIRM_WORDING, State
from subscribers.errors import ProfileError, TooManyRequestsError
from subscribers.guard import Sent
from subscribers.language import gettext as _
from subscribers.preferences import Preferences, read_preferences
from subscribers.profile import wish_text
from subscribers.seeds import read_seeds
from subscribers.signup import Confirmation, SignUp, confirm, request_subscription
from subscribers.sowing import Sown, can_be_a_wish, sow
from subscribers.tables import Subscriber
from subscribers.tokens import Purpose
from subscribers.typos import hint
from subscribers.web.deps import WebDeps
from subscribers.web.forms import Typed, address_in, form_context, profile_of, typed_in, understood
from subscribers.web.hints import hints
from subscribers.web.pages import message_page, origin_of, owner, page
from subscribers.web.tasting import TastingView, tasted
from subscribers.wording import next_digest, rhythm

_WISHES_SHOWN = 8
_MOST_ASKED = 20
_LONGEST_ASKED = 2_000


class JoiningPages:
    """Handlers for `/subscribe`, `/subscribe/preview` and `/confirm/TOKEN`."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def show_form(self, request: Request) -> Response:
        """The sign-up form; `?wishes=...&seed=KEY` fill it. Changes nothing."""
        asked = request.query_params
        seeds = [seed for seed in asked.getlist("seed")[:_MOST_ASKED] if can_be_a_wish(seed)]
        typed = Typed(wishes=asked.get("wishes", "")[:_LONGEST_ASKED], seeds="\n".join(seeds))
        tasting = self._tasting(typed) if typed.wishes or typed.seeds else TastingView()
        return self._form(typed, tasting=tasting, private=False)

    def preview(self, request: Request, sent: FormData) -> Response:
        """What the choices so far would bring: the part of the page alone for its script, or all of it.
        Stores nothing.
        """
        typed = typed_in(sent)
        tasting = self._tasting(typed)
        if request.headers.get("x-part"):
            return page(self._deps, "subscribe_preview.html", form_context(typed, tasting=tasting))
        return self._form(typed, tasting=tasting)

    def subscribe(self, request: Request, sent: FormData) -> Response:
        """Takes a request in. The answer is the same for every well-formed address."""
        deps, now = self._deps, self._deps.now()
        typed = typed_in(sent, Typed(paused_until=""))
        sown, errors = self._sown(typed)
        preferences, wrong = understood(typed, now, sown.interests)
        errors |= wrong
        address = address_in(typed.email, errors)
        if errors or preferences is None or address is None:
            return self._form(typed, errors, status=422)
        came = Sent(*(_text(sent, name) for name in ("stamp", "proof", "website")))
        try:
            if not deps.guard.is_program(came):
                self._take_in(request, address, preferences, typed, came)
        except TooManyRequestsError as error:
            return self._form(typed, {"email": str(error)}, status=429)
        told = [*hints(typed.wishes, deps.too_common), *filter(None, [hint(address.email)])]
        context = {"email": address.email, "hints": told}
        return page(deps, "subscribed.html", context, background=BackgroundTask(deps.flush))

    def _take_in(
        self, request: Request, address: Address, preferences: Preferences, typed: Typed, came: Sent
    ) -> None:
        deps, now = self._deps, self._deps.now()
        keys = [key for key, _ in typed.ratings]
        known = deps.find_papers(keys, ()).by_key if keys else {}
        rated = {known[key].key: value for key, value in typed.ratings if key in known}
        with deps.sessions.begin() as session:
            worked = deps.guard.worked(session, came, now)
            request_subscription(
                session,
                SignUp(address, preferences, tuple(rated.items()), worked),
                origin=origin_of(request),
                signer=deps.signer,
                send_notice=deps.send_notice,
                now=now,
            )

    def _sown(self, typed: Typed) -> tuple[Sown, dict[str, str]]:
        try:
            return sow(read_seeds(typed.seeds), self._deps.find_papers), {}
        except ProfileError as error:
            return Sown(), {error.field: str(error)}

    def _tasting(self, typed: Typed) -> TastingView:
        sown, errors = self._sown(typed)
        try:
            profile = profile_of(typed, sown.interests)
        except ProfileError as error:
            errors[error.field] = str(error)
        if errors:
            return TastingView(message=next(iter(errors.values())), sown=sown)
        return tasted(self._deps, profile, typed.ratings, sown)

    def _form(
        self,
        typed: Typed,
        errors: Mapping[str, str] | None = None,
        *,
        tasting: TastingView | None = None,
        status: int = 200,
        private: bool = True,
    ) -> Response:
        guarded = self._deps.guard.form(self._deps.now())
        tasting = tasting or TastingView(rated=dict(typed.ratings))
        context = form_context(typed, errors, guarded=guarded, tasting=tasting)
        return page(
            self._deps, "subscribe.html", context, status=status, script=True, private=private
        )

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
            _("You have left since"),
            _(
                "You unsubscribed after this link was mailed, so it does nothing any more. "
                "If you would like to come back, sign up again: it takes a minute."
            ),
            status=200,
        )


def _text(sent: FormData, name: str) -> str:
    value = sent.get(name)
    return value if isinstance(value, str) else ""


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
