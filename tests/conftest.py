"""Fixtures for all tests: a database of each kind, migrated as an operator's would be."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings
from sqlalchemy import Engine

from newsletter.app import App
from newsletter.store.engine import Sessions, open_engine, open_sessions, upgrade
from tests import postgres
from tests.operator import Operator

# A busy machine is no fault of what is tested, and a run says today what it said yesterday; new
# examples are searched for by `make soak`.
settings.register_profile("paperround", deadline=None, derandomize=True)
settings.register_profile("soak", deadline=None, max_examples=1000)
settings.load_profile("paperround")

# A shell has what it puts into the background ignore Ctrl-C, and commands that are started here would
# inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    """A command that a test runs in this process sets up the log; no later test may feel it."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgres.Emptied | None]:
    """A migrated database of this process's own (xdist has several), or None without a server."""
    with postgres.own_database() as url:
        yield None if url is None else postgres.Emptied(url)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "newsletter.sqlite3"
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a migrated database without rows: once a SQLite file, once PostgreSQL.

    Migrating anew for each test would take longer than all tests do.
    """
    if request.param == "sqlite":
        path = tmp_path / "newsletter.sqlite3"
        shutil.copyfile(request.getfixturevalue("migrated"), path)
        return f"sqlite:///{path}"
    server = request.getfixturevalue("postgresql")
    if server is None:
        pytest.skip(
            f"no PostgreSQL answers at {postgres.SERVER}; PAPERROUND_TEST_POSTGRESQL names another"
        )
    server.empty()
    return server.url


@pytest.fixture
def operator(tmp_path: Path, database_url: str) -> Iterator[Operator]:
    """An operator's installation on an empty database of each kind."""
    operator = Operator(tmp_path, database_url)
    yield operator
    operator.close()


@pytest.fixture
def app(operator: Operator) -> App:
    """The wired application of that installation."""
    return operator.app()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a migrated, empty database."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def sessions(engine: Engine) -> Sessions:
    """Sessions on a migrated, empty database."""
    return open_sessions(engine)
