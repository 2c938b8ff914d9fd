"""The edition's row: what a day's run collected, and whether everybody has answered."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from newsletter.store.tables import Edition
from subscribers.language import gettext as _
from subscribers.wording import said_date

_COUNTED = ("announced", "missing", "categories", "line")


def ensure(session: Session, day: date, now: datetime) -> Edition:
    """The day's edition, made if it is not there yet."""
    edition = session.get(Edition, day)
    if edition is None:
        edition = Edition(day=day, created_at=now, complete=False, report={})
        session.add(edition)
        session.flush()
    return edition


def record_collection(
    session: Session,
    day: date,
    told: Mapping[str, Mapping[str, Any]],
    expected: Sequence[str],
    now: datetime,
    *,
    deadline: datetime | None = None,
) -> bool:
    """Put the sources' reports into the day's report; whether all expected ones have answered.

    A source that has once answered for the day stays answered, whatever a later visit met. After the
    deadline the edition counts as complete without those that have not.
    """
    edition = ensure(session, day, now)
    known = dict(edition.report.get("sources", {}))
    for name, report in told.items():
        answered = report["answered"] or known.get(name, {}).get("answered", False)
        known[name] = {**_whole(known.get(name, {}), report), "answered": answered}
    missing = [name for name in expected if not known.get(name, {}).get("answered")]
    edition.report = {**edition.report, "sources": known, "missing": missing}
    edition.complete = not missing or (deadline is not None and now >= deadline)
    edition.collected_at = now
    return edition.complete


def _whole(before: Mapping[str, Any], report: Mapping[str, Any]) -> dict[str, Any]:
    """A report, with what an earlier visit of the day counted where this one saw nothing changed."""
    kept = {}
    if report.get("announced") is None and before.get("batch_day") == report.get("batch_day"):
        kept = {name: before[name] for name in _COUNTED if before.get(name)}
    caught_up = sorted({*before.get("caught_up", ()), *report.get("caught_up", ())})
    return {**report, **kept, "caught_up": caught_up}


def stop(session: Session, day: date, why: str, now: datetime) -> None:
    """No more of an edition leaves, by whatever process; does nothing where it is stopped already."""
    session.execute(
        update(Edition)
        .where(Edition.day == day, Edition.stopped_at.is_(None))
        .values(stopped_at=now, stopped_why=why)
    )


def resume(session: Session, day: date | None, now: datetime) -> list[date]:
    """Let a stopped edition, or all, go on; which. What was refused by now no longer counts against it."""
    stopped = [Edition.stopped_at.is_not(None)] + ([Edition.day == day] if day else [])
    found = session.scalars(
        update(Edition)
        .where(*stopped)
        .values(stopped_at=None, stopped_why=None, resumed_at=now)
        .returning(Edition.day)
    )
    return sorted(found)


def stopped(session: Session) -> list[tuple[date, str]]:
    """The editions that are stopped, and why."""
    rows = session.execute(
        select(Edition.day, Edition.stopped_why)
        .where(Edition.stopped_at.is_not(None))
        .order_by(Edition.day)
    )
    return [(day, why or "") for day, why in rows]


def complete_days(session: Session, days: Collection[date]) -> set[date]:
    """Those of `days` whose sources have all answered; none where nothing was collected for a day."""
    asked = select(Edition.day).where(
        Edition.day.in_(days), Edition.complete, Edition.collected_at.is_not(None)
    )
    found = session.scalars(asked).all()
    return {day for day in found if not _missing(session, day)}


def _missing(session: Session, day: date) -> bool:
    # After the deadline an edition counts as complete without those that have not answered.
    report = session.scalars(select(Edition.report).where(Edition.day == day)).one()
    return bool(report.get("missing"))


def note_for_readers(session: Session, day: date) -> str | None:
    """A line for the readers of an edition, in the language being spoken: what is missing from it, what it
    catches up, or None.
    """
    report = session.scalars(select(Edition.report).where(Edition.day == day)).one_or_none() or {}
    lines = []
    if report.get("missing"):
        names = ", ".join(sorted(report["missing"]))
        missed = _(
            "Not everything is in yet: {names} could not be read. What was missed comes later."
        )
        lines.append(missed.format(names=names))
    days = {day for told in report.get("sources", {}).values() for day in told.get("caught_up", ())}
    if days:
        first, last = (date.fromisoformat(each) for each in (min(days), max(days)))
        # NOTE: a pattern of CLDR for "6 October"
        begun, ended = (said_date(each, _("d MMMM")) for each in (first, last))
        when = begun if first == last else _("{first} to {last}").format(first=begun, last=ended)
        caught_up = _("This edition also holds papers that were missed on {days}.")
        lines.append(caught_up.format(days=when))
    return " ".join(lines) or None
