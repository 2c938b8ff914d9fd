"""The recent entries whose attention is worth asking for."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from newsletter.model import Watched
from newsletter.store.bulk import in_chunks
from newsletter.store.tables import Entry, EntryKey, Listing, Source

_MOST = 20_000


def recent(session: Session, since: date) -> list[Watched]:
    """The entries first listed since a day, the newest first; those that ship with us are no news."""
    news = exists().where(
        Listing.entry_id == Entry.id, Source.id == Listing.source_id, Source.kind != "samples"
    )
    found = session.execute(
        select(Entry.id, Entry.url, Entry.code_url)
        .where(Entry.first_listed_on >= since, news)
        .order_by(Entry.first_listed_on.desc(), Entry.id.desc())
        .limit(_MOST)
    ).all()
    keys: dict[int, list[str]] = defaultdict(list)
    for part in in_chunks(row.id for row in found):
        rows = session.execute(
            select(EntryKey.entry_id, EntryKey.key).where(EntryKey.entry_id.in_(part))
        )
        for entry_id, key in rows:
            keys[entry_id].append(key)
    return [Watched(row.id, tuple(keys[row.id]), row.url, row.code_url) for row in found]
