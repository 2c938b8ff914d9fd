"""Example papers that nobody listed are fetched, matched on, and never mailed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from newsletter.app import App
from newsletter.collect.http import Http
from newsletter.errors import SourceError
from newsletter.model import Digest, Skip
from newsletter.pipeline import due
from newsletter.stages.seeds import fetch_seeds
from newsletter.store.tables import Entry
from subscribers.tables import Subscriber
from tests import inputs
from tests.factories import NOW
from tests.operator import add_papers, add_readers
from tests.servers import serving


def http() -> Http:
    return Http(contact="tests", allow_private=True, sleep=lambda _: None)


def test_a_missing_seed_is_fetched_once_and_is_no_news(app: App) -> None:
    recorded = inputs.require("inputs", "sources", "arxiv-api", "arxiv_transformer.xml")
    add_readers(app, ["arxiv:2606.13677\narxiv:9912.12345"])
    with serving() as web:
        web.put("/api/query", recorded.read_bytes())
        assert fetch_seeds(app.sessions, http, NOW, base_url=web.url) > 0
        assert "2606.13677" in web.asked[0].query["id_list"]
        with app.sessions() as session:
            dates = session.scalars(select(Entry.first_listed_on)).all()
            changed = session.scalars(select(Subscriber.taste_changed_at)).all()
        assert all(day < NOW.date() + timedelta(days=30) for day in dates)
        assert changed == [NOW]  # what was learned without it is out of date


def test_old_seeds_stay_out_of_the_digest(app: App) -> None:
    add_readers(app, ["paper number"])
    add_papers(app, 2)
    with app.sessions.begin() as session:
        old = session.scalars(select(Entry).order_by(Entry.id)).first()
        assert old is not None
        old.first_listed_on = NOW.date() - timedelta(days=400)
    with app.sessions() as session:
        members = next(due(NOW).above(session, 0))
        (digest,) = app.planner(NOW).choose(session, members)
    assert not isinstance(digest, Skip)
    assert isinstance(digest, Digest)
    assert len(digest.picks) == 1


def test_arxiv_that_does_not_answer_costs_only_the_seeds(app: App) -> None:
    add_readers(app, ["arxiv:2606.00001"])
    with serving() as web:
        web.put("/api/query", b"<html>sorry</html>")
        with pytest.raises(SourceError):
            fetch_seeds(app.sessions, http, NOW, base_url=web.url)


def test_no_seed_asks_nobody(app: App) -> None:
    add_readers(app, ["paper number"])
    with serving() as web:
        assert fetch_seeds(app.sessions, http, NOW, base_url=web.url) == 0
        assert web.asked == []
