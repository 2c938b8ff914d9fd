"""Two entries that turned out to be one paper: the elder takes over what points to the other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sqlalchemy import RowMapping, Table, UniqueConstraint, delete, exists, select, update
from sqlalchemy.orm import Session

from newsletter.model import ListingType
from newsletter.store.tables import Entry, Listing
from subscribers.orm import Base

_STRENGTH = [str(kind) for kind in ListingType]


def absorb(session: Session, elder: int, younger: int) -> None:
    """Move every row of any table from one entry to the other, and delete the emptied one.

    Where both have a row of the same identity (both were sent to a reader, both were listed by a
    source on a day), the elder's stays.
    """
    _strengthen_listings(session, elder, younger)
    for table in Base.metadata.sorted_tables:
        if "entry_id" in table.columns:
            _move(session, table, elder, younger)
    session.execute(delete(Entry).where(Entry.id == younger))


def _strengthen_listings(session: Session, elder: int, younger: int) -> None:
    """Give the elder's listings the better of both, where both were listed at the same place."""
    rows = session.execute(
        select(Listing.__table__).where(Listing.entry_id.in_((elder, younger)))
    ).mappings()
    ours: dict[tuple[int, date], RowMapping] = {}
    theirs: dict[tuple[int, date], RowMapping] = {}
    for row in rows:
        side = ours if row["entry_id"] == elder else theirs
        side[row["source_id"], row["day"]] = row
    for place in ours.keys() & theirs.keys():
        one, other = ours[place], theirs[place]
        session.execute(
            update(Listing)
            .where(
                Listing.entry_id == elder, Listing.source_id == place[0], Listing.day == place[1]
            )
            .values(
                type=min(one["type"], other["type"], key=_STRENGTH.index),
                votes=_most(one["votes"], other["votes"]),
                comments=_most(one["comments"], other["comments"]),
            )
        )


def _most(*counts: int | None) -> int | None:
    return max((count for count in counts if count is not None), default=None)


def _move(session: Session, table: Table, elder: int, younger: int) -> None:
    for others in _identities(table):
        twin = table.alias()
        same = [twin.c[name] == table.c[name] for name in others]
        session.execute(
            delete(table).where(
                table.c.entry_id == younger, exists().where(twin.c.entry_id == elder, *same)
            )
        )
    session.execute(update(table).where(table.c.entry_id == younger).values(entry_id=elder))


def _identities(table: Table) -> Iterator[list[str]]:
    """For each UNIQUE or primary key that entry_id is part of: its other columns."""
    unique = [c for c in table.constraints if isinstance(c, UniqueConstraint)]
    for constraint in (table.primary_key, *unique):
        names = [column.name for column in constraint.columns]
        if "entry_id" in names:
            yield [name for name in names if name != "entry_id"]
