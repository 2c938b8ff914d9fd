"""The stored spaces: the newest one and the one before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from newsletter.match.packed import LEARNING
from newsletter.store.learned import LearnedSpace

# A run that began before a refresh still reads the one that it began with.
_KEPT = 2


@dataclass(frozen=True, slots=True)
class Stored:
    """Which space there is, since when, and of how many papers."""

    version: int
    made_at: datetime
    papers: int


def newest(session: Session, encoder: str) -> Stored | None:
    """The newest space with this encoder's vectors ("" for none) that this code can read."""
    row = session.execute(
        select(LearnedSpace.id, LearnedSpace.made_at, LearnedSpace.papers)
        .where(LearnedSpace.encoder == encoder, LearnedSpace.learning == LEARNING)
        .order_by(LearnedSpace.id.desc())
        .limit(1)
    ).one_or_none()
    return Stored(row.id, row.made_at, row.papers) if row else None


def versions(session: Session) -> list[int]:
    """The versions of all stored spaces that this code can read, the newest first."""
    readable = select(LearnedSpace.id).where(LearnedSpace.learning == LEARNING)
    return list(session.scalars(readable.order_by(LearnedSpace.id.desc())))


def read(session: Session, version: int) -> bytes:
    """A space's bytes."""
    return session.scalars(select(LearnedSpace.data).where(LearnedSpace.id == version)).one()


def save(
    session: Session, encoder: str, data: bytes, *, papers: int, after: Stored | None, now: datetime
) -> bool:
    """Store a space and delete the oldest; False, and nothing done, if `after` is not the newest any
    more: another process was as busy. A later one waits here until this transaction ends.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE space IN SHARE ROW EXCLUSIVE MODE"))
    if newest(session, encoder) != after:
        return False
    session.add(
        LearnedSpace(made_at=now, encoder=encoder, learning=LEARNING, papers=papers, data=data)
    )
    session.flush()
    kept = select(LearnedSpace.id).order_by(LearnedSpace.id.desc()).limit(_KEPT)
    session.execute(
        delete(LearnedSpace)
        .where(LearnedSpace.id.not_in(session.scalars(kept).all()))
        .execution_options(synchronize_session=False)
    )
    return True
