"""Fixtures of the stages: an archive of some hundred papers that counts as large, and its readers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from newsletter.app import App
from newsletter.store import entries, sources
from subscribers.feedback import vote
from subscribers.tables import Subscriber
from tests.factories import NOW, listed
from tests.operator import add_readers
from tests.stages.archive import WISHES, key, papers


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive of some hundred papers counts as large."""
    for module in (
        "newsletter.match.space",
        "newsletter.match.features",
        "newsletter.stages.plan",
        "newsletter.stages.spaces",
    ):
        monkeypatch.setattr(f"{module}.SMALLEST_ARCHIVE", 300)
    monkeypatch.setattr("newsletter.match.space.DIMENSIONS", 40)


@pytest.fixture
def stocked(app: App, small: None) -> App:
    """Readers with wishes, votes and examples, and the archive; half of it is of this morning."""
    with app.sessions.begin() as session:
        source = sources.add(session, "papers", "feed", {})
        for half, seen_at in ((0, NOW - timedelta(days=9)), (1, NOW - timedelta(minutes=30))):
            batch = [
                listed(n, title=title, abstract=abstract, day=seen_at.date())
                for n, (title, abstract) in enumerate(papers())
                if n % 2 == half
            ]
            entries.save(session, source.id, batch, seen_at)
    add_readers(app, [WISHES[n % 6] for n in range(23)])
    with app.sessions.begin() as session:
        for person in session.scalars(select(Subscriber)):
            for n in range(person.id % 5):
                at = NOW - timedelta(days=1 + 40 * n)
                vote(session, person, key(2 * (7 * n + person.id)), 1 if n % 3 else -1, now=at)
    return app
