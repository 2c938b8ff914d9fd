"""Social attention over time: votes, points, stars, written only when they changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from newsletter.store.bulk import in_chunks
from newsletter.store.tables import Signal
from subscribers.orm import Base

_SIGNAL = Base.metadata.tables["signal"]

#: What is observed: (entry id, kind such as `votes`, `hn-points`, `stars`).
Place = tuple[int, str]


def record(session: Session, observed: Mapping[Place, int], now: datetime) -> int:
    """Write down the numbers that differ from the ones before; how many did.

    An observation older than what is known is left out; a second one at the same moment replaces
    the first.
    """
    known = latest(session, {entry_id for entry_id, _ in observed})
    added: list[dict[str, Any]] = []
    corrected: list[dict[str, Any]] = []
    for (entry_id, kind), value in observed.items():
        at, before = known.get((entry_id, kind), (None, None))
        row = {"entry_id": entry_id, "kind": kind, "observed_at": now, "value": value}
        if before == value or (at is not None and at > now):
            continue
        (corrected if at == now else added).append(row)
    if added:
        session.execute(insert(_SIGNAL), added)
    if corrected:
        session.execute(update(Signal), corrected)
    return len(added) + len(corrected)


def latest(
    session: Session, entry_ids: Collection[int], kind: str | None = None
) -> dict[Place, tuple[datetime, int]]:
    """The last observation of each kind (or of one) for these entries: when, and how much."""
    found: dict[Place, tuple[datetime, int]] = {}
    for part in in_chunks(sorted(entry_ids)):
        last = (
            select(Signal.entry_id, Signal.kind, func.max(Signal.observed_at).label("at"))
            .where(Signal.entry_id.in_(part))
            .group_by(Signal.entry_id, Signal.kind)
        )
        if kind is not None:
            last = last.where(Signal.kind == kind)
        newest = last.subquery()
        rows = session.execute(
            select(Signal.entry_id, Signal.kind, Signal.observed_at, Signal.value).join(
                newest,
                (Signal.entry_id == newest.c.entry_id)
                & (Signal.kind == newest.c.kind)
                & (Signal.observed_at == newest.c.at),
            )
        )
        for entry_id, what, at, value in rows:
            found[entry_id, what] = at, value
    return found


def history(session: Session, entry_id: int, kind: str) -> list[tuple[datetime, int]]:
    """How a number grew: each moment at which it was seen to differ, and the number."""
    rows = session.execute(
        select(Signal.observed_at, Signal.value)
        .where(Signal.entry_id == entry_id, Signal.kind == kind)
        .order_by(Signal.observed_at)
    )
    return [(at, value) for at, value in rows]
