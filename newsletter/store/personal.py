"""What one person is shown of their own: the papers they named, their digests, all that is held of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from newsletter.model import DeliveryState
from newsletter.store.bulk import in_chunks
from newsletter.store.returned import Bounce
from newsletter.store.tables import Delivery, Entry, EntryKey, Notice, Pick


class TitledRow(NamedTuple):
    """A paper to be named."""

    entry_id: int
    key: str
    title: str
    url: str
    authors: list[str]


_TITLED = (Entry.id, Entry.key, Entry.title, Entry.url, Entry.authors)


def titled(session: Session, keys: Collection[str]) -> dict[str, TitledRow]:
    """The papers that are known by these keys: key -> paper."""
    found: dict[str, TitledRow] = {}
    for part in in_chunks(sorted(keys)):
        rows = session.execute(
            select(EntryKey.key, *_TITLED)
            .join(Entry, Entry.id == EntryKey.entry_id)
            .where(EntryKey.key.in_(part))
        )
        found.update((row[0], TitledRow(*row[1:])) for row in rows)
    return found


def digest_of(session: Session, subscriber_id: int, entry_id: int) -> list[TitledRow]:
    """The papers of the digest that brought one to somebody, in its order; none if none did."""
    whose = Pick.subscriber_id == subscriber_id
    delivery = select(Pick.delivery_id).where(whose, Pick.entry_id == entry_id).scalar_subquery()
    rows = session.execute(
        select(*_TITLED)
        .join(Pick, Pick.entry_id == Entry.id)
        .where(whose, Pick.delivery_id == delivery)
        .order_by(Pick.position)
    )
    return [TitledRow(*row) for row in rows]


def digests(
    session: Session, subscriber_id: int, most: int
) -> list[tuple[int, date, datetime, int]]:
    """Somebody's latest digests that left or are to leave: (id, day, planned at, papers)."""
    rows = session.execute(_DIGESTS, {"whose": subscriber_id, "most": most})
    return [(id_, day, at, papers) for id_, day, at, papers in rows]


# Made once: to make a statement costs as much as to ask a small database.
_DIGESTS = (
    select(Delivery.id, Delivery.edition_day, Delivery.planned_at, func.count(Pick.entry_id))
    .outerjoin(Pick, Pick.delivery_id == Delivery.id)
    .where(
        Delivery.subscriber_id == bindparam("whose"),
        Delivery.state != DeliveryState.SKIPPED.value,
    )
    .group_by(Delivery.id)
    .order_by(Delivery.edition_day.desc())
    .limit(bindparam("most"))
)


def held(session: Session, subscriber_id: int) -> dict[str, Any]:
    """All rows of this part about somebody, as plain JSON values."""
    picks: dict[int, list[dict[str, Any]]] = {}
    for delivery_id, key, title, section in session.execute(
        select(Pick.delivery_id, Entry.key, Entry.title, Pick.section)
        .join(Entry, Entry.id == Pick.entry_id)
        .where(Pick.subscriber_id == subscriber_id)
        .order_by(Pick.delivery_id, Pick.position)
    ):
        picks.setdefault(delivery_id, []).append({"key": key, "title": title, "section": section})
    deliveries = session.scalars(
        select(Delivery).where(Delivery.subscriber_id == subscriber_id).order_by(Delivery.id)
    )
    notices = session.scalars(
        # That a link went to an address they asked to be mailed at would tell that nobody else has it.
        select(Notice)
        .where(Notice.subscriber_id == subscriber_id, Notice.kind != "address")
        .order_by(Notice.id)
    )
    bounces = session.scalars(
        select(Bounce).where(Bounce.subscriber_id == subscriber_id).order_by(Bounce.id)
    )
    return {
        "digests": [
            {
                "day": each.edition_day.isoformat(),
                "planned_at": each.planned_at.isoformat(),
                "state": each.state,
                "reason": each.reason,
                "receipt": each.receipt,
                "papers": picks.get(each.id, []),
            }
            for each in deliveries
        ],
        "other_mails": [
            {"kind": each.kind, "at": each.created_at.isoformat(), "state": each.state}
            for each in notices
        ],
        "returned_mail": [
            {"kind": each.kind, "at": each.at.isoformat(), "diagnostic": each.diagnostic}
            for each in bounces
        ],
    }
