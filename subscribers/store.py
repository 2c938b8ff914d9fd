"""What SQLite and PostgreSQL say alike and SQLAlchemy does not: insert unless it is there, or change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from subscribers.orm import Base

_Row = TypeVar("_Row", bound=Base)


def insert_new(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> int:
    """Inserts the rows whose unique keys are free, and returns how many those were.

    Of two transactions that insert the same key one waits for the other and then inserts nothing.
    All rows must have the same fields.
    """
    return len(inserted(session, table, rows, next(iter(table.__table__.primary_key))))


def inserted(
    session: Session,
    table: type[Base],
    rows: Sequence[dict[str, Any]],
    *columns: Any,
) -> Sequence[Any]:
    """Inserts as `insert_new` does, and returns these columns of the rows that were inserted."""
    if not rows:
        return []
    statement = _insert(session, table).values(list(rows)).on_conflict_do_nothing()
    return session.execute(statement.returning(*columns)).all()


def insert_or_change(
    session: Session, table: type[Base], row: dict[str, Any], *, unless_equal: str
) -> bool:
    """Inserts a row, or gives the one that has its primary key the other fields.

    Where the field `unless_equal` is the same already nothing is written, and the answer is False.
    Of two transactions with the same key one waits for the other.
    """
    primary_key = list(table.__table__.primary_key)
    keys = {column.name for column in primary_key}
    statement = _insert(session, table).values(row)
    statement = statement.on_conflict_do_update(
        index_elements=primary_key,
        set_={name: statement.excluded[name] for name in row if name not in keys},
        where=table.__table__.c[unless_equal] != statement.excluded[unless_equal],
    )
    return bool(session.execute(statement.returning(primary_key[0])).all())


def take_row(session: Session, table: type[_Row], row: dict[str, Any]) -> _Row:
    """The row that has this one's primary key, made from it if there was none, and held against every
    other writer until the transaction ends.
    """
    primary_key = list(table.__table__.primary_key)
    statement = _insert(session, table).values(row)
    statement = statement.on_conflict_do_update(
        index_elements=primary_key,
        set_={column.name: statement.excluded[column.name] for column in primary_key},
    )
    found = statement.returning(table).execution_options(populate_existing=True)
    return session.scalars(found).one()


def _insert(session: Session, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
