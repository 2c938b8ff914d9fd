"""The people part on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session, sessionmaker

from tests.subscribers.support import Site, build_site


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    with sessions() as session:
        yield session


@pytest.fixture
def site(sessions: sessionmaker[Session]) -> Site:
    return build_site(sessions)
