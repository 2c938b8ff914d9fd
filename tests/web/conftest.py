"""What tests of the public pages share: a site on an empty database, and papers to put there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from newsletter.app import App
from newsletter.model import Listed
from newsletter.store import entries, sources
from newsletter.web.site import create
from tests.factories import NOW
from tests.operator import Operator

Save = Callable[..., None]


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    operator = Operator(tmp_path, f"sqlite:///{tmp_path / 'newsletter.sqlite3'}")
    yield operator
    operator.close()


@pytest.fixture
def app(operator: Operator) -> App:
    return operator.app()


@pytest.fixture
def site(app: App) -> Iterator[TestClient]:
    with TestClient(create(app), follow_redirects=False) as client:
        yield client


@pytest.fixture
def save(app: App) -> Save:
    """Saves papers as a source of some kind and name brought them."""

    def put(*papers: Listed, kind: str = "samples", name: str = "papers") -> None:
        with app.sessions.begin() as session:
            known = {each.name: each.id for each in sources.all_sources(session)}
            source = known.get(name) or sources.add(session, name, kind, {}).id
            entries.save(session, source, papers, NOW - timedelta(minutes=30))

    return put
