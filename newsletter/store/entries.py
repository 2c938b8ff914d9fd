"""Saving what sources list: every paper once, the best of each field, all listings kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import reduce
from typing import Any, Self

from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.orm import Session

from newsletter.model import Listed
from newsletter.store import indexing, listings, merging, revisions
from newsletter.store.absorbing import absorb
from newsletter.store.bulk import in_chunks
from newsletter.store.tables import Entry, EntryKey
from subscribers.orm import Base
from subscribers.preferences import examples_arrived

# Tables, not classes: the ORM would split a bulk insert by which values are None.
_ENTRY, _KEY = (Base.metadata.tables[name] for name in ("entry", "entry_key"))


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a batch, in papers.

    `merged`: entries that turned out to be another one. `left_out`: replacements of papers that
    were never seen; they would be news that is none.
    """

    listed: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    merged: int = 0
    left_out: int = 0

    def __add__(self, other: Self) -> Self:
        return type(self)(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(slots=True)
class _Group:
    """All listings of one paper in a batch, and the stored entries that they belong to."""

    papers: list[Listed] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    rows: list[RowMapping] = field(default_factory=list)
    entry_id: int = 0

    def facts(self) -> merging.Facts:
        told = [merging.of_listed(paper) for paper in self.papers]
        return reduce(merging.merged, [*(merging.of_row(dict(row)) for row in self.rows), *told])


def save(session: Session, source_id: int, listed: Sequence[Listed], now: datetime) -> Saved:
    """Store a batch of one source's listings, in a handful of statements whatever its size.

    Idempotent: the same batch again writes nothing. A listing whose keys belong to two entries
    merges them, and the elder stays. Two processes that save the same new paper at once collide on
    its key: the later one gets an IntegrityError and may simply try again.
    """
    groups = _groups(session, listed)
    kept = [group for group in groups if group.rows or _announced(group)]
    fresh = [group for group in kept if not group.rows]
    known = [group for group in kept if group.rows]
    absorbed = sum(_joined(session, group) for group in known)
    updated = _update(session, known, now)
    _insert(session, fresh, now)
    for part in in_chunks(key for group in fresh for key in group.keys):
        examples_arrived(session, part, now=now)
    listings.remember(
        session, source_id, ((g.entry_id, paper) for g in kept for paper in g.papers), now
    )
    return Saved(
        listed=len(groups),
        new=len(fresh),
        updated=updated,
        unchanged=len(known) - updated,
        merged=absorbed,
        left_out=len(groups) - len(kept),
    )


def ids_by_key(session: Session, keys: Iterable[str]) -> dict[str, int]:
    """Canonical key -> id of the entry that is known by it; unknown keys are absent."""
    found: dict[str, int] = {}
    for part in in_chunks(set(keys)):
        rows = session.execute(
            select(EntryKey.key, EntryKey.entry_id).where(EntryKey.key.in_(part))
        )
        found.update((key, entry_id) for key, entry_id in rows)
    return found


def keys_of(session: Session, ids: Iterable[int]) -> list[str]:
    """All canonical keys that these entries are known by."""
    return [
        key
        for part in in_chunks(ids)
        for key in session.scalars(select(EntryKey.key).where(EntryKey.entry_id.in_(part)))
    ]


def withdraw(session: Session, keys: Iterable[str], now: datetime) -> int:
    """Mark the entries that a source has taken back without a listing; how many were not yet so."""
    rows = _rows(session, set(ids_by_key(session, keys).values()))
    changes = [
        {
            "id": row["id"],
            "withdrawn_at": now,
            "updated_at": now,
            "field_versions": row["field_versions"] | {merging.WITHDRAWN: row["version"] or 0},
        }
        for row in rows.values()
        if row["withdrawn_at"] is None
    ]
    if changes:
        session.execute(update(Entry), changes)
    return len(changes)


def _announced(group: _Group) -> bool:
    return any(paper.is_news for paper in group.papers)


def _groups(session: Session, listed: Sequence[Listed]) -> list[_Group]:
    """The batch by paper: listings belong together by a common key or a common stored entry."""
    owner = ids_by_key(session, (key for paper in listed for key in paper.keys))
    rows = _rows(session, set(owner.values()))
    root: dict[str | int, str | int] = {}

    def find(name: str | int) -> str | int:
        while root.setdefault(name, name) != name:
            root[name] = name = root[root[name]]
        return name

    for paper in listed:
        stored = [owner[key] for key in paper.keys if key in owner]
        for key in paper.keys[1:]:
            root[find(key)] = find(paper.keys[0])
        for entry_id in stored:
            root[find(entry_id)] = find(paper.keys[0])
    groups: dict[str | int, _Group] = defaultdict(_Group)
    for paper in listed:
        group = groups[find(paper.keys[0])]
        group.papers.append(paper)
        group.keys.update(paper.keys)
    for entry_id, row in rows.items():
        groups[find(entry_id)].rows.append(row)
    for group in groups.values():
        group.rows.sort(key=lambda row: (row["first_seen_at"], row["id"]))
        group.entry_id = group.rows[0]["id"] if group.rows else 0
    return list(groups.values())


def _rows(session: Session, ids: Iterable[int]) -> dict[int, RowMapping]:
    found: dict[int, RowMapping] = {}
    for part in in_chunks(ids):
        for row in session.execute(select(_ENTRY).where(_ENTRY.c.id.in_(part))).mappings():
            found[row["id"]] = row
    return found


def _joined(session: Session, group: _Group) -> int:
    """Let the eldest entry of a group take over the others; how many it took."""
    for row in group.rows[1:]:
        absorb(session, group.entry_id, row["id"])
    return len(group.rows) - 1


def _update(session: Session, groups: Sequence[_Group], now: datetime) -> int:
    """Write the entries that know more than before; how many did."""
    names: dict[int, set[str]] = defaultdict(set)
    for part in in_chunks(group.entry_id for group in groups):
        found = session.execute(
            select(EntryKey.entry_id, EntryKey.key).where(EntryKey.entry_id.in_(part))
        )
        for row in found:
            names[row.entry_id].add(row.key)
    changes, keys, reworded = [], [], []
    revised: list[tuple[dict[str, Any], dict[str, Any]]] = []
    for group in groups:
        held = names[group.entry_id]
        keys += [{"key": k, "entry_id": group.entry_id} for k in sorted(group.keys - held)]
        columns = _columns(group, now) | {"key": merging.strongest(held | group.keys)}
        old = dict(group.rows[0])
        if revisions.is_revision(old, columns["version"], group.papers):
            revised.append((old, columns))
        if group.keys - held or any(old[name] != value for name, value in columns.items()):
            changes.append(columns | {"id": group.entry_id, "updated_at": now})
            if any(old[name] != columns[name] for name in indexing.INDEXED):
                reworded.append(changes[-1])
    if changes:
        session.execute(update(Entry), changes)
    indexing.put(session, reworded)
    if keys:
        session.execute(insert(_KEY), keys)
    revisions.record(session, revised, now)
    return len(changes)


def _columns(group: _Group, now: datetime) -> dict[str, Any]:
    facts = group.facts()
    since = [row["withdrawn_at"] for row in group.rows if row["withdrawn_at"]]
    return facts.columns() | {
        "withdrawn_at": min(since, default=now) if facts.is_withdrawn else None
    }


def _insert(session: Session, groups: Sequence[_Group], now: datetime) -> None:
    if not groups:
        return
    rows = [
        _columns(group, now)
        | {"key": merging.strongest(group.keys), "first_seen_at": now, "updated_at": now}
        for group in groups
    ]
    made = session.execute(insert(_ENTRY).returning(_ENTRY.c.key, _ENTRY.c.id), rows)
    ids = {row.key: row.id for row in made}
    for group in groups:
        group.entry_id = ids[merging.strongest(group.keys)]
    indexing.put(session, (row | {"id": ids[row["key"]]} for row in rows))
    session.execute(
        insert(_KEY),
        [{"key": key, "entry_id": g.entry_id} for g in groups for key in sorted(g.keys)],
    )
