"""The preferences page, by signed link: everything that somebody set, and what was learned about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from subscribers.consent import State
from subscribers.feedback import VoteGiven, unvote, votes_by
from subscribers.library import Shared, SourceShown
from subscribers.preferences import Preferences, read_preferences, save_preferences
from subscribers.preview import MOST_RATED, PreviewBusyError, Wanted
from subscribers.profile import Kind
from subscribers.schedule import edition_day
from subscribers.tables import Subscriber
from subscribers.tokens import LIFETIME, LinkSigner, Purpose
from subscribers.web.catalogue_html import categories_html, topics_html
from subscribers.web.chips import Chips, text_in
from subscribers.web.deps import WebDeps
from subscribers.web.forms import FormView
from subscribers.web.fragments import Fragments, Said
from subscribers.web.hints import hints
from subscribers.web.pages import owner, page
from subscribers.web.steering_form import Steering, as_set, changed
from subscribers.wording import day_in_words, next_digest

DIGESTS_SHOWN = 30


class SteeringPages:
    """Handlers for `/preferences/TOKEN`."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps
        self._fragments = Fragments(deps.render)

    def show(self, request: Request) -> Response:
        """The form, with everything as it is set. Changes nothing."""
        with self._deps.readers() as session:
            subscriber = owner(self._deps, session, request, Purpose.PREFERENCES, lock=False)
            context = self._as_set(session, request, subscriber)
        return page(self._deps, "preferences.html", context)

    def save(self, request: Request, sent: FormData) -> Response:
        """Stores the form, previews it, or takes votes back; a wrong form is shown again."""
        if (label := text_in(sent, "forget")) is not None:
            return self._forget(request, label)
        deps, now = self._deps, self._deps.now()
        previews = sent.get("action") == "preview"
        with deps.readers() if previews else deps.sessions.begin() as session:
            subscriber = owner(deps, session, request, Purpose.PREFERENCES, lock=not previews)
            sources = deps.library.sources(session)
            before = as_set(subscriber, [each.name for each in sources], now)
            typed = changed(before, sent)
            meant, typed = typed.means(read_preferences(subscriber), now)
            if meant is None or previews:
                context = self._context(session, request, subscriber, sources, typed)
            else:
                save_preferences(session, subscriber, meant, now=now)
                session.refresh(subscriber, ["interests"])
                context = self._as_set(session, request, subscriber)
            context |= self._seen(session, subscriber, meant)
        context["saved"] = meant is not None and not previews
        if meant is not None:
            context["hints"] = hints(typed.chips.typed("wishes"), deps.too_common)
        return page(deps, "preferences.html", context, status=422 if meant is None else 200)

    def _forget(self, request: Request, label: str) -> Response:
        """Takes the votes back that were told as one sentence."""
        deps, now = self._deps, self._deps.now()
        with deps.sessions.begin() as session:
            subscriber = owner(deps, session, request, Purpose.PREFERENCES, lock=True)
            votes = _votes(session, subscriber)
            groups = [one for one in deps.library.shared(session, votes) if one.label == label]
            gone = [key for group in groups for key in group.keys]
            for key in gone:
                unvote(session, subscriber, key, now=now)
            context = self._as_set(session, request, subscriber)
        context["forgotten"] = len(gone)
        return page(deps, "preferences.html", context)

    def _seen(
        self, session: Session, subscriber: Subscriber, meant: Preferences | None
    ) -> dict[str, Any]:
        """What a digest would hold by these preferences and votes; nothing where that cannot be told."""
        if meant is None or subscriber.state != State.CONFIRMED:
            return {}
        votes = sorted(_votes(session, subscriber), key=lambda vote: vote.at, reverse=True)
        wanted = Wanted(
            meant.profile,
            tuple((vote.entry_key, vote.value) for vote in votes[:MOST_RATED]),
            meant.max_papers,
            meant.parts_off,
            meant.sources_off,
            subscriber.id,
        )
        try:
            return {"preview": self._deps.preview(wanted)}
        except PreviewBusyError:
            return {}

    def _as_set(self, session: Session, request: Request, subscriber: Subscriber) -> dict[str, Any]:
        sources = self._deps.library.sources(session)
        set_ = as_set(subscriber, [each.name for each in sources], self._deps.now())
        return self._context(session, request, subscriber, sources, set_)

    def _context(
        self,
        session: Session,
        request: Request,
        subscriber: Subscriber,
        sources: Sequence[SourceShown],
        steering: Steering,
    ) -> dict[str, Any]:
        deps, now = self._deps, self._deps.now()
        chips = self._titled(session, steering.chips)
        typed, errors = steering.typed, Said(steering.errors)
        return {
            "form": FormView(typed=typed, errors=errors),
            "errors_of": errors.of,
            "fragment": self._fragments.html,
            "schedule": self._fragments.schedule(typed, errors),
            "was": steering.was,
            "chips": chips,
            "topics": topics_html(_held(chips), chips.topics),
            "categories": categories_html(chips.categories),
            "parts_off": steering.parts_off,
            "sources": tuple(sources),
            "sources_off": steering.sources_off,
            "learned": self._learned(session, subscriber),
            "digests": self._digests(session, subscriber),
            "email": subscriber.email,
            "token": request.path_params["token"],
            "active": subscriber.state == State.CONFIRMED,
            "next_digest": next_digest(subscriber.next_send_at, subscriber.timezone),
            "tomorrow": (edition_day(now, subscriber.timezone) + timedelta(days=1)).isoformat(),
            "unsubscribe_token": deps.signer.make(
                Purpose.UNSUBSCRIBE, subscriber.id, subscriber.links_version, now=now
            ),
        }

    def _titled(self, session: Session, chips: Chips) -> Chips:
        """Example papers are shown by their titles."""
        keys = {c.interest.text for c in chips.chips if c.interest.kind is Kind.SEED}
        if not keys:
            return chips
        known = self._deps.library.papers(session, keys)
        return replace(
            chips,
            chips=tuple(
                replace(c, title=known[c.interest.text].title) if c.interest.text in known else c
                for c in chips.chips
            ),
        )

    def _learned(self, session: Session, subscriber: Subscriber) -> Sequence[Shared]:
        votes = _votes(session, subscriber)
        return self._deps.library.shared(session, votes) if votes else ()

    def _digests(self, session: Session, subscriber: Subscriber) -> list[dict[str, Any]]:
        """The latest digests; each has the link of its mail, for as long as that one lives."""
        signer, now, who = self._deps.signer, self._deps.now(), subscriber
        lifetime = LIFETIME[Purpose.DIGEST]
        assert lifetime is not None
        return [
            {
                "day": day_in_words(each.day),
                "papers": each.papers,
                "token": _digest_token(signer, who, each.number, each.planned_at)
                if each.planned_at + lifetime > now
                else "",
            }
            for each in self._deps.library.digests(session, who.id, DIGESTS_SHOWN)
        ]


def _digest_token(signer: LinkSigner, who: Subscriber, number: int, made_at: Any) -> str:
    return signer.make(Purpose.DIGEST, who.id, who.links_version, now=made_at, about=number)


def _votes(session: Session, subscriber: Subscriber) -> tuple[VoteGiven, ...]:
    return votes_by(session, subscriber.id)


def _held(chips: Chips) -> frozenset[tuple[Kind, str]]:
    return frozenset(
        (c.interest.kind, c.interest.text) for c in chips.chips if not c.interest.muted
    )
