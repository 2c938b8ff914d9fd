"""The space that all profiles share: when it is learned anew, who has which, two who learn at once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from newsletter.app import App
from newsletter.pipeline import due
from newsletter.stages.meaning import Meaning
from newsletter.stages.spaces import Spaces
from newsletter.store.learned import LearnedSpace, LearnedTaste
from newsletter.store.tables import Entry
from subscribers import audience
from tests.encoders import WordBags
from tests.factories import NOW
from tests.operator import add_readers
from tests.stages.archive import count

pytestmark = pytest.mark.usefixtures("small")


def test_an_archive_that_has_doubled_is_learned_anew(
    stocked: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.stages.spaces.SMALLEST_ARCHIVE", 100)
    with stocked.sessions() as session:
        half = session.scalar(select(func.max(Entry.first_seen_at)))  # the other half came before
    before = half - timedelta(minutes=1)
    assert stocked._spaces.refresh(stocked.sessions, before)
    assert not stocked._spaces.refresh(stocked.sessions, before + timedelta(seconds=1))
    assert stocked._spaces.refresh(stocked.sessions, NOW)
    assert not stocked._spaces.refresh(stocked.sessions, NOW + timedelta(hours=1))


def test_spaces_are_renewed_after_a_week_and_two_are_kept(stocked: App) -> None:
    spaces, sessions = stocked._spaces, stocked.sessions
    moments = [NOW + timedelta(days=days) for days in (0, 6, 7, 8, 14)]
    assert [spaces.refresh(sessions, at) for at in moments] == [True, False, True, False, True]
    with sessions() as session:
        kept = session.scalars(select(LearnedSpace.id).order_by(LearnedSpace.id)).all()
        found = spaces.space(session, NOW)
        elsewhere = Spaces().space(session, NOW)
        other = Spaces(Meaning(WordBags())).stored(session)
    # Nothing is encoded, so the space of terms serves whoever has an encoder, too.
    assert found and elsewhere and other
    assert kept == [2, 3] and found[0] == elsewhere[0] == other[0] == 3


def test_too_few_papers_store_nothing(app: App) -> None:
    add_readers(app, ["paper number"])
    assert not app._spaces.refresh(app.sessions, NOW)
    app.planner(NOW).plan(due(NOW))
    assert count(app, LearnedSpace) == count(app, LearnedTaste) == 0


def test_two_who_refresh_at_once_leave_one_space(
    stocked: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, made = threading.Barrier(2), []
    learn = Spaces.refresh.__globals__["_learned"]

    def together(archive) -> bytes:
        both.wait(60)
        return learn(archive)

    monkeypatch.setattr("newsletter.stages.spaces._learned", together)
    threads = [
        threading.Thread(target=lambda: made.append(Spaces().refresh(stocked.sessions, NOW)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False, True]
    assert count(stocked, LearnedSpace) == 1


def test_a_run_keeps_the_space_that_it_began_with(stocked: App) -> None:
    stocked._spaces.refresh(stocked.sessions, NOW)
    planner = stocked.planner(NOW)
    with stocked.sessions() as session:
        members = next(audience.due(session, now=NOW))
        first = planner.choose(session, members)
    Spaces().refresh(stocked.sessions, NOW + timedelta(days=8))
    with stocked.sessions() as session:
        assert planner.choose(session, members) == first
    planner.plan(due(NOW))
    with stocked.sessions() as session:
        assert set(session.scalars(select(LearnedTaste.space_id))) == {1}
