"""What the later stages read of entries, as frozen values."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import Row, ScalarSelect, Select, bindparam, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from newsletter import model
from newsletter.store.summaries import told
from newsletter.store.tables import Entry, EntryKey, EntryVector, Listing, Pick
from newsletter.store.written import Summary

T = TypeVar("T")

_BLOCK = 500  # SQLite allows 32,766 variables a statement, but plans long lists slowly.


def _entries() -> Select[Entry, int | None, int | None, Summary | None]:
    def highest(column: InstrumentedAttribute[int | None]) -> ScalarSelect[int | None]:
        mine = Listing.entry_id == Entry.id
        return select(func.max(column)).where(mine).correlate(Entry).scalar_subquery()

    columns = (Entry, highest(Listing.votes), highest(Listing.comments), Summary)
    return select(*columns).join(Summary, Summary.entry_id == Entry.id, isouter=True)


# Written once: to write it takes as long as to read a few entries.
_BY_ID = _entries().where(Entry.id.in_(bindparam("ids", expanding=True)))


def _value(row: Row[Entry, int | None, int | None, Summary | None]) -> model.Entry:
    entry, votes, comments, summary = row
    return model.Entry(
        id=entry.id,
        key=entry.key,
        title=entry.title,
        abstract=entry.abstract,
        authors=tuple(entry.authors),
        categories=tuple(entry.categories),
        url=entry.url,
        pdf_url=entry.pdf_url,
        code_url=entry.code_url,
        published_at=entry.published_at,
        first_seen_at=entry.first_seen_at,
        first_listed_on=entry.first_listed_on,
        organisation=entry.organisation,
        tldr=entry.tldr,
        votes=votes or 0,
        comments=comments or 0,
        written=told(entry.title, entry.abstract, summary),
    )


def new_entries(
    session: Session, seen_after: datetime, seen_until: datetime, listed_since: date
) -> list[model.Entry]:
    """Entries first seen in (seen_after, seen_until] and listed no longer ago, in order of appearance.

    Without those that were withdrawn.
    """
    query = (
        _entries()
        .where(
            Entry.first_seen_at > seen_after,
            Entry.first_seen_at <= seen_until,
            Entry.first_listed_on >= listed_since,
            Entry.withdrawn_at.is_(None),
        )
        .order_by(Entry.first_seen_at, Entry.id)
    )
    return [_value(row) for row in session.execute(query)]


def entries_by_id(session: Session, ids: Collection[int]) -> dict[int, model.Entry]:
    """Entries by id; unknown ids are absent."""
    found: dict[int, model.Entry] = {}
    for part in _parts(sorted(ids)):
        for row in session.execute(_BY_ID, {"ids": part}):
            entry = _value(row)
            found[entry.id] = entry
    return found


def standing_by_id(session: Session, ids: Collection[int]) -> dict[int, model.Entry]:
    """Entries by id, without those that were withdrawn."""
    gone: set[int] = set()
    for part in _parts(sorted(ids)):
        taken_back = select(Entry.id).where(Entry.id.in_(part), Entry.withdrawn_at.is_not(None))
        gone.update(session.scalars(taken_back))
    return entries_by_id(session, set(ids) - gone)


def archive_texts(session: Session, seen_until: datetime, limit: int) -> Iterator[str]:
    """Titles and abstracts of the latest entries seen by then: what says how common a word is."""
    for _, text in archive_papers(session, seen_until, limit):
        yield text


def archive_papers(session: Session, seen_until: datetime, limit: int) -> list[tuple[int, str]]:
    """The same with the entries' ids: (id, title and abstract), the latest first."""
    rows = session.execute(
        select(Entry.id, Entry.title, Entry.abstract)
        .where(Entry.first_seen_at <= seen_until)
        .order_by(Entry.first_seen_at.desc(), Entry.id.desc())
        .limit(limit)
    )
    return [(id_, f"{title}\n{abstract}") for id_, title, abstract in rows]


def archive_size(session: Session, seen_until: datetime, limit: int, encoder: str = "") -> int:
    """How many of these papers there are; with an encoder, how many of them are encoded."""
    latest = (
        select(Entry.id)
        .where(Entry.first_seen_at <= seen_until)
        .order_by(Entry.first_seen_at.desc(), Entry.id.desc())
        .limit(limit)
        .subquery()
    )
    counted = select(func.count()).select_from(latest)
    if encoder:
        counted = counted.join(EntryVector, EntryVector.entry_id == latest.c.id).where(
            EntryVector.encoder == encoder
        )
    return session.scalars(counted).one()


def ids_by_key(session: Session, keys: Collection[str]) -> dict[str, int]:
    """Canonical key -> id of the entry that is known by it."""
    found: dict[str, int] = {}
    for part in _parts(sorted(keys)):
        asked = select(EntryKey.key, EntryKey.entry_id).where(EntryKey.key.in_(part))
        found.update((row.key, row.entry_id) for row in session.execute(asked))
    return found


def texts_by_key(session: Session, keys: Collection[str]) -> dict[str, tuple[str, str]]:
    """Canonical key -> (title, abstract) of the entries that are known by it."""
    found: dict[str, tuple[str, str]] = {}
    for part in _parts(sorted(keys)):
        rows = session.execute(
            select(EntryKey.key, Entry.title, Entry.abstract)
            .join(Entry, Entry.id == EntryKey.entry_id)
            .where(EntryKey.key.in_(part))
        )
        found.update({key: (title, abstract) for key, title, abstract in rows})
    return found


def picked(
    session: Session, subscriber_ids: Sequence[int], entry_ids: Collection[int]
) -> dict[int, set[int]]:
    """Which of these entries each of these subscribers has had already: subscriber id -> entry ids;
    others from between the lowest and the highest of the entries may be among them.
    """
    found: dict[int, set[int]] = {}
    if not entry_ids:
        return found
    among = Pick.entry_id.between(min(entry_ids), max(entry_ids))
    for part in _parts(subscriber_ids):
        # Named one by one, each is a short stretch of the key. Of a range of subscribers all that they
        # ever had would be read, or all that anybody had of these entries.
        asked = select(Pick.subscriber_id, Pick.entry_id)
        for subscriber_id, entry_id in session.execute(
            asked.where(Pick.subscriber_id.in_(part), among)
        ):
            found.setdefault(subscriber_id, set()).add(entry_id)
    return found


def _parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), _BLOCK):
        yield values[start : start + _BLOCK]
