"""What is somebody's own: their data to take along, their links to renew, all of it to be erased; and a
fresh link for one that is too old.
"""

from __future__ import annotations

import json

from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from subscribers.address import parse_address
from subscribers.errors import AddressError, ExpiredTokenError, TooManyRequestsError
from subscribers.language import gettext as _
from subscribers.privacy import addresses_of, erase, export_person
from subscribers.renewing import renew_links
from subscribers.signup import request_link
from subscribers.tokens import Purpose
from subscribers.web.deps import WebDeps
from subscribers.web.forms import form_context, typed_in
from subscribers.web.pages import (
    link_of,
    masked,
    message_page,
    origin_of,
    owner,
    page,
    page_headers,
    whose,
)


class OwningPages:
    """Handlers for `/data/TOKEN`, `/links/TOKEN`, `/erase/TOKEN`, `/fresh/TOKEN` and `/preferences`."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def data(self, request: Request) -> Response:
        """All that is held about them, as a JSON file. Changes nothing."""
        with self._deps.readers() as session:
            subscriber = owner(self._deps, session, request, Purpose.PREFERENCES, lock=False)
            held = export_person(session, subscriber)
            held |= self._deps.library.held(session, subscriber.id)
        headers = page_headers(private=True)
        headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
        body = json.dumps(held, indent=2, ensure_ascii=False)
        return Response(body, media_type="application/json", headers=headers)

    def show_links(self, request: Request) -> Response:
        """What new links mean, and the button. Changes nothing."""
        return self._shown(request, "links.html")

    def renew(self, request: Request) -> Response:
        """The button was pressed."""
        deps = self._deps
        with deps.sessions.begin() as session:
            subscriber = owner(deps, session, request, Purpose.PREFERENCES, lock=True)
            mailed = renew_links(
                session,
                subscriber,
                origin=origin_of(request),
                signer=deps.signer,
                send_notice=deps.send_notice,
                now=deps.now(),
            )
        return page(
            deps, "links_new.html", {"mailed": mailed}, background=BackgroundTask(deps.flush)
        )

    def show_erase(self, request: Request) -> Response:
        """What goes, what stays, and the button. Changes nothing."""
        return self._shown(request, "erase.html")

    def erase(self, request: Request) -> Response:
        """The button was pressed: nothing stays but a hash that keeps the address from being mailed."""
        deps = self._deps
        with deps.sessions.begin() as session:
            subscriber = owner(deps, session, request, Purpose.PREFERENCES, lock=True)
            for address in addresses_of(session, subscriber.id):
                deps.library.forget(session, address)
            erase(session, subscriber.id, now=deps.now())
        return page(deps, "erased.html")

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
            self._mail(request, address.email)
        except TooManyRequestsError as error:
            return page(deps, "link.html", form_context(typed, {"email": str(error)}), status=429)
        after = BackgroundTask(deps.flush)
        return page(deps, "link_sent.html", {"email": address.email}, background=after)

    def mail_fresh(self, request: Request) -> Response:
        """Mails a fresh link to the person whose link is too old; whoever holds it learns no address."""
        deps = self._deps
        try:
            link = link_of(deps, request, Purpose.PREFERENCES)
        except ExpiredTokenError as error:
            link = error.link
        with deps.readers() as session:
            email = whose(session, link).email
        try:
            self._mail(request, email)
        except TooManyRequestsError as error:
            return message_page(deps, _("Please try again later"), str(error), status=429)
        context = {"email": masked(email)}
        return page(deps, "link_sent.html", context, background=BackgroundTask(deps.flush))

    def _mail(self, request: Request, email: str) -> None:
        deps = self._deps
        with deps.sessions.begin() as session:
            request_link(
                session,
                parse_address(email),
                origin=origin_of(request),
                signer=deps.signer,
                send_notice=deps.send_notice,
                now=deps.now(),
            )

    def _shown(self, request: Request, template: str) -> Response:
        with self._deps.readers() as session:
            subscriber = owner(self._deps, session, request, Purpose.PREFERENCES, lock=False)
            context = {"email": subscriber.email, "token": request.path_params["token"]}
        return page(self._deps, template, context)
