"""The vectors of entries: which are missing or out of date, saved, and read as one array."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, delete, func, or_, select, union
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from newsletter.store.bulk import in_chunks
from newsletter.store.tables import Entry, EntryKey, EntryVector
from subscribers.orm import Base
from subscribers.profile import Kind
from subscribers.tables import InterestRow, Vote

_VECTOR = Base.metadata.tables["entry_vector"]
_STORED = np.dtype("<f2")


@dataclass(frozen=True, slots=True)
class EntryText:
    """What is encoded of an entry, and the entry's `updated_at` when it was read."""

    entry_id: int
    text: str
    updated_at: datetime


def missing(session: Session, encoder: str, since: date, limit: int) -> list[EntryText]:
    """Entries without an up-to-date vector of this encoder, the newest first, at most `limit`.

    Those first listed since a day and not withdrawn, and, however old, those that readers voted on
    or gave as example papers.
    """
    mine = (EntryVector.entry_id == Entry.id) & (EntryVector.encoder == encoder)
    rows = session.execute(
        select(Entry.id, Entry.title, Entry.abstract, Entry.updated_at)
        .join(EntryVector, mine, isouter=True)
        .where(
            or_(
                EntryVector.entry_id.is_(None),
                EntryVector.entry_updated_at != Entry.updated_at,
            ),
            _wanted(since),
        )
        .order_by(Entry.first_listed_on.desc(), Entry.id.desc())
        .limit(limit)
    )
    return [EntryText(row.id, f"{row.title}\n{row.abstract}", row.updated_at) for row in rows]


def missing_from(session: Session, encoder: str, after: int, limit: int) -> list[EntryText]:
    """The next entries behind an id without an up-to-date vector of this name, however old."""
    mine = (EntryVector.entry_id == Entry.id) & (EntryVector.encoder == encoder)
    rows = session.execute(
        select(Entry.id, Entry.title, Entry.abstract, Entry.updated_at)
        .join(EntryVector, mine, isouter=True)
        .where(
            Entry.id > after,
            or_(
                EntryVector.entry_id.is_(None),
                EntryVector.entry_updated_at != Entry.updated_at,
            ),
        )
        .order_by(Entry.id)
        .limit(limit)
    )
    return [EntryText(row.id, f"{row.title}\n{row.abstract}", row.updated_at) for row in rows]


def counts(session: Session, names: Collection[str]) -> dict[str, int]:
    """How many vectors there are of each name."""
    counted = (
        select(_VECTOR.c.encoder, func.count())
        .where(_VECTOR.c.encoder.in_(names))
        .group_by(_VECTOR.c.encoder)
    )
    return dict(session.execute(counted).all())


def ids(session: Session, encoder: str) -> NDArray[np.int64]:
    """The entries that have a vector of this name, ascending."""
    found = select(_VECTOR.c.entry_id).where(_VECTOR.c.encoder == encoder)
    return np.sort(np.fromiter(session.scalars(found), np.int64))


def forget(session: Session, prefix: str, kept: str) -> None:
    """Delete all vectors whose names begin so, but for one name."""
    session.execute(
        delete(_VECTOR).where(
            _VECTOR.c.encoder.startswith(prefix, autoescape=True), _VECTOR.c.encoder != kept
        )
    )


def _wanted(since: date) -> ColumnElement[bool]:
    # A union of three, for each of them has an index; an OR over them would read all entries.
    examples = select(InterestRow.text).where(InterestRow.kind == Kind.SEED)
    return Entry.id.in_(
        union(
            select(Entry.id).where(Entry.first_listed_on >= since, Entry.withdrawn_at.is_(None)),
            select(EntryKey.entry_id).where(EntryKey.key.in_(examples)),
            select(EntryKey.entry_id).where(EntryKey.key.in_(select(Vote.entry_key))),
        )
    )


def save(
    session: Session, encoder: str, texts: Sequence[EntryText], vectors: NDArray[np.float32]
) -> int:
    """Store (texts, dims) vectors in place of older ones; how many, for entries may be gone by now."""
    left: set[int] = set()
    for part in in_chunks(text.entry_id for text in texts):
        # Held until the commit: an entry that is merged into another just now would be refused.
        held = select(Entry.id).where(Entry.id.in_(part)).order_by(Entry.id)
        left.update(session.scalars(held.with_for_update(read=True, key_share=True)))
    rows: list[dict[str, Any]] = [
        {
            "entry_id": text.entry_id,
            "encoder": encoder,
            "vector": vector.astype(_STORED).tobytes(),
            "entry_updated_at": text.updated_at,
        }
        for text, vector in zip(texts, vectors, strict=True)
        if text.entry_id in left
    ]
    if rows:
        # In one order everywhere, so that two who save the same cannot wait for each other.
        _upsert(session, sorted(rows, key=lambda row: int(row["entry_id"])))
    return len(rows)


def _upsert(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    insert = (postgresql if is_postgresql else sqlite).insert(_VECTOR)
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["entry_id", "encoder"],
            set_={name: insert.excluded[name] for name in ("vector", "entry_updated_at")},
        ),
        rows,
    )


def read(
    session: Session, encoder: str, ids: Collection[int]
) -> tuple[NDArray[np.int64], NDArray[np.float16]]:
    """The vectors that there are of these entries: (their ids, ascending; an array (ids, dims)).

    (0, 0) where there are none. A vector that is out of date is better than none, and is read too.
    """
    found: list[int] = []
    blobs: list[bytes] = []
    for part in in_chunks(sorted(set(ids))):
        rows = session.execute(
            select(_VECTOR.c.entry_id, _VECTOR.c.vector)
            .where(_VECTOR.c.entry_id.in_(part), _VECTOR.c.encoder == encoder)
            .order_by(_VECTOR.c.entry_id)
        )
        for entry_id, blob in rows:
            found.append(entry_id)
            blobs.append(blob)
    numbers = np.frombuffer(b"".join(blobs), _STORED).astype(np.float16, copy=False)
    dims = len(numbers) // len(found) if found else 0
    return np.array(found, np.int64), numbers.reshape(len(found), dims)
