"""The edition's row: what a day's run collected, and whether everybody has answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.store.tables import Edition


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
) -> bool:
    """Put the sources' reports into the day's report; whether all expected ones have answered.

    A source that has once answered for the day stays answered, whatever a later visit met.
    """
    edition = ensure(session, day, now)
    known = dict(edition.report.get("sources", {}))
    for name, report in told.items():
        answered = report["answered"] or known.get(name, {}).get("answered", False)
        known[name] = {**report, "answered": answered}
    missing = [name for name in expected if not known.get(name, {}).get("answered")]
    edition.report = {**edition.report, "sources": known, "missing": missing}
    edition.complete = not missing
    edition.collected_at = now
    return edition.complete


def note_for_readers(session: Session, day: date) -> str | None:
    """A line for the readers of an edition when a source has not answered for its day, else None."""
    report = session.scalars(select(Edition.report).where(Edition.day == day)).one_or_none()
    missing = (report or {}).get("missing")
    if not missing:
        return None
    names = ", ".join(sorted(missing))
    return f"Not everything is in yet: {names} could not be read. What was missed comes later."
