"""The composition root: the one place where settings become working parts."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property, partial

from sqlalchemy import Engine

from newsletter import clock
from newsletter.bounce.values import Report
from newsletter.collect.gate import Gate
from newsletter.collect.http import Http
from newsletter.deliver.dkim import Signer, open_signer
from newsletter.deliver.pace import Domains
from newsletter.deliver.port import Mailer
from newsletter.encode.port import Encoder
from newsletter.encode.sentences import open_encoder
from newsletter.llm.chat import open_writer
from newsletter.llm.port import Writer
from newsletter.logs import start_log
from newsletter.pipeline import Pipeline
from newsletter.receive.imap import read_mailbox
from newsletter.receive.listener import listening
from newsletter.render import MailRenderer, Site, Templates
from newsletter.render.headers import mailbox
from newsletter.render.site import site_of
from newsletter.sending import mailer_of, notice_rules, probe_of, rules_of
from newsletter.setting_types import parse_dkim_key, parse_mailbox
from newsletter.settings import Settings
from newsletter.stages.arriving import from_answer
from newsletter.stages.blocks import Blocks
from newsletter.stages.browse import Browser
from newsletter.stages.collect import CollectReport, Progress, silent
from newsletter.stages.company import learn_company
from newsletter.stages.learning import learn_stale
from newsletter.stages.letters import DigestLetters, Links
from newsletter.stages.meaning import Meaning
from newsletter.stages.notices import NoticeLetters
from newsletter.stages.placing import place_missing
from newsletter.stages.plan import Planner, PlanReport
from newsletter.stages.related import RelatedPapers
from newsletter.stages.returned import Intake
from newsletter.stages.search import Searcher
from newsletter.stages.send import Load, Rules, Sender, SendReport
from newsletter.stages.shards import plan_all
from newsletter.stages.shelf import Shelf
from newsletter.stages.signing import signed
from newsletter.stages.sources import ensure_sources
from newsletter.stages.spaces import Spaces
from newsletter.stages.summarise import Bounds, SummaryReport, summarise
from newsletter.stages.tasting import Tasting
from newsletter.stages.visit import Visit
from newsletter.store.claims import Scope
from newsletter.store.editions import note_for_readers
from newsletter.store.engine import Sessions, open_engine, open_sessions, require_current
from newsletter.store.ledger import Ledger
from newsletter.store.ledgers import DELIVERIES, NOTICES
from newsletter.store.notices import queue_notice
from newsletter.store.returned import prune
from newsletter.store.turns import SharedTurns
from subscribers import expiry
from subscribers.tokens import LinkSigner


@dataclass(frozen=True)
class App:
    """All parts, wired. Once `stopping` is set, senders finish the mails on the wire and no more.

    `encoder`: None while the settings want no matching by meaning. `writer`: None while they name no
    language model.
    """

    settings: Settings
    engine: Engine
    sessions: Sessions
    signer: LinkSigner
    links: Links
    site: Site
    templates: Templates
    mailer: Mailer
    encoder: Encoder | None = None
    writer: Writer | None = None
    stopping: threading.Event = field(default_factory=threading.Event)

    def http(self) -> Http:
        """A fresh HTTP client for one visit to the sources."""
        wanted = self.settings
        gate = Gate(turns=SharedTurns(self.sessions, clock.now))
        return Http(contact=wanted.operator, allow_private=wanted.allow_private_sources, gate=gate)

    def renderer(self) -> MailRenderer:
        """A fresh renderer; it keeps the cards of its run."""
        return MailRenderer(self.site, self.templates)

    def pipeline(self) -> Pipeline:
        """The daily story with these parts."""
        return Pipeline(
            collect=self.collect,
            plan=self.plan,
            summarise=self.summarise,
            send=self.send,
            notices=self.notices,
            now=clock.now,
            summarises=self.writer is not None,
        )

    def collect(
        self,
        day: date,
        now: datetime,
        on_progress: Progress = silent,
        names: list[str] | None = None,
    ) -> CollectReport:
        """Visit the sources, all or the named ones, and what belongs to a visit (see `Visit.run`)."""
        wanted = self.settings
        visit = Visit(
            self.sessions,
            self.http,
            wanted.signals,
            wanted.window_days,
            self.encoder,
            self.stopping,
        )
        return visit.run(day, now, on_progress, names)

    def planner(self, now: datetime) -> Planner:
        """A planner as of `now`."""
        return Planner(
            self.sessions, now, self.settings.window_days, note_for_readers, self._spaces
        )

    def plan(self, blocks: Blocks, progress: Callable[[int], None] = lambda _: None) -> PlanReport:
        """Plan a digest for everybody in `blocks`, in several processes where they are many."""
        return plan_all(
            self.planner(blocks.now),
            partial(_open_planner, self.settings, blocks.now),
            blocks,
            processes=self.settings.processes,
            progress=progress,
            stopped=self.stopping.is_set,
        )

    def summarise(self, patience: float, *, picks_only: bool = False) -> SummaryReport | None:
        """Have a model summarise what readers wait for; None where the settings name none."""
        if self.writer is None:
            return None
        wanted = self.settings
        bounds = Bounds(wanted.summary_requests, wanted.summary_connections, patience)
        return summarise(
            self.sessions, self.writer, bounds, clock.now,
            picks_only=picks_only, stopped=self.stopping.is_set,
        )  # fmt: skip

    def sender(self, share: float = 1.0) -> Sender:
        """What sends the planned digests. `share`: this process's of all limits, where several send."""
        letters = DigestLetters(self.renderer(), self.links)
        return self._sender(DELIVERIES, letters.load, rules_of(self.settings, share))

    def send(
        self,
        scope: Scope,
        progress: Callable[[int], None] = lambda _: None,
        *,
        more: Callable[[], bool] = lambda: False,
    ) -> SendReport:
        """Send what is due, by this process."""
        return self.sender().run(scope, progress, more=more)

    def notices(self) -> Sender:
        """What sends the mails that people asked for."""
        return self._sender(NOTICES, self._notice_letters.load, notice_rules(self.settings))

    def _sender(self, ledger: Ledger, load: Load, rules: Rules) -> Sender:
        return Sender(
            self.sessions,
            ledger,
            self.mailer,
            signed(load, self.dkim),
            clock.now,
            self.stopping,
            rules,
            self._bounced,
            self._domains,
        )

    def _bounced(self, report: Report) -> None:
        """A refusal is a returned mail that came at once."""
        self.intake().take_all([from_answer(report)])

    def intake(self) -> Intake:
        """What takes everything that comes back."""
        return Intake(self.sessions, self.links, queue_notice, clock.now)

    def prune_returned(self) -> None:
        """Drop what is kept for a time only of what came back."""
        with self.sessions.begin() as session:
            prune(session, clock.now())

    def forget_unconfirmed(self) -> None:
        """Drop sign-ups that nobody confirmed, and what limits do not look at any more."""
        with self.sessions.begin() as session:
            expiry.forget_unconfirmed(session, clock.now())

    def read_returned(self) -> int:
        """Take in what is new in the mailbox of the settings; how many mails. Raises NewsletterError."""
        if self.settings.bounce_imap is None:
            return 0
        take = self.intake().take
        box = parse_mailbox(self.settings.bounce_imap)
        return read_mailbox(box, lambda raw: take(raw, way="imap"))

    def receiving(self) -> AbstractContextManager[None]:
        """Listens for returned mail while it is entered, where the settings want it."""
        take = self.intake().take
        return listening(
            self.settings.bounce_listen,
            self.settings.bounce_address,
            lambda raw, to: take(raw, way="smtp", to=to),
        )

    def learn(self, now: datetime) -> int:
        """Learn profiles that are out of date ahead of their readers' hour; how many. Place new papers."""
        place_missing(self.sessions, self._spaces, self.stopping.is_set)
        return learn_stale(self.sessions, self._spaces, now)

    def refresh(self, now: datetime) -> None:
        """Learn anew what profiles rest on: the archive's space, what readers like together."""
        self._spaces.refresh(self.sessions, now)
        place_missing(self.sessions, self._spaces, self.stopping.is_set)
        learn_company(self.sessions, self._spaces, now)

    @cached_property
    def dkim(self) -> Signer | None:
        """What signs all mails; None where the settings name no keys. Raises SettingsError."""
        wanted = self.settings
        return open_signer(
            wanted.dkim_domain or mailbox(self.site.sender).domain,
            [parse_dkim_key(key) for key in wanted.dkim_keys],
            "simple" if wanted.dkim_canonicalization.endswith("/simple") else "relaxed",
        )

    @property
    def probe(self) -> Mailer:
        """A way to ask whether mail could leave."""
        return probe_of(self.settings)

    @cached_property
    def _domains(self) -> Domains:
        return Domains(self.settings.domain_rate or math.inf)

    @cached_property
    def _spaces(self) -> Spaces:
        return Spaces(Meaning(self.encoder) if self.encoder else None)

    @cached_property
    def searcher(self) -> Searcher:
        """What searches the papers; it shares their places in memory with `related_papers`."""
        return Searcher(self._shelf)

    @cached_property
    def tasting(self) -> Tasting:
        """What tells somebody the digest that they would get."""
        return Tasting(self.sessions, self._spaces, clock.now)

    @cached_property
    def browser(self) -> Browser:
        """What pages, feeds and the API show of the papers."""
        return Browser()

    @cached_property
    def related_papers(self) -> RelatedPapers:
        """What finds the papers that are related to one."""
        return RelatedPapers(self._shelf)

    @cached_property
    def _shelf(self) -> Shelf:
        return Shelf(Meaning(self.encoder) if self.encoder else None)

    @cached_property
    def _notice_letters(self) -> NoticeLetters:
        # Made once: it keeps no cards, and every sign-up would otherwise compile all templates.
        return NoticeLetters(self.renderer(), self.links)

    def ensure_sources(self) -> None:
        """Put the sources that the settings name into the database."""
        with self.sessions.begin() as session:
            ensure_sources(session, self.settings.sources)


def build(settings: Settings, *, check: bool = True) -> App:
    """Wire the parts. Raises StoreError unless the database is reachable and current (`check`)."""
    engine = open_engine(settings.database_url)
    if check:
        require_current(engine)
    signer = LinkSigner(settings.secret_key)
    site = site_of(settings)
    return App(
        settings=settings,
        engine=engine,
        sessions=open_sessions(engine),
        signer=signer,
        links=Links(
            base_url=settings.base_url,
            signer=signer,
            secret=settings.secret_key.encode(),
            domain=mailbox(site.sender).domain,
            returns=settings.bounce_address or "",
        ),
        site=site,
        templates=Templates(settings.templates),
        mailer=mailer_of(settings),
        encoder=open_encoder(settings.encoder),
        writer=open_writer(
            settings.summary_url,
            settings.summary_model,
            settings.summary_key,
            settings.summary_seconds,
        ),
    )


def _open_planner(settings: Settings, now: datetime) -> Planner:
    """A planner in a process of its own."""
    start_log(settings.log_level, settings.log_format)
    return build(settings, check=False).planner(now)
