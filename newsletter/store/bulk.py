"""Small helpers for statements over many rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar, cast

from sqlalchemy import JSON, Connection, Table, Text, column, func, literal, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session

from subscribers.orm import Base

Value = TypeVar("Value")

_AT_MOST = 5_000  # SQLite takes 32,766 parameters a statement, PostgreSQL 65,535


def in_chunks(values: Iterable[Value]) -> Iterator[list[Value]]:
    """The values in lists that are short enough for one `IN (...)`."""
    rest = iter(values)
    while part := list(islice(rest, _AT_MOST)):
        yield part


def insert_new_rows(
    session: Session,
    into: type[Base],
    rows: Sequence[Mapping[str, Any]],
    *,
    returning: Sequence[InstrumentedAttribute[Any]] = (),
) -> list[Sequence[Any]]:
    """Insert the rows whose unique keys are free; what `returning` names of those, in any order.

    For thousands of rows at once, which all have the same fields.
    """
    if not rows:
        return []
    table = cast("Table", into.__table__)
    if session.get_bind().dialect.name == "postgresql":
        return _insert_as_one_value(session, table, rows, returning)
    # The table, not the class: the ORM's way of bulk inserts costs as much again as the insert.
    insert = sqlite.insert(table).on_conflict_do_nothing()
    if returning:
        return list(session.execute(insert.returning(*returning), rows))
    _insert_by_driver(session.connection(), table, rows)
    return []


def _insert_by_driver(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """What SQLAlchemy does for each row besides converting its values costs twice the insert."""
    names = list(rows[0])
    columns: list[Iterable[Any]] = []
    for name in names:
        given = [row[name] for row in rows]
        convert = (
            table.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        )
        columns.append(map(convert, given) if convert else given)
    into = f"{table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    connection.exec_driver_sql(
        f"INSERT INTO {into} ON CONFLICT DO NOTHING", list(zip(*columns, strict=True))
    )


def _insert_as_one_value(
    session: Session,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    returning: Sequence[InstrumentedAttribute[Any]],
) -> list[Sequence[Any]]:
    """A row at a time PostgreSQL's protocol takes longer than the inserting, so all go as one JSON."""
    columns = [column(name, table.c[name].type) for name in rows[0]]
    told = sql_cast(literal(json.dumps(rows, default=str), Text), JSON)
    given = func.json_to_recordset(told).table_valued(*columns, name="given")
    insert = (
        postgresql.insert(table)
        .from_select(list(rows[0]), select(*given.render_derived(with_types=True).columns))
        .on_conflict_do_nothing()
    )
    if returning:
        return list(session.execute(insert.returning(*returning)))
    session.execute(insert)
    return []


def upsert_rows(session: Session, into: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or give those that have their primary keys the other fields.

    For thousands of rows at once, which all have the same fields. To be given in one order
    everywhere, so that two who save the same cannot wait for each other.
    """
    if not rows:
        return
    table = cast("Table", into.__table__)
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    insert = (postgresql if is_postgresql else sqlite).insert(table)
    keys = [key.name for key in table.primary_key]
    others = {name: insert.excluded[name] for name in rows[0] if name not in keys}
    session.execute(insert.on_conflict_do_update(index_elements=keys, set_=others), rows)
