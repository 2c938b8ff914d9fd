"""Opening the database: SQLite in WAL or PostgreSQL, and whether its tables are those of this code."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from newsletter.errors import StoreError

if TYPE_CHECKING:
    from alembic.config import Config

Sessions = sessionmaker[Session]

# Of libpq: seconds until a server that does not answer is taken for gone (tcp_user_timeout: milliseconds).
# Without them a connection to a machine that vanished waits for as long as the system does, for hours.
_PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_LONGEST_STATEMENT = "10min"  # more than any but a migration takes

_MIGRATIONS = Path(__file__).parents[1] / "migrations"


def open_engine(url: str) -> Engine:
    """An engine for `url`; nothing is connected yet. Raises StoreError for a URL nobody understands."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite":
            return _open_server(parsed)
        engine = create_engine(parsed, connect_args={"timeout": 30, "check_same_thread": False})
    except (SQLAlchemyError, ImportError, ValueError) as error:
        raise StoreError(f"not a database address: {error}") from error
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _open_server(url: URL) -> Engine:
    patience = {}
    if url.get_backend_name() == "postgresql":
        patience = {name: value for name, value in _PATIENCE.items() if name not in url.query}
    # A pool that asks first survives a database that was restarted.
    engine = create_engine(url, pool_pre_ping=True, pool_size=10, connect_args=patience)
    if patience:
        event.listen(engine, "connect", _bound_statements)
    return engine


def _bound_statements(connection: Any, _record: object) -> None:
    # Not as an option of the connection, which some poolers refuse; an operator's own bound stays.
    connection.autocommit = True
    connection.execute(
        "SELECT set_config('statement_timeout', %s, false) "
        "WHERE current_setting('statement_timeout') = '0'",
        [_LONGEST_STATEMENT],
    )
    connection.autocommit = False


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own transaction handling would begin too late; see `_begin_sqlite`.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        "synchronous=NORMAL",
        "busy_timeout=30000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when another wrote in between;
    # taking the write lock at the start makes it wait for its turn. Readers are told apart.
    readonly = connection.get_execution_options().get("paperround_readonly", False)
    connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")


def open_sessions(engine: Engine) -> Sessions:
    """Sessions that write; on SQLite each takes the write lock when it begins."""
    return sessionmaker(engine, expire_on_commit=False)


def reading(sessions: Sessions) -> Sessions:
    """Sessions that only read, and so never wait for a writer on SQLite."""
    engine: Engine = sessions.kw["bind"]
    return sessionmaker(
        engine.execution_options(paperround_readonly=True), expire_on_commit=False, autoflush=False
    )


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine) -> tuple[str | None, str]:
    """Create or upgrade the tables; return the revision before and after. Does nothing if up to date.

    Raises StoreError if the database cannot be reached or belongs to a newer Paperround.
    """
    from alembic import command

    with _plainly(engine), engine.begin() as connection:
        before = _revision(connection)
        _known(before)
        if engine.dialect.name == "postgresql":  # to index a large table may take long
            connection.execute(text("SET LOCAL statement_timeout = 0"))
        command.upgrade(_config(connection), "head")
        return before, revisions()[-1]


def require_current(engine: Engine) -> None:
    """Raise StoreError unless the database's tables are exactly those of this code."""
    with _plainly(engine), engine.connect() as connection:
        current = _revision(connection)
        if current == revisions()[-1]:
            return
        if current is None:
            raise StoreError(f"{describe(engine)} has no tables yet: run `newsletter init`")
        _known(current)
        raise StoreError(
            f"{describe(engine)} is older than this code (revision {current}, "
            f"needed {revisions()[-1]}): run `newsletter init`"
        )


@cache
def revisions() -> tuple[str, ...]:
    """All revisions of the tables, the oldest first: the numbers of the migrations' files.

    Alembic would tell, but every command asks, and loading Alembic takes longer than most of them.
    """
    files = (_MIGRATIONS / "versions").glob("[0-9]*.py")
    return tuple(sorted(path.stem.partition("_")[0] for path in files))


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _known(revision: str | None) -> None:
    if revision is not None and revision not in revisions():
        raise StoreError(
            f"the database is at revision {revision}, which this code does not know: "
            "it was made by a newer Paperround"
        )


def describe(engine: Engine) -> str:
    """The database's address without its password."""
    return f"the database {engine.url.render_as_string(hide_password=True)}"


class _plainly:  # noqa: N801  (reads as a word at its place of use)
    """Turn the driver's errors into one plain line that names the database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, SQLAlchemyError):
            cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise StoreError(f"{describe(self.engine)} cannot be used: {cause}") from error
