"""`POST /api/v1/subscriptions`: signing up by the rules of the form, and with its answer for everybody."""

from __future__ import annotations

from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.web.problems import problem
from subscribers.address import Address
from subscribers.errors import TooManyRequestsError
from subscribers.language import gettext as _
from subscribers.language import spoken
from subscribers.length import Length
from subscribers.preferences import MOST_PAPERS, Preferences
from subscribers.schedule import Cadence
from subscribers.signup import SignUp, request_subscription
from subscribers.web.body import LARGEST_BODY, BodyTooLargeError, capped
from subscribers.web.deps import WebDeps
from subscribers.web.forms import Typed, address_in, understood
from subscribers.web.pages import evenly, origin_of

PATH = "/api/v1/subscriptions"
_JSON = "application/json"
_LONGEST = 20_000
_MOST_TICKED = 200


class SubscriptionRequest(BaseModel):
    """Who wants what, when. What is not given is as the form has it. `wishes`: one a line, or a list."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    email: str = Field(max_length=400)
    topics: list[str] = Field(
        default_factory=list, max_length=_MOST_TICKED, description="Of the form's catalogue."
    )
    categories: list[str] = Field(default_factory=list, max_length=_MOST_TICKED)
    wishes: str | list[str] = Field(default="", max_length=_LONGEST)
    cadence: Cadence = Field(default=Cadence.DAILY, strict=False)
    weekday: int = Field(default=0, ge=0, le=6, description="0 is Monday; for a weekly digest.")
    hour: int = Field(default=7, ge=0, le=23)
    timezone: str = Field(default="UTC", max_length=100, description="IANA's name of it.")
    max_papers: int = Field(default=10, ge=1, le=MOST_PAPERS)
    length: Length = Field(default=Length.SHORT, strict=False)
    language: str | None = Field(
        default=None, max_length=20, description="Of the mails, such as `de`; else the request's."
    )
    quiet_days: int = Field(
        default=0, ge=0, description="A note after so many digests left out; 0 for none."
    )


class SubscriptionAnswer(BaseModel):
    """The same whatever the address."""

    message: str


class Subscriptions:
    """The handler. It tells pages of other sites nothing: only the form that we make may be embedded."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """The one address."""
        return [Route(PATH, self.subscribe, methods=["POST"])]

    async def subscribe(self, request: Request) -> Response:
        """Takes a request in; nothing is sent but a mail that asks whether it was they."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != _JSON:
            # Browsers let forms of other sites send anything but this.
            return problem(415, _("The body must be JSON."), open_to_all=False)
        try:
            body = await capped(request, LARGEST_BODY)
        except BodyTooLargeError:
            return problem(413, _("The body is too large."), open_to_all=False)
        return await evenly(self._deps, run_in_threadpool(self._take, request, body))

    def _take(self, request: Request, body: bytes) -> Response:
        try:
            wanted = SubscriptionRequest.model_validate_json(body)
        except ValidationError as wrong:
            return _refused(_told(wrong))
        deps, now = self._deps, self._deps.now()
        preferences, errors = understood(_typed(wanted), now)
        address = address_in(wanted.email, errors)
        if preferences is None or address is None:
            return _refused(errors)
        try:
            self._request(request, address, preferences)
        except TooManyRequestsError as error:
            refused = problem(429, str(error), open_to_all=False)
            refused.headers["Retry-After"] = "3600"
            return refused
        answer = SubscriptionAnswer(
            message=_("If this address can be mailed, a link to confirm is on its way.")
        )
        response = Response(answer.model_dump_json(), 202, media_type=_JSON)
        response.headers["Cache-Control"] = "no-store"
        response.background = BackgroundTask(deps.flush)
        return response

    def _request(self, request: Request, address: Address, preferences: Preferences) -> None:
        deps = self._deps
        with deps.sessions.begin() as session:
            request_subscription(
                session,
                SignUp(address, preferences),
                origin=origin_of(request),
                signer=deps.signer,
                send_notice=deps.send_notice,
                now=deps.now(),
            )


def _typed(wanted: SubscriptionRequest) -> Typed:
    wishes = wanted.wishes if isinstance(wanted.wishes, str) else "\n".join(wanted.wishes)
    return replace(
        Typed(),
        email=wanted.email,
        topics=frozenset(wanted.topics),
        categories=frozenset(wanted.categories),
        wishes=wishes,
        cadence=wanted.cadence.value,
        weekday=str(wanted.weekday),
        hour=str(wanted.hour),
        timezone=wanted.timezone,
        language=wanted.language or spoken(),
        max_papers=str(wanted.max_papers),
        length=wanted.length.value,
        quiet_days=str(wanted.quiet_days),
    )


def _told(wrong: ValidationError) -> dict[str, str]:
    """A message for each field, the first of several."""
    found: dict[str, str] = {}
    for error in wrong.errors(include_url=False, include_input=False, include_context=False):
        found.setdefault(str(error["loc"][0]) if error["loc"] else "", error["msg"])
    return found


def _refused(errors: dict[str, str]) -> Response:
    detail = _("Some of what was sent cannot be taken.")
    return problem(422, detail, errors, open_to_all=False)
