"""A site of the people part alone: real templates, real database, and a mailbag in place of mail."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jinja2
from sqlalchemy.orm import Session, sessionmaker
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from subscribers.address import parse_address
from subscribers.consent import Origin
from subscribers.language import gettext, ngettext
from subscribers.library import Common, Paper, PastDigest, Shared, SourceShown
from subscribers.orm import Base
from subscribers.preferences import Preferences, locked, schedule_of
from subscribers.profile import parse_profile
from subscribers.schedule import make_schedule, next_send
from subscribers.signup import SignUp, confirm, request_subscription
from subscribers.tables import Subscriber
from subscribers.tokens import ABOUT_ONE_THING, LinkSigner, Purpose
from subscribers.web import Speaking, WebDeps, routes

TEMPLATES = Path(__file__).parents[2] / "templates"
NOW = datetime(2026, 6, 10, 6, 30, tzinfo=UTC)  # a Wednesday
SIGNER = LinkSigner("a secret of the tests")
PAPERS = {
    11: ("arxiv:2606.00011", "Maps of <old> places", "https://arxiv.org/abs/2606.00011"),
    12: ("url:https://blog.example/x", "A post without a safe address", ""),
}
ORIGIN = Origin("192.0.2.7", "Test/1.0")


@dataclass
class Mailbag:
    """What `send_notice` was asked for, and how often the bag was emptied."""

    notices: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    flushed: int = 0

    def send_notice(
        self, session: Session, subscriber: Subscriber, kind: str, context: dict[str, Any]
    ) -> None:
        self.notices.append((subscriber.email, kind, context))

    def flush(self) -> None:
        self.flushed += 1

    @property
    def kinds(self) -> list[str]:
        return [kind for _, kind, _ in self.notices]

    def last_token(self) -> str:
        return self.notices[-1][2]["token"]


def unheard(*_: object) -> None:
    """In place of `send_notice` where no mail matters."""


class Clock:
    """A `now` that tests can move."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


def vote_tokens(
    subscriber_id: int, links_version: int = 1, *, now: datetime = NOW, entry_id: int = 11
) -> tuple[str, str]:
    """The tokens for more and for less like an entry."""
    made = SIGNER.make_votes(subscriber_id, links_version, [entry_id], now=now)
    return made[entry_id]


def any_token(
    purpose: Purpose, subscriber_id: int, links_version: int = 1, *, now: datetime = NOW
) -> str:
    """A token of whatever purpose."""
    if purpose is Purpose.VOTE:
        return vote_tokens(subscriber_id, links_version, now=now)[0]
    about = 11 if purpose in ABOUT_ONE_THING else None
    return SIGNER.make(purpose, subscriber_id, links_version, now=now, about=about)


def renderer() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.globals["theme"] = tomllib.loads((TEMPLATES / "theme.toml").read_text("utf-8"))
    return environment


def preferences(wishes: str = "speculative decoding", **more: Any) -> Preferences:
    max_papers, language = more.pop("max_papers", 10), more.pop("language", "en")
    schedule = {"cadence": "daily", "hour": 7, "timezone": "Europe/Berlin", **more}
    return Preferences(
        profile=parse_profile(wishes),
        schedule=make_schedule(**schedule),
        max_papers=max_papers,
        language=language,
    )


def join(
    session: Session, email: str = "ada@example.org", *, now: datetime = NOW, **more: Any
) -> Subscriber:
    """A confirmed subscriber, by the ways that a person takes; their first digest is behind them."""
    subscriber = ask(session, email, now=now, **more)
    confirm(session, subscriber, origin=ORIGIN, signer=SIGNER, send_notice=unheard, now=now)
    subscriber.next_send_at = next_send(schedule_of(subscriber), now)
    session.flush()
    return subscriber


def ask(
    session: Session,
    email: str = "ada@example.org",
    *,
    now: datetime = NOW,
    mailbag: Mailbag | None = None,
    origin: Origin = ORIGIN,
    ratings: tuple[tuple[str, int], ...] = (),
    **more: Any,
) -> Subscriber:
    """A subscriber who has signed up and not confirmed."""
    address = parse_address(email)
    request_subscription(
        session,
        SignUp(address, preferences(**more), ratings, worked=True),
        origin=origin,
        signer=SIGNER,
        send_notice=(mailbag or Mailbag()).send_notice,
        now=now,
    )
    session.flush()
    found = session.query(Subscriber).filter_by(address_hash=address.hash).one()
    subscriber = locked(session, found.id)
    assert subscriber is not None
    return subscriber


class Shelf:
    """What the pages ask about papers, answered from `PAPERS`; every digest held all of them."""

    def __init__(self) -> None:
        self.digests_sent: list[PastDigest] = []
        self.forgotten: list[str] = []

    def papers(self, session, keys):
        return {paper.key: paper for paper in self._all() if paper.key in keys}

    def beside(self, session, subscriber_id, entry_id):
        return self._all()

    def shared(self, session, votes):
        found = []
        for value in (1, -1):
            keys = tuple(vote.entry_key for vote in votes if vote.value == value)
            if keys:
                found.append(Shared(value, Common.WORDS, "maps <of> places", keys))
        return found

    def sources(self, session):
        return [SourceShown("arxiv", "arXiv"), SourceShown("blog <1>", "blog <1>")]

    def digests(self, session, subscriber_id, most):
        return self.digests_sent[:most]

    def held(self, session, subscriber_id):
        return {"digests": []}

    def forget(self, session, email):
        self.forgotten.append(email)

    @staticmethod
    def _all():
        return [Paper(entry_id, *said) for entry_id, said in PAPERS.items()]


@dataclass
class Site:
    """The pages, with all that stands behind them within reach."""

    client: TestClient
    sessions: sessionmaker[Session]
    mailbag: Mailbag
    clock: Clock
    deps: WebDeps

    def link(self, purpose: Purpose, subscriber: Subscriber) -> str:
        who = (subscriber.id, subscriber.links_version)
        return f"/{purpose.name.lower()}/{any_token(purpose, *who, now=self.clock.now)}"

    def joined(self, email: str = "ada@example.org", **more: Any) -> Subscriber:
        with self.sessions.begin() as session:
            return join(session, email, now=self.clock.now, **more)

    def asked(self, email: str = "ada@example.org", **more: Any) -> Subscriber:
        with self.sessions.begin() as session:
            return ask(session, email, now=self.clock.now, **more)

    def subscriber(self, email: str = "ada@example.org") -> Subscriber | None:
        with self.sessions() as session:
            found = session.query(Subscriber).filter_by(address_hash=parse_address(email).hash)
            subscriber = found.one_or_none()
            if subscriber is not None:
                assert subscriber.interests is not None
            return subscriber


def build_site(sessions: sessionmaker[Session], base_url: str = "http://testserver") -> Site:
    environment, mailbag, clock = renderer(), Mailbag(), Clock()
    deps = WebDeps(
        sessions=sessions,
        readers=sessions,
        signer=SIGNER,
        render=lambda name, context: environment.get_template(name).render(context),
        send_notice=mailbag.send_notice,
        describe_entry=lambda _session, entry_id: PAPERS.get(entry_id),
        flush=mailbag.flush,
        now=clock,
        base_url=base_url,
        site="Paperround",
        contact="editor@example.org",
        library=Shelf(),
    )
    client = TestClient(
        Starlette(routes=routes(deps), middleware=[Middleware(Speaking)]), follow_redirects=False
    )
    return Site(client, sessions, mailbag, clock, deps)


def dump(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, to see whether anything changed."""
    return {
        table.name: sorted((tuple(row) for row in session.execute(table.select())), key=repr)
        for table in Base.metadata.sorted_tables
    }
