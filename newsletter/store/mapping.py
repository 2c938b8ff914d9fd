"""The pages of all papers, for sitemaps: in stretches of ids, so that old stretches stay as they are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from newsletter.store.tables import Entry

STRETCH = 10_000
"""Ids; a sitemap may have 50,000 addresses."""


def stretches(session: Session) -> int:
    """How many stretches there are, by the highest id."""
    highest = session.scalar(select(func.max(Entry.id))) or 0
    return -(-highest // STRETCH)


def changed(session: Session, number: int) -> tuple[int, datetime | None]:
    """How many papers a stretch (from 1) has, and when the last of them changed."""
    row = session.execute(
        select(func.count(), func.max(Entry.updated_at)).where(_within(number))
    ).one()
    return row[0], row[1]


def papers(session: Session, number: int) -> list[tuple[str, datetime]]:
    """(key, when it changed) of the papers of a stretch that stand."""
    rows = session.execute(
        select(Entry.key, Entry.updated_at)
        .where(_within(number), Entry.withdrawn_at.is_(None))
        .order_by(Entry.id)
    )
    return [(row.key, row.updated_at) for row in rows]


def _within(number: int) -> ColumnElement[bool]:
    return Entry.id.between((number - 1) * STRETCH + 1, number * STRETCH)
