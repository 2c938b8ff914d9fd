"""What planning asks the ledger reads a short stretch of it for each reader, however long it has grown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from newsletter.store import reading, served
from newsletter.store.engine import open_engine, open_sessions, upgrade
from tests.factories import DAY


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    """SQLite plans without statistics, so its plan tells what a query asks for."""
    engine = open_engine(f"sqlite:///{tmp_path / 'newsletter.sqlite3'}")
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.mark.parametrize(
    ("ask", "stretch"),
    [
        (
            lambda session: reading.picked(session, [3, 4, 9], [70, 99]),
            "(subscriber_id=? AND entry_id>? AND entry_id<?)",
        ),
        (
            lambda session: served.last_planned(session, [3, 4, 9], DAY - timedelta(days=32)),
            "(subscriber_id=? AND edition_day>?)",
        ),
    ],
    ids=["what was sent", "when the last one was planned"],
)
def test_of_each_reader_a_stretch_of_a_key_is_read(
    sqlite: Engine, ask: Callable[[Session], object], stretch: str
) -> None:
    asked: list[tuple[str, object]] = []
    event.listen(
        sqlite, "before_cursor_execute", lambda _c, _k, said, given, *_: asked.append((said, given))
    )
    with open_sessions(sqlite)() as session:
        ask(session)
    said, given = asked[-1]
    with sqlite.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", given)
        plan = [row[-1] for row in rows]
    assert any(step.startswith("SEARCH") and stretch in step for step in plan), plan
    assert not any(step.startswith("SCAN") for step in plan), plan
