"""What SQLite and PostgreSQL say alike and SQLAlchemy does not: insert unless it is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from subscribers.orm import Base


def insert_new(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> int:
    """Inserts the rows whose unique keys are free, and returns how many those were.

    Of two transactions that insert the same key one waits for the other and then inserts nothing.
    All rows must have the same fields.
    """
    if not rows:
        return 0
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(list(rows)).on_conflict_do_nothing()
    primary_key = next(iter(table.__table__.primary_key))
    return len(session.execute(statement.returning(primary_key)).all())
