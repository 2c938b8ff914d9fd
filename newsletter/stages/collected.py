"""What a run of the collect stage tells: per source, and for the day as a whole."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from newsletter.collect import calendar
from newsletter.stages.signals import SignalReport
from newsletter.store.entries import Saved


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """How one source's visit went.

    `batch_day`: the day of the announcements that it showed, where it announces in daily batches.
    `announced`: how many papers they were; `missing` of them could not be read.
    `categories`: how many new papers in each first category. `caught_up`: missed days made good.
    `lacks`: why the day's batch is not in although the source could be read.
    """

    name: str
    kind: str
    saved: Saved = field(default_factory=Saved)
    unchanged: bool = False
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    error: str | None = None
    seconds: float = 0.0
    batch_day: date | None = None
    announced: int | None = None
    missing: int = 0
    categories: dict[str, int] = field(default_factory=dict)
    caught_up: tuple[date, ...] = ()
    lacks: str | None = None

    @property
    def answered(self) -> bool:
        """It was read to its end, and the day's batch was there."""
        return self.error is None and self.lacks is None

    @property
    def listed(self) -> int:
        return self.saved.listed

    @property
    def new(self) -> int:
        return self.saved.new

    @property
    def line(self) -> str | None:
        """What of the batch is missing and why ("412 announced, 0 missing"), where it is known."""
        if self.lacks or self.announced is None:
            return self.lacks
        what = f"{self.announced} announced, {self.missing} missing"
        return f"{what} ({'; '.join(self.problems[:3])})" if self.missing else what

    @property
    def remark(self) -> str:
        """What somebody who looks at the run should know of it."""
        told = [self.error or self.line or ("unchanged" if self.unchanged else "")]
        if self.error is None and not self.missing:
            told += self.problems[:3]
        told += [note for note in self.notes if self.caught_up and note.startswith("caught up")]
        return "; ".join(filter(None, told))

    def as_dict(self) -> dict[str, Any]:
        """For `--json` and the edition's row: the counts of papers stand beside the rest.

        `unchanged` is such a count; `not_modified` tells that the source itself said 304.
        """
        found = {name: value for name, value in asdict(self).items() if name != "saved"}
        found["not_modified"] = found.pop("unchanged")
        found |= {"problems": list(self.problems), "notes": list(self.notes), "line": self.line}
        found |= {"caught_up": [day.isoformat() for day in self.caught_up]}
        found |= {"batch_day": self.batch_day.isoformat() if self.batch_day else None}
        rounded = {"answered": self.answered, "seconds": round(self.seconds, 2)}
        return found | asdict(self.saved) | rounded


@dataclass(frozen=True, slots=True)
class CollectReport:
    """What a run of the stage brought.

    `complete`: all enabled sources have answered for the day, or its deadline has passed.
    `encoded`: papers that got a vector for matching by meaning. `encoder_error`: why no more did.
    """

    day: date
    sources: tuple[SourceReport, ...]
    complete: bool
    signals: tuple[SignalReport, ...] = ()
    encoded: int = 0
    encoder_error: str | None = None

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
            "encoded": self.encoded,
            "encoder_error": self.encoder_error,
            **asdict(self.saved),
        }


def lacking(batch_day: date | None, day: date, now: datetime) -> str | None:
    """Why a source that announces in batches has not brought the day's, or None if it has.

    No batch is due at a weekend. A weekday's that does not come is late, or the day is a holiday:
    nobody can tell until the source itself moves on, so it is missed until the deadline.
    """
    if batch_day is None or batch_day >= day or not calendar.expected(day):
        return None
    shown = f"it still shows {batch_day:%A %d %B}"
    if now < calendar.feed_due_at(day):
        return f"the batch of {day:%A %d %B} is not due yet; {shown}"
    if now < calendar.deadline(day):
        return f"the batch of {day:%A %d %B} is late, or the day a holiday; {shown}"
    return f"no batch of {day:%A %d %B} came: a holiday, or a stale feed; {shown}"
