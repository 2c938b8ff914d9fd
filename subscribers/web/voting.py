"""Votes on papers: a page with one button, and the way back from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from subscribers.consent import State
from subscribers.errors import TokenError
from subscribers.feedback import unvote, vote, vote_on
from subscribers.tables import Subscriber
from subscribers.tokens import LIFETIME, MORE, Link, Purpose
from subscribers.web.deps import WebDeps
from subscribers.web.pages import link_of, owner, page


@dataclass(frozen=True, slots=True)
class _Question:
    """What a vote link asks: whom, about which paper, and whether for more or less of it."""

    subscriber: Subscriber
    link: Link
    entry_id: int
    value: int
    key: str
    title: str
    url: str


class VotingPages:
    """Handlers for `/vote/TOKEN`."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def show(self, request: Request) -> Response:
        """The paper, the vote that the link chose, and the button. Changes nothing."""
        with self._deps.readers() as session:
            asked = self._question(session, request, lock=False)
            stands = vote_on(session, asked.subscriber.id, asked.key)
            context = self._about(request, asked)
        if stands == asked.value:
            return page(self._deps, "voted.html", context)
        return page(self._deps, "vote.html", {**context, "replaces": stands is not None})

    def vote(self, request: Request, sent: FormData) -> Response:
        """Records the vote, or takes it back; however often, it is one vote."""
        now = self._deps.now()
        undo = sent.get("action") == "undo"
        with self._deps.sessions.begin() as session:
            asked = self._question(session, request, lock=True)
            if undo:
                unvote(session, asked.subscriber, asked.key, now=now)
            else:
                vote(session, asked.subscriber, asked.key, asked.value, now=now)
            context = self._about(request, asked)
        return page(self._deps, "vote_undone.html" if undo else "voted.html", context)

    def _question(self, session: Session, request: Request, *, lock: bool) -> _Question:
        ballot = (link := link_of(self._deps, request, Purpose.VOTE)).ballot
        assert ballot is not None
        subscriber = owner(self._deps, session, request, Purpose.VOTE, lock=lock)
        described = self._deps.describe_entry(session, ballot.entry_id)
        if described is None:
            raise TokenError
        return _Question(subscriber, link, ballot.entry_id, ballot.value, *described)

    def _about(self, request: Request, asked: _Question) -> dict[str, Any]:
        more, less = self._tokens(asked)
        is_more = asked.value == MORE
        return {
            "key": asked.key,
            "title": asked.title,
            "url": asked.url,
            "more": is_more,
            "active": asked.subscriber.state == State.CONFIRMED,
            "token": request.path_params["token"],
            "opposite_token": less if is_more else more,
            "preferences_token": self._preferences_token(asked),
        }

    # The links of these pages are those that stood in the mail itself, made as of then: else each
    # vote link would be the start of a chain that never expires.

    def _tokens(self, asked: _Question) -> tuple[str, str]:
        who, made_at = asked.subscriber, asked.link.made_at
        assert made_at is not None
        entry_id = asked.entry_id
        votes = self._deps.signer.make_votes(who.id, who.links_version, [entry_id], now=made_at)
        return votes[entry_id]

    def _preferences_token(self, asked: _Question) -> str:
        who, made_at = asked.subscriber, asked.link.made_at
        lifetime = LIFETIME[Purpose.PREFERENCES]
        assert made_at is not None
        assert lifetime is not None
        if made_at + lifetime <= self._deps.now():
            return ""
        return self._deps.signer.make(Purpose.PREFERENCES, who.id, who.links_version, now=made_at)
