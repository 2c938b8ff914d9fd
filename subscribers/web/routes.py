"""Which address leads where."""

from __future__ import annotations

from starlette.routing import Route

from subscribers.web.assets import Asset
from subscribers.web.deps import WebDeps
from subscribers.web.joining import JoiningPages
from subscribers.web.leaving import LeavingPages
from subscribers.web.moving import MovingPages
from subscribers.web.owning import OwningPages
from subscribers.web.pages import posting, quiet
from subscribers.web.resting import RestingPages
from subscribers.web.steering import SteeringPages
from subscribers.web.voting import VotingPages


def routes(deps: WebDeps) -> list[Route]:
    """All addresses of the people part. Starlette answers HEAD wherever GET is listed."""
    joining, steering, leaving = JoiningPages(deps), SteeringPages(deps), LeavingPages(deps)
    voting, resting, moving = VotingPages(deps), RestingPages(deps), MovingPages(deps)
    owning = OwningPages(deps)
    style = Asset(deps, "style.css", "text/css")
    script = Asset(deps, "timezone.js", "text/javascript")
    preview = Asset(deps, "subscribe.js", "text/javascript")
    work = Asset(deps, "work.js", "text/javascript")
    return [
        Route("/subscribe", quiet(deps, joining.show_form), methods=["GET"]),
        Route("/subscribe", posting(deps, joining.subscribe, even=True), methods=["POST"]),
        Route("/subscribe/preview", posting(deps, joining.preview), methods=["POST"]),
        Route("/confirm/{token}", quiet(deps, joining.show_confirm), methods=["GET"]),
        Route("/confirm/{token}", quiet(deps, joining.confirm), methods=["POST"]),
        Route("/preferences", quiet(deps, owning.show_link_form), methods=["GET"]),
        Route("/preferences", posting(deps, owning.mail_link, even=True), methods=["POST"]),
        Route("/preferences/{token}", quiet(deps, steering.show), methods=["GET"]),
        Route("/preferences/{token}", posting(deps, steering.save), methods=["POST"]),
        Route("/data/{token}", quiet(deps, owning.data), methods=["GET"]),
        Route("/links/{token}", quiet(deps, owning.show_links), methods=["GET"]),
        Route("/links/{token}", quiet(deps, owning.renew), methods=["POST"]),
        Route("/erase/{token}", quiet(deps, owning.show_erase), methods=["GET"]),
        Route("/erase/{token}", quiet(deps, owning.erase), methods=["POST"]),
        Route("/fresh/{token}", quiet(deps, owning.mail_fresh), methods=["POST"]),
        Route("/stay/{token}", posting(deps, leaving.stay), methods=["POST"]),
        Route("/unsubscribe/{token}", quiet(deps, leaving.show), methods=["GET"]),
        Route("/unsubscribe/{token}", quiet(deps, leaving.leave), methods=["POST"]),
        Route("/pause/{token}", quiet(deps, resting.show), methods=["GET"]),
        Route("/pause/{token}", quiet(deps, resting.rest), methods=["POST"]),
        Route("/move/{token}", quiet(deps, moving.show_form), methods=["GET"]),
        Route("/move/{token}", posting(deps, moving.mail_link, even=True), methods=["POST"]),
        Route("/address/{token}", quiet(deps, moving.show), methods=["GET"]),
        Route("/address/{token}", quiet(deps, moving.move), methods=["POST"]),
        Route("/undo/{token}", quiet(deps, moving.show_undo), methods=["GET"]),
        Route("/undo/{token}", quiet(deps, moving.undo), methods=["POST"]),
        Route("/vote/{token}", quiet(deps, voting.show), methods=["GET"]),
        Route("/vote/{token}", posting(deps, voting.vote), methods=["POST"]),
        Route("/static/style.css", style.serve, methods=["GET"]),
        Route("/static/timezone.js", script.serve, methods=["GET"]),
        Route("/static/subscribe.js", preview.serve, methods=["GET"]),
        Route("/static/work.js", work.serve, methods=["GET"]),
    ]
