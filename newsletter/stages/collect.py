"""The collect stage: ask every source, save what it lists, keep the edition's report.

For each source: gather a batch (network, no transaction), save it with the source's validators and
cursor (one short transaction), then ask for the next. A source that fails costs only itself.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from newsletter.collect import calendar
from newsletter.collect.http import Http, Validators
from newsletter.collect.port import Batch, Collector, Request
from newsletter.collect.registry import collector
from newsletter.collect.withdrawals import is_withdrawn
from newsletter.errors import SourceError
from newsletter.model import Listed
from newsletter.stages.catching_up import CatchingUp
from newsletter.stages.collected import CollectReport, SourceReport, lacking
from newsletter.store import editions, entries, sources
from newsletter.store.entries import Saved
from newsletter.store.sources import SourceView

__all__ = ["CollectReport", "SourceReport", "Step", "collect", "silent"]

log = structlog.get_logger(__name__)

_CATEGORIES = 40  # of arXiv's 155, the largest
_LINES = 50  # problem lines kept a source; a source that lies a thousand times has been understood


@dataclass(frozen=True, slots=True)
class Step:
    """How far the stage is: `done` of `total` sources; `source` is just being read or finished."""

    source: str
    done: int
    total: int
    listed: int


Progress = Callable[[Step], None]


def silent(_step: Step) -> None:
    """Show no progress."""


def collect(
    sessions: sessionmaker[Session],
    http_factory: Callable[[], Http],
    names: Sequence[str] | None = None,
    *,
    day: date,
    now: datetime,
    on_progress: Progress = silent,
    collector_of: Callable[[str], Collector] = collector,
) -> CollectReport:
    """Collect the named sources, or all enabled ones, for a day, and update the day's edition.

    Raises StoreError for a name that no source has. A source's own failure is in the report.
    """
    chosen = _chosen(sessions, names)
    reports: list[SourceReport] = []
    with http_factory() as http:
        for done, source in enumerate(chosen):
            visit = _Visit(sessions, source, collector_of, day, now)

            def tell(listed: int, done: int = done, name: str = source.name) -> None:
                on_progress(Step(name, done, len(chosen), listed))

            tell(0)
            reports.append(visit.run(http, tell))
            tell(reports[-1].saved.listed, done + 1)
    complete = _record(sessions, day, now, reports)
    return CollectReport(day, tuple(reports), complete)


def _chosen(sessions: sessionmaker[Session], names: Sequence[str] | None) -> list[SourceView]:
    with sessions() as session:
        if names is None:
            return sources.all_sources(session, enabled_only=True)
        asked_for = [sources.get(session, name) for name in dict.fromkeys(names)]
        return [replace(source, retry_at=None) for source in asked_for]


@dataclass(slots=True)
class _Found:
    """What the batches of a visit add up to."""

    saved: Saved = field(default_factory=Saved)
    unchanged: bool = False
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    batch_day: date | None = None
    announced: int | None = None
    categories: Counter[str] = field(default_factory=Counter)

    def add(self, batch: Batch, saved: Saved) -> None:
        self.saved += saved
        self.unchanged = self.unchanged or batch.unchanged
        self.problems += batch.problems
        self.notes += batch.notes
        self.batch_day = batch.batch_day or self.batch_day
        if batch.announced is not None:
            self.announced = (self.announced or 0) + batch.announced
        self.categories.update(
            paper.categories[0] for paper in batch.listed if paper.categories and paper.is_news
        )

    def report(
        self, source: SourceView, day: date, now: datetime, error: str | None
    ) -> SourceReport:
        return SourceReport(
            name=source.name,
            kind=source.kind,
            saved=self.saved,
            unchanged=self.unchanged and not self.saved.listed,
            problems=tuple(self.problems),
            notes=tuple(self.notes),
            error=error,
            batch_day=self.batch_day,
            announced=self.announced,
            missing=max(0, (self.announced or 0) - self.saved.listed),
            categories=dict(self.categories.most_common(_CATEGORIES)),
            lacks=lacking(self.batch_day, day, now) if error is None else None,
        )


@dataclass(slots=True)
class _Visit:
    """One source, read once, and then caught up where it missed days."""

    sessions: sessionmaker[Session]
    source: SourceView
    collector_of: Callable[[str], Collector]
    day: date
    now: datetime
    _found: _Found = field(default_factory=_Found)
    _started: float = field(default_factory=time.monotonic)

    def run(self, http: Http, tell: Callable[[int], None]) -> SourceReport:
        if self.source.retry_at is not None and self.source.retry_at > self.now:
            return self._left_alone(self.source.retry_at)
        error = self._read(http.remembering(self.source.validators), tell)
        self._remember(error)
        report = self._found.report(self.source, self.day, self.now, error)
        with self.sessions() as session:
            current = sources.get(session, self.source.name)
        later = CatchingUp(current, self.collector_of, self.day, self.now, self._save_missed)
        with contextlib.suppress(SourceError):  # a kind that cannot be loaded has told so above
            report = later.run(report, http.remembering({}))
        return replace(
            report,
            problems=_bounded(report.problems),
            notes=_bounded(report.notes),
            seconds=time.monotonic() - self._started,
        )

    def _read(self, view: Http, tell: Callable[[int], None]) -> str | None:
        """Read the source and commit its batches; why it broke off, or None."""
        try:
            for batch in self._batches(view):
                self._found.add(batch, self._commit(batch, view.validators))
                tell(self._found.saved.listed)
        except SourceError as failure:
            return " ".join(str(failure).split())
        except Exception as failure:  # a plugin's slip must not cost the other sources
            log.exception("a collector broke", source=self.source.name, kind=self.source.kind)
            return f"the collector itself broke: {type(failure).__name__}: {failure}"
        return None

    def _left_alone(self, until: datetime) -> SourceReport:
        times, last = self.source.failures, self.source.last_error
        line = f"left alone until {until:%d %B %H:%M} UTC after {times} failures in a row: {last}"
        return SourceReport(name=self.source.name, kind=self.source.kind, error=line)

    def _batches(self, http: Http) -> Iterator[Batch]:
        request = Request(self.source.settings, self.day, self.now, self.source.cursor)
        return self.collector_of(self.source.kind).collect(request, http)

    def _save_missed(self, batch: Batch, day: date | None) -> Saved:
        return self._commit(batch, None, day)

    def _commit(
        self, batch: Batch, validators: Validators | None, complete: date | None = None
    ) -> Saved:
        """Commit a batch; once more if another process saved the same new paper meanwhile."""
        try:
            return self._commit_once(batch, validators, complete)
        except IntegrityError:
            return self._commit_once(batch, validators, complete)

    def _commit_once(
        self, batch: Batch, validators: Validators | None, complete: date | None
    ) -> Saved:
        with self.sessions.begin() as session:
            saved = entries.save(session, self.source.id, _judged(batch.listed), self._moment())
            if batch.withdrawn:
                entries.withdraw(session, batch.withdrawn, self.now)
            sources.remember_batch(
                session, self.source.id, validators=validators, cursor=batch.cursor
            )
            if complete is not None:
                sources.remember_complete(session, self.source.id, complete)
        return saved

    def _moment(self) -> datetime:
        """The present, counted from `now`: a visit may last hours, and whoever got their digest
        meanwhile has still to be told of what is saved only now.
        """
        return self.now + timedelta(seconds=time.monotonic() - self._started)

    def _remember(self, error: str | None) -> None:
        with self.sessions.begin() as session:
            if error is None:
                sources.remember_success(session, self.source.id, self.now)
            else:
                log.warning("a source failed", source=self.source.name, error=error)
                sources.remember_failure(session, self.source.id, error, self.now)


def _judged(listed: Sequence[Listed]) -> list[Listed]:
    """The papers, with those marked that say of themselves that they were withdrawn."""
    return [
        replace(paper, withdrawn=True) if is_withdrawn(paper.comment, paper.abstract) else paper
        for paper in listed
    ]


def _bounded(lines: Sequence[str]) -> tuple[str, ...]:
    more = len(lines) - _LINES
    return (*lines[:_LINES], *([f"and {more} more lines"] if more > 0 else []))


def _record(
    sessions: sessionmaker[Session], day: date, now: datetime, reports: Sequence[SourceReport]
) -> bool:
    told = {report.name: report.as_dict() for report in reports}
    with sessions.begin() as session:
        expected = [source.name for source in sources.all_sources(session, enabled_only=True)]
        return editions.record_collection(
            session, day, told, expected, now, deadline=calendar.deadline(day)
        )
