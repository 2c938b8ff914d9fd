"""One paper's page: everything that the tables know of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from newsletter.stages.browsed import ListedOn, PaperPage, Version
from newsletter.stages.origins import origin_of
from newsletter.stages.showing import shown
from newsletter.store import browsing, reading, records
from newsletter.store.records import Record


def paper_page(session: Session, key: str, now: datetime) -> PaperPage | None:
    """The paper that is known by `key`; None where there is none."""
    entry_id = reading.ids_by_key(session, [key]).get(key)
    found = shown(session, [entry_id], now) if entry_id is not None else ()
    if entry_id is None or not found:
        return None
    [paper] = found
    record = records.record(session, entry_id)
    attention: dict[str, list[tuple[datetime, int]]] = {}
    for _, kind, at, value in browsing.signals_of(session, [entry_id], None, now):
        attention.setdefault(kind, []).append((at, value))
    moments = [record.updated_at, *(each.seen_at for each in record.listings)]
    moments += [line[-1][0] for line in attention.values()]
    return PaperPage(
        shown=paper,
        canonical=paper.entry.key == key,
        keys=record.keys,
        changed_at=max(moments),
        version=record.version,
        comment=record.comment,
        keywords=record.keywords,
        withdrawn_at=record.withdrawn_at,
        listings=_listings(session, record),
        versions=tuple(
            Version(each.version, each.seen_at, tuple(each.changed)) for each in record.revisions
        ),
        attention={kind: tuple(line) for kind, line in attention.items()},
        parts=record.parts,
        parts_by=record.parts_by,
    )


def _listings(session: Session, record: Record) -> tuple[ListedOn, ...]:
    places = browsing.places(session)
    return tuple(
        ListedOn(
            origin_of(places[each.source_id].kind, places[each.source_id].name).name,
            places[each.source_id].kind, each.day, each.type, each.votes, each.comments,
        )
        for each in record.listings
    )  # fmt: skip
