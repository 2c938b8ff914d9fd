"""Listings: that a source showed an entry on a day, with its type, votes and comments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.orm import Session

from newsletter.model import Listed, ListingType
from newsletter.store import signals
from newsletter.store.bulk import in_chunks
from newsletter.store.tables import Listing, Source
from subscribers.orm import Base

_LISTING = Base.metadata.tables["listing"]
_STRENGTH = [str(kind) for kind in ListingType]


def remember(
    session: Session, source_id: int, shown_papers: Iterable[tuple[int, Listed]], now: datetime
) -> None:
    """Remember that the source showed these entries (id, listing) on their days.

    Votes and comments are signals as well: the listing keeps the last number, the signals all.
    """
    wanted = _wanted(shown_papers)
    _observe(session, wanted, now)
    held: dict[tuple[int, date], RowMapping] = {}
    for part in in_chunks({entry_id for entry_id, _ in wanted}):
        query = select(_LISTING).where(
            _LISTING.c.source_id == source_id, _LISTING.c.entry_id.in_(part)
        )
        for row in session.execute(query).mappings():
            held[row["entry_id"], row["day"]] = row
    added, changed = [], []
    for (entry_id, day), shown in wanted.items():
        old = held.get((entry_id, day))
        place = {"entry_id": entry_id, "source_id": source_id, "day": day}
        if old is None:
            added.append(place | shown | {"seen_at": now})
            continue
        fresh = {
            "type": min(old["type"], shown["type"], key=_STRENGTH.index),
            "votes": old["votes"] if shown["votes"] is None else shown["votes"],
            "comments": old["comments"] if shown["comments"] is None else shown["comments"],
        }
        if any(old[name] != value for name, value in fresh.items()):
            changed.append(place | fresh | {"seen_at": now})
    if added:
        session.execute(insert(_LISTING), added)
    if changed:
        session.execute(update(Listing), changed)


def listed_by(session: Session, entry_ids: Collection[int]) -> dict[int, frozenset[str]]:
    """The names of all sources that ever listed these entries: entry id -> names."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    for part in in_chunks(sorted(entry_ids)):
        rows = session.execute(
            select(Listing.entry_id, Source.name)
            .join(Source, Source.id == Listing.source_id)
            .where(Listing.entry_id.in_(part))
            .distinct()
        )
        for entry_id, name in rows:
            found[entry_id].add(name)
    return {entry_id: frozenset(names) for entry_id, names in found.items()}


def _observe(
    session: Session, wanted: dict[tuple[int, date], dict[str, Any]], now: datetime
) -> None:
    observed: dict[signals.Place, int] = {}
    for (entry_id, _day), shown in sorted(wanted.items()):
        for kind in ("votes", "comments"):
            if shown[kind] is not None:
                observed[entry_id, kind] = shown[kind]
    if observed:
        signals.record(session, observed, now)


def _wanted(
    shown_papers: Iterable[tuple[int, Listed]],
) -> dict[tuple[int, date], dict[str, Any]]:
    """The listings of a batch by entry and day; of several, the strongest type and most votes."""
    wanted: dict[tuple[int, date], dict[str, Any]] = {}
    for entry_id, paper in shown_papers:
        shown = wanted.setdefault(
            (entry_id, paper.day),
            {"type": str(paper.type), "votes": paper.votes, "comments": paper.comments},
        )
        shown["type"] = min(shown["type"], str(paper.type), key=_STRENGTH.index)
        for name, value in (("votes", paper.votes), ("comments", paper.comments)):
            counts = [count for count in (shown[name], value) if count is not None]
            shown[name] = max(counts, default=None)
    return wanted
