"""Statements compiled once: what SQLAlchemy does at each execution costs more than a small statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect, Update


class Prepared:
    """An UPDATE for one kind of database, given to its driver as it is.

    Every `IN` is to have a fixed number of values.
    """

    def __init__(self, statement: Update, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        self._sql = str(compiled)
        self._usual = dict(compiled.params)
        self._order = compiled.positiontup if compiled.positional else None
        self._converters: dict[str, Callable[[Any], Any]] = {}
        for name, bind in compiled.binds.items():
            convert = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if convert is not None:
                self._converters[name] = convert
                if self._usual.get(name) is not None:
                    self._usual[name] = convert(self._usual[name])

    def run(self, connection: Connection, values: Mapping[str, Any]) -> CursorResult[Any]:
        """Execute it with these values."""
        return connection.exec_driver_sql(self._sql, self._given(values))

    def run_all(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute it with each of these values, of which there are some."""
        connection.exec_driver_sql(self._sql, [self._given(row) for row in rows])

    def _given(self, values: Mapping[str, Any]) -> Any:
        whole = {**self._usual, **values}
        for name, convert in self._converters.items():
            if name in values:
                whole[name] = convert(whole[name])
        return whole if self._order is None else tuple([whole[name] for name in self._order])
