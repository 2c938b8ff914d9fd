"""The one stored row of what readers like together."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from newsletter.match.packed import LEARNING
from newsletter.store.bulk import upsert_rows
from newsletter.store.learned import LearnedCompany

_ONLY = 1


def read(session: Session, space_id: int) -> bytes | None:
    """What is stored for a space, if anything that this code can read is."""
    return session.scalar(
        select(LearnedCompany.data).where(
            LearnedCompany.id == _ONLY,
            LearnedCompany.space_id == space_id,
            LearnedCompany.learning == LEARNING,
        )
    )


def save(session: Session, space_id: int, data: bytes, now: datetime) -> None:
    """Store it in place of the last one."""
    row = {
        "id": _ONLY,
        "space_id": space_id,
        "made_at": now,
        "learning": LEARNING,
        "data": data,
    }
    upsert_rows(session, LearnedCompany, [row])


def clear(session: Session) -> None:
    """Keep none."""
    session.execute(delete(LearnedCompany))
