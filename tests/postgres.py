"""A throw-away PostgreSQL database, for tests and benchmarks."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from newsletter.store import tables
from newsletter.store.engine import open_engine, upgrade

# Names a PostgreSQL server on which databases may be made and dropped; the default is a local one.
SERVER = os.environ.get("PAPERROUND_TEST_POSTGRESQL", "postgresql://127.0.0.1:5432/postgres")


@contextmanager
def own_database() -> Iterator[str | None]:
    """The address of an empty database that nobody else knows, or None where no server answers."""
    url = make_url(SERVER)
    if url.username is None:
        url = url.set(username=os.environ.get("USER") or "root")
    admin = create_engine(url, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
    name = f"paperround_test_{uuid.uuid4().hex[:12]}"
    try:
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except OperationalError:
        yield None
        return
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


_SHAPE = text(
    """
    SELECT md5((SELECT string_agg(format('%s.%s %s %s', table_name, column_name, data_type, is_nullable),
                                  ',' ORDER BY table_name, ordinal_position)
                FROM information_schema.columns WHERE table_schema = 'public')
            || (SELECT string_agg(indexdef, ',' ORDER BY indexdef)
                FROM pg_indexes WHERE schemaname = 'public')
            || (SELECT string_agg(version_num, ',') FROM alembic_version))
    """
)


class Emptied:
    """A migrated database that gives up its rows, and is made anew only if a test changed its shape."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = create_engine(url, poolclass=NullPool)
        self._shape = self._migrated()

    def empty(self) -> None:
        """All tables without rows, all numbers from one."""
        with self._engine.begin() as connection:
            if _shape(connection) == self._shape:
                for table in reversed(tables.Base.metadata.sorted_tables):
                    connection.execute(table.delete())
                connection.execute(
                    text(
                        "SELECT setval(format('%I.%I', schemaname, sequencename), 1, false) "
                        "FROM pg_sequences WHERE schemaname = 'public'"
                    )
                )
                return
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        self._shape = self._migrated()

    def _migrated(self) -> str:
        engine = open_engine(self.url)
        upgrade(engine)
        engine.dispose()
        with self._engine.begin() as connection:
            return _shape(connection) or ""


def _shape(connection: Connection) -> str | None:
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return None
    found: str | None = connection.scalar(_SHAPE)
    return found
