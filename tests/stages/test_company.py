"""What readers like together: lent to who likes the same, never what one reader alone likes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import delete

from newsletter.app import App
from newsletter.stages import company as companies
from newsletter.stages.tastes import readers_of
from newsletter.store import voting
from newsletter.store.learned import LearnedCompany, LearnedTaste
from subscribers import audience
from subscribers.feedback import vote
from subscribers.tables import Subscriber
from tests.factories import NOW
from tests.stages.archive import clear, count, key, learned

pytestmark = pytest.mark.usefixtures("small")


@pytest.fixture
def likers(stocked: App, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """Twelve who like papers 2 and 4, of whom one has a pair of their own."""
    monkeypatch.setattr("newsletter.match.company.FEWEST_LIBRARIES", 10)
    with stocked.sessions.begin() as session:
        for id_ in range(1, 13):
            person = session.get_one(Subscriber, id_)
            for number in (302, 304):
                vote(session, person, key(number), 1, now=NOW)
        for number in (306, 308):
            vote(session, session.get_one(Subscriber, 3), key(number), 1, now=NOW)
        vote(session, session.get_one(Subscriber, 20), key(302), 1, now=NOW)
    return stocked


def test_what_many_like_together_is_lent_and_what_one_likes_is_not(likers: App) -> None:
    likers._spaces.refresh(likers.sessions, NOW)
    assert companies.learn_company(likers.sessions, likers._spaces, NOW)
    with likers.sessions() as session:
        version = likers._spaces.stored(session)[0]
        company = companies.read_company(session, version)
        assert company is not None
        assert {key(302), key(304)} <= set(company.keys)
        assert not {key(306), key(308)} & set(company.keys)
        members = audience.among(session, [20], now=NOW)
        (reader,) = companies.borrowing(session, readers_of(session, members, NOW), company)
    assert reader.lent is not None
    assert learned(likers) == 23
    with likers.sessions() as session:
        lent = session.get_one(LearnedTaste, 20).dense
    clear(likers)
    with likers.sessions.begin() as session:
        session.execute(delete(LearnedCompany))
    learned(likers)
    with likers.sessions() as session:
        assert session.get_one(LearnedTaste, 20).dense != lent


def test_too_few_libraries_are_forgotten(likers: App, monkeypatch: pytest.MonkeyPatch) -> None:
    likers._spaces.refresh(likers.sessions, NOW)
    assert companies.learn_company(likers.sessions, likers._spaces, NOW)
    monkeypatch.setattr("newsletter.match.company.FEWEST_LIBRARIES", 30)
    assert not companies.learn_company(likers.sessions, likers._spaces, NOW)
    assert count(likers, LearnedCompany) == 0


def test_of_very_many_libraries_a_part_is_read_the_same_each_night(likers: App) -> None:
    with likers.sessions() as session:
        everybody = voting.libraries(session, 500, 1000)
        some = voting.libraries(session, 500, 8)
        assert some == voting.libraries(session, 500, 8)
    assert 0 < len(some) <= 8 < len(everybody)
    assert {tuple(papers) for papers in some} <= {tuple(papers) for papers in everybody}
