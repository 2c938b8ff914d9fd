"""A throw-away PostgreSQL database, for tests and benchmarks."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

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
