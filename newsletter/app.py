"""The composition root: the one place where settings become working parts."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from email.utils import formataddr, parseaddr
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from newsletter import clock
from newsletter.bounce.values import Report
from newsletter.collect.gate import Gate
from newsletter.collect.http import Http
from newsletter.deliver.dkim import Signer, open_signer
from newsletter.deliver.pace import Domains
from newsletter.deliver.port import Mailer
from newsletter.encode.port import Encoder
from newsletter.encode.sentences import open_encoder
from newsletter.errors import EncoderError, SourceError
from newsletter.llm.chat import open_writer
from newsletter.llm.port import Writer
from newsletter.model import DeliveryState
from newsletter.pipeline import Pipeline
from newsletter.receive.imap import read_mailbox
from newsletter.receive.listener import listening
from newsletter.render import MailRenderer, Site, Templates
from newsletter.render.headers import mailbox
from newsletter.sending import mailer_of, notice_rules, probe_of, rules_of
from newsletter.setting_types import parse_dkim_key, parse_mailbox
from newsletter.settings import Settings
from newsletter.stages import collect as collecting
from newsletter.stages.company import learn_company
from newsletter.stages.learning import learn_stale
from newsletter.stages.letters import DigestLetters, Links
from newsletter.stages.meaning import Meaning
from newsletter.stages.notices import NoticeLetters
from newsletter.stages.plan import Planner
from newsletter.stages.returned import Intake
from newsletter.stages.seeds import fetch_seeds
from newsletter.stages.send import Sender, SendReport
from newsletter.stages.signals import SignalReport, observe
from newsletter.stages.signing import signed
from newsletter.stages.sources import ensure_sources
from newsletter.stages.spaces import Spaces
from newsletter.stages.summarise import Bounds, SummaryReport, summarise
from newsletter.stages.vectors import encode_missing
from newsletter.store.editions import note_for_readers
from newsletter.store.engine import Sessions, open_engine, open_sessions, require_current
from newsletter.store.ledger import DELIVERIES, NOTICES, Scope
from newsletter.store.tables import Notice
from newsletter.store.turns import SharedTurns
from subscribers.tables import Subscriber
from subscribers.tokens import LinkSigner

log = structlog.get_logger()

# Vectors reach at least this far back: what readers vote on was mailed to them not long ago.
_ENCODED_DAYS = 30
# Two minutes or so of work: whoever stops the process need not wait longer.
_LEARNED_AT_ONCE = 20_000


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
        contact = self.settings.contact or self.settings.base_url
        gate = Gate(turns=SharedTurns(self.sessions, clock.now))
        return Http(contact=contact, allow_private=self.settings.allow_private_sources, gate=gate)

    def renderer(self) -> MailRenderer:
        """A fresh renderer; it keeps the cards of its run."""
        return MailRenderer(self.site, self.templates)

    def pipeline(self) -> Pipeline:
        """The daily story with these parts."""
        return Pipeline(
            collect=self.collect,
            planner=self.planner,
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
        on_progress: collecting.Progress = collecting.silent,
        names: list[str] | None = None,
    ) -> collecting.CollectReport:
        """Visit the sources, all or the named ones, and encode what is new.

        With all sources, missing seed papers are fetched too.
        """
        report = collecting.collect(
            self.sessions, self.http, names, day=day, now=now, on_progress=on_progress
        )
        if names is None:
            try:
                fetch_seeds(self.sessions, self.http, now)
            except SourceError as error:
                log.warning("seeds.failed", error=str(error))
            report = replace(report, signals=self._observe(now))
        return self._encoded(report, now)

    def _encoded(self, report: collecting.CollectReport, now: datetime) -> collecting.CollectReport:
        """The report with how many papers were encoded; without vectors the day goes on all the same."""
        if self.encoder is None:
            return report
        days = max(_ENCODED_DAYS, self.settings.window_days)
        try:
            count = encode_missing(self.sessions, self.encoder, now, days, self.stopping.is_set)
        except EncoderError as error:
            log.warning("encoder.failed", error=str(error))
            return replace(report, encoder_error=str(error))
        return replace(report, encoded=count)

    def _observe(self, now: datetime) -> tuple[SignalReport, ...]:
        return observe(
            self.sessions,
            self.http,
            self.settings.signals,
            now=now,
            days=self.settings.window_days,
        )

    def planner(self, now: datetime) -> Planner:
        """A planner as of `now`."""
        return Planner(
            self.sessions, now, self.settings.window_days, note_for_readers, self._spaces
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
        load = signed(letters.load, self.dkim)
        return Sender(
            self.sessions,
            DELIVERIES,
            self.mailer,
            load,
            clock.now,
            self.stopping,
            rules_of(self.settings, share),
            self._bounced,
            self._domains,
        )

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
        return Sender(
            self.sessions,
            NOTICES,
            self.mailer,
            signed(self._notice_letters.load, self.dkim),
            clock.now,
            self.stopping,
            notice_rules(self.settings),
            self._bounced,
        )

    def _bounced(self, report: Report) -> None:
        """A refusal is a returned mail that came at once."""
        found = report.findings[0]
        said = f"{report.message_id}\n{found.status} {found.diagnostic}".encode()
        self.intake().take_report(report, said, way="answer")

    def intake(self) -> Intake:
        """What takes everything that comes back."""
        return Intake(self.sessions, self.links, queue_notice, clock.now)

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
        """Learn profiles that are out of date ahead of their readers' hour; how many."""
        return learn_stale(self.sessions, self._spaces, now, _LEARNED_AT_ONCE)

    def refresh(self, now: datetime) -> None:
        """Learn anew what profiles rest on: the archive's space, what readers like together."""
        self._spaces.refresh(self.sessions, now)
        learn_company(self.sessions, self._spaces, now)

    @cached_property
    def dkim(self) -> Signer | None:
        """What signs all mails; None where the settings name no keys. Raises SettingsError."""
        wanted = self.settings
        return open_signer(
            wanted.dkim_domain or mailbox(self.site.sender).address.rpartition("@")[2],
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
    site = _site(settings)
    return App(
        settings=settings,
        engine=engine,
        sessions=open_sessions(engine),
        signer=signer,
        links=Links(
            base_url=settings.base_url,
            signer=signer,
            secret=settings.secret_key.encode(),
            domain=parseaddr(site.sender)[1].rpartition("@")[2],
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


def queue_notice(
    session: Session, subscriber: Subscriber, kind: str, context: dict[str, Any]
) -> None:
    """What `subscribers` calls to have a mail sent: a row in its own transaction, sent afterwards."""
    session.add(
        Notice(
            subscriber_id=subscriber.id,
            kind=kind,
            context=context,
            state=DeliveryState.PLANNED,
            created_at=clock.now(),
        )
    )


def _site(settings: Settings) -> Site:
    host = urlsplit(settings.base_url).hostname or "localhost"
    sender = settings.from_ or formataddr((settings.site_name, f"digest@{_domain(host)}"))
    return Site(
        name=settings.site_name,
        base_url=settings.base_url,
        sender=sender,
        list_id=f"digest.{_domain(host)}",
        postal_address=settings.postal_address or "",
        contact=settings.contact or "",
    )


def _domain(host: str) -> str:
    """A domain to name things by where the site has only a number."""
    return "localhost" if host.replace(".", "").isdigit() or ":" in host else host
