"""Later versions of papers, withdrawals, and who had been sent what was changed since."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, insert, select
from sqlalchemy.orm import Session

from newsletter.model import Change, DeliveryState, Listed, ListingType
from newsletter.store.bulk import in_chunks
from newsletter.store.merging import VERSIONED
from newsletter.store.tables import Delivery, Entry, Pick, Revision
from subscribers.orm import Base

_REVISION = Base.metadata.tables["revision"]
_REPLACED = frozenset({ListingType.REPLACE, ListingType.REPLACE_CROSS})
_LEFT = (
    DeliveryState.SUBMITTED,
    DeliveryState.UNCERTAIN,
)  # the mail is, or may be, with its reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Outdated:
    """A paper that somebody was sent and that has changed since.

    `version` and `changed` are those of the revision; None and () for a withdrawal alone.
    """

    subscriber_id: int
    entry_id: int
    title: str
    url: str
    at: datetime
    withdrawn: bool
    version: int | None = None
    changed: tuple[str, ...] = ()


def is_revision(old: Mapping[Any, Any], version: int | None, listed: Sequence[Listed]) -> bool:
    """Whether a listing brings a later version of a stored entry.

    Where the stored version is not known, only a listing that says "replaced" makes it one.
    """
    if version is None or version == (old["version"] or 0):
        return False
    if old["version"] is not None:
        return True
    return version > 1 and any(paper.type in _REPLACED for paper in listed)


def record(
    session: Session,
    revised: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]],
    now: datetime,
) -> None:
    """Write down revisions: (the entry's row before, its columns after), each version once."""
    held: set[tuple[int, int]] = set()
    for part in in_chunks(old["id"] for old, _ in revised):
        rows = session.execute(
            select(Revision.entry_id, Revision.version).where(Revision.entry_id.in_(part))
        )
        held.update((entry_id, version) for entry_id, version in rows)
    fresh = [
        {
            "entry_id": old["id"],
            "version": new["version"],
            "seen_at": now,
            "changed": _changed(old, new),
        }
        for old, new in revised
        if (old["id"], new["version"]) not in held
    ]
    if fresh:
        session.execute(insert(_REVISION), fresh)


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    changed = [name for name in VERSIONED if old[name] != new[name]]
    if (old["withdrawn_at"] is None) != (new["withdrawn_at"] is None):
        changed.append("withdrawn")
    return changed


def sent_and_outdated(
    session: Session, since: datetime, until: datetime, subscriber_ids: Collection[int]
) -> list[Outdated]:
    """Who of a block in key order was sent a paper that was withdrawn or revised in (since, until],
    after it was sent.

    The earliest first. A revision that takes the paper back is told once, as a withdrawal.
    """
    if not subscriber_ids:
        return []
    block = (
        Pick.subscriber_id.between(min(subscriber_ids), max(subscriber_ids)),
        Delivery.state.in_(_LEFT),
    )
    wanted = set(subscriber_ids)
    gone = [_withdrawn(row) for row in _withdrawals(session, since, until, block)]
    withdrawn = [each for each in gone if each.subscriber_id in wanted]
    told = {(each.subscriber_id, each.entry_id) for each in withdrawn}
    later = (_revised(row) for row in _revisions(session, since, until, block))
    revised = [each for each in later if each.subscriber_id in wanted]
    found = [
        *withdrawn,
        *(each for each in revised if (each.subscriber_id, each.entry_id) not in told),
    ]
    return sorted(found, key=lambda each: (each.at, each.subscriber_id, each.entry_id))


def as_changes(outdated: Sequence[Outdated], most: int) -> tuple[Change, ...]:
    """Each paper once: withdrawn ones first, of several revisions the last with all that changed."""
    papers: dict[int, list[Outdated]] = {}
    for each in sorted(outdated, key=lambda each: (not each.withdrawn, each.at)):
        papers.setdefault(each.entry_id, []).append(each)
    return tuple(
        Change(
            title=them[-1].title,
            url=them[-1].url,
            withdrawn=them[0].withdrawn,
            version=None if them[0].withdrawn else them[-1].version,
            changed=tuple(dict.fromkeys(name for each in them for name in each.changed)),
        )
        for them in list(papers.values())[:most]
    )


def _withdrawals(
    session: Session, since: datetime, until: datetime, block: Sequence[ColumnElement[bool]]
) -> Iterator[Row[int, int, str, str, datetime | None]]:
    yield from session.execute(
        select(Pick.subscriber_id, Entry.id, Entry.title, Entry.url, Entry.withdrawn_at)
        .join(Entry, Entry.id == Pick.entry_id)
        .join(Delivery, Delivery.id == Pick.delivery_id)
        .where(
            Entry.withdrawn_at > since,
            Entry.withdrawn_at <= until,
            *block,
            Delivery.settled_at < Entry.withdrawn_at,
        )
    )


def _revisions(
    session: Session, since: datetime, until: datetime, block: Sequence[ColumnElement[bool]]
) -> Iterator[Row[int, int, str, str, datetime, int, list[str]]]:
    yield from session.execute(
        select(
            Pick.subscriber_id,
            Entry.id,
            Entry.title,
            Entry.url,
            Revision.seen_at,
            Revision.version,
            Revision.changed,
        )
        .join(Entry, Entry.id == Pick.entry_id)
        .join(Revision, Revision.entry_id == Entry.id)
        .join(Delivery, Delivery.id == Pick.delivery_id)
        .where(
            Revision.seen_at > since,
            Revision.seen_at <= until,
            *block,
            Delivery.settled_at < Revision.seen_at,
        )
    )


def _withdrawn(row: Row[int, int, str, str, datetime | None]) -> Outdated:
    who, entry_id, title, url, at = row
    assert at is not None
    return Outdated(
        subscriber_id=who, entry_id=entry_id, title=title, url=url, at=at, withdrawn=True
    )


def _revised(row: Row[int, int, str, str, datetime, int, list[str]]) -> Outdated:
    who, entry_id, title, url, at, version, changed = row
    return Outdated(
        subscriber_id=who,
        entry_id=entry_id,
        title=title,
        url=url,
        at=at,
        withdrawn=False,
        version=version,
        changed=tuple(changed),
    )
