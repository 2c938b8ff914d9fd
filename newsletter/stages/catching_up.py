"""After an outage: the days that a source no longer shows, from the one that has them all.

A source's `complete_until` moves forward day by day, each with the papers that it stands for. A harvest
that breaks off goes on from its cursor; one that has happened already finds nothing new.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from newsletter.collect import calendar, dates
from newsletter.collect.http import Http
from newsletter.collect.port import Batch, Collector, Counterpart, Partial, Request
from newsletter.collect.text import counted
from newsletter.errors import SourceError
from newsletter.stages.collected import SourceReport
from newsletter.store.entries import Saved
from newsletter.store.sources import SourceView

_GRACE = timedelta(hours=2)  # after OAI-PMH is due; until then the feed is merely not out yet


@dataclass(frozen=True, slots=True)
class Gap:
    """What is to be made good: the days of batches after `since`, up to `until`.

    `lost`: how many earlier ones lie further back than the source may be caught up.
    """

    since: date
    until: date
    days: tuple[date, ...]
    lost: int = 0


def find_gap(
    complete_until: date | None, shown: date | None, day: date, now: datetime, limit: int
) -> Gap | None:
    """The batches that are neither in nor to be had from the source, which just showed `shown`.

    A source that failed or is stale is stood in for once its day's batch must be in the archive.
    """
    if complete_until is None:
        return None
    until = shown - timedelta(days=1) if shown else day - timedelta(days=1)
    stale = calendar.expected(day) and (shown is None or shown < day)
    if stale and now >= calendar.archive_due_at(day) + _GRACE:
        until = day
    days = calendar.expected_days(complete_until, until)
    days = [each for each in days if each != shown]
    kept = [each for each in days if each >= until - timedelta(days=limit)]
    if not kept:
        return None
    since = complete_until if len(kept) == len(days) else kept[0] - timedelta(days=1)
    return Gap(since, until, tuple(kept), len(days) - len(kept))


Save = Callable[[Batch, date | None], Saved]


@dataclass(slots=True)
class CatchingUp:
    """One source, after its visit. `save` commits a batch and, with a day, that it is complete."""

    source: SourceView
    collector_of: Callable[[str], Collector]
    day: date
    now: datetime
    save: Save

    def run(self, report: SourceReport, http: Http) -> SourceReport:
        """The report with what was made good, or why it could not be."""
        kind = self.collector_of(self.source.kind)
        counterpart = (
            kind.complete_source(self.source.settings) if isinstance(kind, Partial) else None
        )
        if counterpart is None:
            return report
        shown = report.batch_day if report.error is None else None
        begun = self.source.complete_until
        gap = find_gap(begun, shown, self.day, self.now, counterpart.days)
        if gap is not None:
            report = self._caught_up(report, counterpart, gap, http)
        behind = gap is not None and gap.days[-1] not in report.caught_up
        if shown is not None and not behind and (begun is None or begun < shown):
            self.save(Batch(), shown)
        return report

    def _caught_up(
        self, report: SourceReport, counterpart: Counterpart, gap: Gap, http: Http
    ) -> SourceReport:
        saved, done, error = Saved(), gap.since, None
        cursor = self.source.cursor.get("catch_up") or {
            "since": gap.since.isoformat(),
            "done": gap.since.isoformat(),
            "highest": self.source.cursor.get("top", ""),
        }
        request = Request(counterpart.settings, gap.until, self.now, cursor)
        standing = {name: v for name, v in self.source.cursor.items() if name != "catch_up"}
        try:
            for batch in self.collector_of(counterpart.kind).collect(request, http):
                reached = dates.day((batch.cursor or {}).get("done"))
                done = reached or done
                kept = standing if done >= gap.until else standing | {"catch_up": batch.cursor}
                saved += self.save(replace(batch, cursor=kept if batch.cursor else None), reached)
        except SourceError as failure:
            error = " ".join(str(failure).split())
        return self._told(report, gap, saved, done, error)

    def _told(
        self, report: SourceReport, gap: Gap, saved: Saved, done: date, error: str | None
    ) -> SourceReport:
        days = tuple(each for each in gap.days if each <= done)
        notes, problems = list(report.notes), list(report.problems)
        if days:
            what = counted(len(days), "missed day", "missed days")
            span = f"{days[0]}" if len(days) == 1 else f"{days[0]} to {days[-1]}"
            new = counted(saved.new, "new paper", "new papers")
            notes.append(f"caught up {what} ({span}) from OAI-PMH: {new}")
        if gap.lost:
            what = counted(gap.lost, "earlier batch", "earlier batches")
            problems.append(f"{what} before {gap.days[0]} lie too far back to be caught up")
        if len(days) < len(gap.days):
            rest = gap.days[len(days)]
            problems.append(f"not caught up from {rest} on: {error or 'more than one run takes'}")
        stood_in = self.day in days
        if stood_in and report.error:
            problems.append(f"{report.error}; OAI-PMH stood in for it")
        return replace(
            report,
            saved=report.saved + saved,
            unchanged=report.unchanged and not saved.listed,
            notes=tuple(notes),
            problems=tuple(problems),
            caught_up=days,
            error=None if stood_in else report.error,
            lacks=None if stood_in and saved.new else report.lacks,
        )
