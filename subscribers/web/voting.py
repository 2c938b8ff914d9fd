"""Votes on papers: a page with one button, and the way back from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from subscribers.consent import State
from subscribers.errors import TokenError
from subscribers.feedback import VoteGiven, unvote, vote, vote_on, votes_by
from subscribers.library import Common, Shared
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
            context = self._about(session, request, asked)
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
            context = self._about(session, request, asked)
        return page(self._deps, "vote_undone.html" if undo else "voted.html", context)

    def _question(self, session: Session, request: Request, *, lock: bool) -> _Question:
        ballot = (link := link_of(self._deps, request, Purpose.VOTE)).ballot
        assert ballot is not None
        subscriber = owner(self._deps, session, request, Purpose.VOTE, lock=lock)
        described = self._deps.describe_entry(session, ballot.entry_id)
        if described is None:
            raise TokenError
        return _Question(subscriber, link, ballot.entry_id, ballot.value, *described)

    def _about(self, session: Session, request: Request, asked: _Question) -> dict[str, Any]:
        beside = self._deps.library.beside(session, asked.subscriber.id, asked.entry_id)
        others = [paper for paper in beside if paper.entry_id != asked.entry_id]
        tokens = self._tokens(asked, [asked.entry_id, *(paper.entry_id for paper in others)])
        more, less = tokens[asked.entry_id]
        is_more = asked.value == MORE
        votes = votes_by(session, asked.subscriber.id)
        stands = {vote.entry_key: vote.value for vote in votes}
        return {
            "others": [
                {
                    "title": paper.title,
                    "url": paper.url,
                    "more": tokens[paper.entry_id][0],
                    "less": tokens[paper.entry_id][1],
                    "stands": stands.get(paper.key, 0),
                }
                for paper in others
            ],
            "given": len(votes),
            "shared": self._shared(session, votes, asked),
            "key": asked.key,
            "title": asked.title,
            "url": asked.url,
            "more": is_more,
            "active": asked.subscriber.state == State.CONFIRMED,
            "token": request.path_params["token"],
            "opposite_token": less if is_more else more,
            "preferences_token": self._preferences_token(asked),
        }

    def _shared(
        self, session: Session, votes: Sequence[VoteGiven], asked: _Question
    ) -> Shared | None:
        """What the paper shares with others that were voted on in the same way."""
        groups = self._deps.library.shared(session, votes) if len(votes) > 1 else ()
        named = (Common.WORDS, Common.AUTHOR)
        return next(
            (
                each
                for each in groups
                if asked.key in each.keys and each.common in named and len(each.keys) > 1
            ),
            None,
        )

    # The links of these pages are those that stood in the mail itself, made as of then: else each
    # vote link would be the start of a chain that never expires.

    def _tokens(self, asked: _Question, entry_ids: list[int]) -> dict[int, tuple[str, str]]:
        who, made_at = asked.subscriber, asked.link.made_at
        assert made_at is not None
        return self._deps.signer.make_votes(who.id, who.links_version, entry_ids, now=made_at)

    def _preferences_token(self, asked: _Question) -> str:
        who, made_at = asked.subscriber, asked.link.made_at
        lifetime = LIFETIME[Purpose.PREFERENCES]
        assert made_at is not None
        assert lifetime is not None
        if made_at + lifetime <= self._deps.now():
            return ""
        return self._deps.signer.make(Purpose.PREFERENCES, who.id, who.links_version, now=made_at)
