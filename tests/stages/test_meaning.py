"""With an encoder, what texts mean reaches the space, the readers and the day; without it, all goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from newsletter.app import App
from newsletter.errors import EncoderError
from newsletter.match.space import Features
from newsletter.pipeline import due
from newsletter.stages.meaning import Meaning
from newsletter.stages.spaces import Spaces
from newsletter.stages.vectors import encode_missing
from newsletter.store.learned import LearnedSpace, LearnedTaste
from newsletter.store.tables import Pick
from subscribers.profile import Kind
from tests.encoders import WordBags
from tests.factories import NOW
from tests.stages.archive import key


class Broken(WordBags):
    """Cannot encode what readers type."""

    def encode(self, texts):
        raise EncoderError("the model is gone")


@pytest.fixture
def meant(stocked: App) -> App:
    """The stocked installation with every paper encoded."""
    app = replace(stocked, encoder=WordBags())
    encode_missing(app.sessions, app.encoder, NOW, 30)
    return app


def spaces(app: App) -> list[str]:
    with app.sessions() as session:
        return list(session.scalars(select(LearnedSpace.encoder).order_by(LearnedSpace.id)))


def test_meaning_reaches_the_space_the_profiles_and_the_day(meant: App) -> None:
    meant.refresh(NOW)
    assert spaces(meant) == ["word-bags-1"]
    report = meant.planner(NOW).plan(due(NOW))
    assert report.planned
    with meant.sessions() as session:
        _, space = meant._spaces.stored(session)
        assert (space.encoder, space.dimensions) == ("word-bags-1", 64)
        assert session.scalars(select(Pick)).first() is not None
        lengths = {len(row) for row in session.scalars(select(LearnedTaste.dense))}
        assert lengths == {2 * (40 + 64)}
        day = next(iter(meant_planner_days(meant, session)))
    assert day.shape[1] == 40 + 64
    assert (abs(day[:, 40:]).sum(axis=1) > 0).all()


def meant_planner_days(app: App, session):
    planner = app.planner(NOW)
    day = planner._day(session, (NOW - timedelta(days=1)).date())
    yield day.features.dense


def test_until_papers_are_encoded_a_space_of_terms_serves(stocked: App) -> None:
    app = replace(stocked, encoder=WordBags())
    app.refresh(NOW)
    assert spaces(app) == [""]
    assert not app._spaces.refresh(app.sessions, NOW + timedelta(hours=1))
    encode_missing(app.sessions, app.encoder, NOW, 30)
    assert app._spaces.refresh(app.sessions, NOW + timedelta(hours=2))
    assert spaces(app) == ["", "word-bags-1"]
    with app.sessions() as session:
        assert app._spaces.stored(session)[0] == 2


def test_a_broken_encoder_costs_the_meaning_of_words_and_nothing_else(meant: App) -> None:
    meant.refresh(NOW)
    meaning = Meaning(Broken())
    with meant.sessions() as session:
        wishes = [(Kind.TOPIC, "graph"), (Kind.SEED, key(2)), (Kind.SEED, "arxiv:none")]
        assert list(meaning.of_wishes(session, wishes, 64)) == [(Kind.SEED, key(2))]
    app = replace(meant, encoder=Broken())
    assert app.planner(NOW).plan(due(NOW)).planned


def test_features_of_what_is_not_encoded_have_no_meaning(meant: App) -> None:
    space = None
    found = Spaces(Meaning(WordBags()))
    assert found.refresh(meant.sessions, NOW)
    with meant.sessions() as session:
        _, space = found.stored(session)
    known = space.features(space.vocabulary.vectors([["graph"]]))
    assert isinstance(known, Features)
    assert not known.dense[:, 40:].any()
