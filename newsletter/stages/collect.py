"""The collect stage: ask every source, save what it lists, keep the edition's report.

For each source: gather a batch (network, no transaction), save it with the source's validators and
cursor (one short transaction), then ask for the next. A source that fails costs only itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from newsletter.collect.http import Http
from newsletter.collect.port import Batch, Collector, Request
from newsletter.collect.registry import collector
from newsletter.collect.withdrawals import is_withdrawn
from newsletter.errors import SourceError
from newsletter.model import Listed
from newsletter.stages.signals import SignalReport
from newsletter.store import editions, entries, sources
from newsletter.store.entries import Saved
from newsletter.store.sources import SourceView

log = structlog.get_logger(__name__)

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


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """How one source's visit went. `answered`: it was read to its end, whatever it listed."""

    name: str
    kind: str
    saved: Saved = field(default_factory=Saved)
    unchanged: bool = False
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    error: str | None = None
    seconds: float = 0.0

    @property
    def answered(self) -> bool:
        return self.error is None

    @property
    def listed(self) -> int:
        return self.saved.listed

    @property
    def new(self) -> int:
        return self.saved.new

    def as_dict(self) -> dict[str, Any]:
        """For `--json` and the edition's row: the counts stand beside the rest."""
        found = {name: value for name, value in asdict(self).items() if name != "saved"}
        found |= {"problems": list(self.problems), "notes": list(self.notes)}
        rounded = {"answered": self.answered, "seconds": round(self.seconds, 2)}
        return found | asdict(self.saved) | rounded


@dataclass(frozen=True, slots=True)
class CollectReport:
    """What a run of the stage brought. `complete`: all enabled sources answered for the day."""

    day: date
    sources: tuple[SourceReport, ...]
    complete: bool
    signals: tuple[SignalReport, ...] = ()

    @property
    def saved(self) -> Saved:
        return sum((report.saved for report in self.sources), Saved())

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "day": self.day.isoformat(),
            "complete": self.complete,
            "sources": [report.as_dict() for report in self.sources],
            "signals": [report.as_dict() for report in self.signals],
            **asdict(self.saved),
        }


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
        return [sources.get(session, name) for name in dict.fromkeys(names)]


@dataclass(slots=True)
class _Visit:
    """One source, read once."""

    sessions: sessionmaker[Session]
    source: SourceView
    collector_of: Callable[[str], Collector]
    day: date
    now: datetime

    def run(self, http: Http, tell: Callable[[int], None]) -> SourceReport:
        started = time.monotonic()
        view = http.remembering(self.source.validators)
        saved, unchanged, error = Saved(), False, None
        problems: list[str] = []
        notes: list[str] = []
        try:
            for batch in self._batches(view):
                saved += self._save(batch, view)
                unchanged = unchanged or batch.unchanged
                problems += batch.problems
                notes += batch.notes
                tell(saved.listed)
        except SourceError as failure:
            error = " ".join(str(failure).split())
        except Exception as failure:  # a plugin's slip must not cost the other sources
            log.exception("a collector broke", source=self.source.name, kind=self.source.kind)
            error = f"the collector itself broke: {type(failure).__name__}: {failure}"
        self._remember(error)
        return SourceReport(
            name=self.source.name,
            kind=self.source.kind,
            saved=saved,
            unchanged=unchanged and not saved.listed,
            problems=_bounded(problems),
            notes=_bounded(notes),
            error=error,
            seconds=time.monotonic() - started,
        )

    def _batches(self, http: Http) -> Iterator[Batch]:
        request = Request(self.source.settings, self.day, self.now, self.source.cursor)
        return self.collector_of(self.source.kind).collect(request, http)

    def _save(self, batch: Batch, http: Http) -> Saved:
        """Commit a batch; once more if another process saved the same new paper meanwhile."""
        try:
            return self._save_once(batch, http)
        except IntegrityError:
            return self._save_once(batch, http)

    def _save_once(self, batch: Batch, http: Http) -> Saved:
        with self.sessions.begin() as session:
            saved = entries.save(session, self.source.id, _judged(batch.listed), self.now)
            if batch.withdrawn:
                entries.withdraw(session, batch.withdrawn, self.now)
            sources.remember_batch(
                session, self.source.id, validators=http.validators, cursor=batch.cursor
            )
        return saved

    def _remember(self, error: str | None) -> None:
        with self.sessions.begin() as session:
            if error is None:
                sources.remember_success(session, self.source.id, self.now)
            else:
                log.warning("a source failed", source=self.source.name, error=error)
                sources.remember_failure(session, self.source.id, error)


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
        return editions.record_collection(session, day, told, expected, now)
