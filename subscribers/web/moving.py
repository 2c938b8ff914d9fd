"""Another address: the form behind the preferences link, the page that the new mailbox confirms on, and
the one that the old mailbox can undo it on.
"""

from __future__ import annotations

from typing import Any

from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from subscribers.address import parse_address
from subscribers.errors import AddressError
from subscribers.language import gettext as _
from subscribers.moving import former_address, move, request_move, undo_move, waiting_address
from subscribers.tables import Subscriber
from subscribers.tokens import Purpose
from subscribers.web.deps import WebDeps
from subscribers.web.forms import form_context, typed_in
from subscribers.web.pages import link_of, message_page, origin_of, owner, page


class MovingPages:
    """Handlers for `/move/TOKEN` (the form), `/address/TOKEN` (its confirmation), `/undo/TOKEN`."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def show_form(self, request: Request) -> Response:
        """Where to type the new address. Changes nothing."""
        with self._deps.readers() as session:
            subscriber = owner(self._deps, session, request, Purpose.PREFERENCES, lock=False)
            context = self._about(request, subscriber)
        return page(self._deps, "move.html", {**context, **form_context()})

    def mail_link(self, request: Request, sent: FormData) -> Response:
        """Mails the new address a link; the answer is the same whoever else has it."""
        deps, typed = self._deps, typed_in(sent)
        with deps.sessions.begin() as session:
            subscriber = owner(deps, session, request, Purpose.PREFERENCES, lock=True)
            context = self._about(request, subscriber)
            try:
                address = parse_address(typed.email)
            except AddressError as error:
                shown = form_context(typed, {"email": str(error)})
                return page(deps, "move.html", {**context, **shown}, status=422)
            request_move(
                session,
                subscriber,
                address,
                origin=origin_of(request),
                signer=deps.signer,
                send_notice=deps.send_notice,
                now=deps.now(),
            )
        context["new_email"] = address.email
        return page(deps, "move_sent.html", context, background=BackgroundTask(deps.flush))

    def show(self, request: Request) -> Response:
        """The new address and the button. Changes nothing."""
        with self._deps.readers() as session:
            about = link_of(self._deps, request, Purpose.ADDRESS).about
            subscriber = owner(self._deps, session, request, Purpose.ADDRESS, lock=False)
            new_email = waiting_address(subscriber, about or 0)
            context = {**self._about(request, subscriber), "new_email": new_email}
        return page(self._deps, "address.html", context) if new_email else self._too_late()

    def move(self, request: Request) -> Response:
        """The button was pressed."""
        deps, now = self._deps, self._deps.now()
        with deps.sessions.begin() as session:
            about = link_of(deps, request, Purpose.ADDRESS).about
            subscriber = owner(deps, session, request, Purpose.ADDRESS, lock=True)
            if not move(
                session,
                subscriber,
                about or 0,
                origin=origin_of(request),
                signer=deps.signer,
                send_notice=deps.send_notice,
                now=now,
            ):
                return self._too_late()
            token = deps.signer.make(
                Purpose.PREFERENCES, subscriber.id, subscriber.links_version, now=now
            )
            context = {"email": subscriber.email, "preferences_token": token}
        return page(deps, "moved.html", context, background=BackgroundTask(deps.flush))

    def show_undo(self, request: Request) -> Response:
        """Where the mail would come again, and the button. Changes nothing."""
        with self._deps.readers() as session:
            about = link_of(self._deps, request, Purpose.UNDO).about
            subscriber = owner(self._deps, session, request, Purpose.UNDO, lock=False)
            email = former_address(session, subscriber, about or 0)
        return page(self._deps, "undo.html", {"email": email}) if email else self._too_late()

    def undo(self, request: Request) -> Response:
        """The button was pressed."""
        deps, now = self._deps, self._deps.now()
        with deps.sessions.begin() as session:
            about = link_of(deps, request, Purpose.UNDO).about
            subscriber = owner(deps, session, request, Purpose.UNDO, lock=True)
            if not undo_move(session, subscriber, about or 0, origin=origin_of(request), now=now):
                return self._too_late()
            context = {"email": subscriber.email}
        return page(deps, "undone.html", context)

    def _about(self, request: Request, subscriber: Subscriber) -> dict[str, Any]:
        return {"email": subscriber.email, "token": request.path_params["token"]}

    def _too_late(self) -> Response:
        return message_page(
            self._deps,
            _("This link has been overtaken"),
            _(
                "Something else was done since, or the address belongs to a reader already. "
                "Nothing was changed."
            ),
            status=200,
        )
