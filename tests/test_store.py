"""The database: created, upgraded, refused; the tables are those that the code declares."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from newsletter import migrations
from newsletter.errors import StoreError
from newsletter.store.engine import (
    Sessions,
    _config,
    open_engine,
    require_current,
    revisions,
    upgrade,
)
from newsletter.store.searchable import is_declared
from subscribers.feedback import vote
from subscribers.orm import Base
from subscribers.tables import InterestRow, Subscriber, Vote
from tests.factories import NOW
from tests.subscribers.support import join


def test_migrations_make_the_tables_that_the_code_declares(engine: Engine) -> None:
    with engine.connect() as connection:
        options = {"compare_type": True, "include_name": is_declared}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_the_migrations_follow_each_other_in_the_order_of_their_files() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    newest_first = ScriptDirectory.from_config(config).walk_revisions()
    assert [script.revision for script in newest_first] == list(reversed(revisions()))


def test_upgrading_twice_changes_nothing(engine: Engine) -> None:
    before, after = upgrade(engine)
    assert before == after
    require_current(engine)


def test_votes_can_be_migrated_away_and_back_without_losing_people(
    engine: Engine, sessions: Sessions
) -> None:
    with sessions.begin() as session:
        vote(session, join(session), "arxiv:2606.00011", 1, now=NOW)
    with engine.begin() as connection:
        command.downgrade(_config(connection), "0002")
    assert not inspect(engine).has_table("vote")
    upgrade(engine)
    with sessions() as session:
        counts = [session.query(table).count() for table in (Subscriber, InterestRow, Vote)]
    assert counts == [1, 1, 0]


def test_a_database_that_nobody_set_up_is_refused_with_what_to_do(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    with pytest.raises(StoreError, match="newsletter init"):
        require_current(engine)


def test_an_older_database_is_refused_and_a_newer_one_too(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(StoreError, match="revision 0001"):
        require_current(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer Paperround"):
        require_current(engine)
    with pytest.raises(StoreError, match="newer Paperround"):
        upgrade(engine)


def test_an_unreachable_database_is_one_plain_line(tmp_path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder' / 'x.sqlite3'}")
    with pytest.raises(StoreError) as caught:
        require_current(engine)
    assert "unable to open database file" in str(caught.value)
    assert "\n" not in str(caught.value)

    engine = open_engine("postgresql://ada:secret@127.0.0.1:1/nowhere")
    with pytest.raises(StoreError) as caught:
        upgrade(engine)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_statements_of_a_server_have_an_end(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW statement_timeout")) == "10min"
        own = engine.url.update_query_dict({"options": "-c statement_timeout=5000"})
    other = open_engine(own.render_as_string(hide_password=False))
    with other.connect() as connection:
        assert connection.scalar(text("SHOW statement_timeout")) == "5s"
    other.dispose()


def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        engine = open_engine(f"postgresql://ada@127.0.0.1:{port}/none?connect_timeout=2")
        with pytest.raises(StoreError, match="cannot be used"):
            require_current(engine)


def test_sqlite_runs_in_wal_with_foreign_keys(tmp_path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    upgrade(engine)
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
    assert "subscriber" in inspect(engine).get_table_names()
    engine.dispose()


@pytest.mark.parametrize(
    ("table", "columns"), [("interest", ["kind", "text"]), ("vote", ["entry_key"])]
)
def test_who_gave_or_voted_on_a_paper_is_found_by_the_paper(
    engine: Engine, table: str, columns: list[str]
) -> None:
    assert columns in [index["column_names"] for index in inspect(engine).get_indexes(table)]
