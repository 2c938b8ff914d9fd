"""All that the tables say of one paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from newsletter.store.summaries import text_mark
from newsletter.store.tables import Entry, EntryKey, Listing, Revision, Signal
from newsletter.store.written import Summary

# Written once, for it is asked before every answer about a paper.
_NEWEST = (
    select(
        Entry.id,
        Entry.key,
        Entry.updated_at,
        *(
            each.correlate(Entry).scalar_subquery()
            for each in (
                select(func.max(Listing.seen_at)).where(Listing.entry_id == Entry.id),
                select(func.max(Signal.observed_at)).where(Signal.entry_id == Entry.id),
                select(Summary.settled_at).where(Summary.entry_id == Entry.id),
            )
        ),
    )
    .join(EntryKey, EntryKey.entry_id == Entry.id)
    .where(EntryKey.key == bindparam("key"))
)


@dataclass(frozen=True, slots=True)
class Record:
    """What the tables say of one entry beside its texts. `parts`: a model's, of the present text."""

    keys: tuple[str, ...]
    version: int | None
    comment: str | None
    keywords: tuple[str, ...]
    withdrawn_at: datetime | None
    updated_at: datetime
    listings: tuple[Listing, ...]
    revisions: tuple[Revision, ...]
    parts: dict[str, str]
    parts_by: str


def version(session: Session, key: str) -> tuple[int | str | datetime | None, ...] | None:
    """Changes whenever something does that is told of one paper: (id, canonical key, moments...).

    `key`: any of its keys; None where there is no such paper.
    """
    row = session.execute(_NEWEST, {"key": key}).one_or_none()
    return None if row is None else tuple(row)


def record(session: Session, entry_id: int) -> Record:
    """Everything about an entry that is not in `model.Entry`. Raises where there is no such entry."""
    entry = session.get_one(Entry, entry_id)

    summary = session.get(Summary, entry_id)
    told = summary is not None and summary.text_mark == text_mark(entry.title, entry.abstract)
    return Record(
        keys=tuple(
            session.scalars(
                select(EntryKey.key).where(EntryKey.entry_id == entry_id).order_by(EntryKey.key)
            )
        ),
        version=entry.version,
        comment=entry.comment,
        keywords=tuple(entry.keywords),
        withdrawn_at=entry.withdrawn_at,
        updated_at=entry.updated_at,
        listings=tuple(
            session.scalars(
                select(Listing)
                .where(Listing.entry_id == entry_id)
                .order_by(Listing.day.desc(), Listing.source_id)
            )
        ),
        revisions=tuple(
            session.scalars(
                select(Revision)
                .where(Revision.entry_id == entry_id)
                .order_by(Revision.version.desc())
            )
        ),
        parts=dict(summary.parts) if summary is not None and told else {},
        parts_by=summary.model if summary is not None and told and summary.parts else "",
    )
