"""What each place brought of a day, and why a day is quiet. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from newsletter.collect import calendar
from newsletter.stages.browsed import Batch, Quiet
from newsletter.stages.origins import Origin, origin_of

ARXIV = "arxiv"


def batches(counts: Mapping[Origin, int], report: Mapping[str, Any] | None) -> tuple[Batch, ...]:
    """What each place brought, the most first: papers by place, with the report of the day's run.

    Without a report nobody knows whether they are all.
    """
    told: dict[Origin, list[Mapping[str, Any]]] = {}
    for name, source in (report or {}).get("sources", {}).items():
        told.setdefault(origin_of(source.get("kind", ""), name), []).append(source)
    found = [
        _batch(place, counts.get(place, 0), told.get(place, ()))
        for place in {**counts, **dict.fromkeys(told, 0)}
    ]
    return tuple(sorted(found, key=lambda batch: (-batch.count, batch.place)))


def _batch(place: Origin, count: int, told: Collection[Mapping[str, Any]]) -> Batch:
    if not told:
        return Batch(place=place.name, count=count, complete=None)
    missing = sum(source.get("missing") or 0 for source in told)
    whole = all(source.get("answered") for source in told)
    failed = any(source.get("error") and not source.get("answered") for source in told)
    return Batch(
        place=place.name,
        count=count,
        complete=whole and not missing,
        missing=missing,
        failed=failed,
    )


def why_quiet(
    day: date,
    now: datetime,
    *,
    counts: Mapping[Origin, int],
    kinds: Iterable[str],
    brought: Collection[Batch],
    collected: bool,
) -> Quiet | None:
    """Why a day has no papers, or none of arXiv's where arXiv is asked; None for an ordinary day.

    `kinds`: of the sources there are; `collected`: a run of that day has read them.
    """
    from_arxiv = any(place.value == ARXIV for place in counts)
    asks_arxiv = any(kind.startswith(f"{ARXIV}-") for kind in kinds)
    if from_arxiv or (counts and not asks_arxiv):
        return None
    if day > now.date():
        return Quiet.FUTURE
    if any(batch.failed for batch in brought):
        return Quiet.FAILED
    if asks_arxiv and not calendar.expected(day):
        return Quiet.WEEKEND
    if asks_arxiv and now < calendar.feed_due_at(day):
        return Quiet.EARLY
    if not collected:
        return Quiet.NOT_COLLECTED
    if not asks_arxiv:
        return Quiet.NOTHING
    return Quiet.EARLY if now < calendar.deadline(day) else Quiet.HOLIDAY
