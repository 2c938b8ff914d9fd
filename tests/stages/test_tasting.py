"""A preview is what the real planner would choose, for somebody who leaves no trace."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from newsletter.app import App
from newsletter.model import Digest
from newsletter.stages import tasting
from newsletter.stages.tasting import Tasting
from newsletter.store import entries, sources
from subscribers import audience
from subscribers.preview import PreviewBusyError, Wanted
from subscribers.profile import Profile, parse_profile
from subscribers.tokens import LESS, MORE
from tests.factories import NOW, listed
from tests.subscribers.support import dump

WISHES = parse_profile('graph\n"neural network"\n-survey')


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def counter(stocked: App, clock: Clock) -> Tasting:
    return Tasting(stocked.sessions, stocked._spaces, clock)


def test_a_preview_is_what_the_planner_would_choose(stocked, counter):
    planner = stocked.planner(NOW)
    planner.window_days = tasting.DAYS
    with stocked.sessions() as session:
        [members] = audience.everybody(session, now=NOW)
        member = replace(
            members[-1],
            interests=WISHES.interests,
            votes=(),
            covered_until=NOW - timedelta(days=tasting.DAYS),
            away_until=None,
            id=0,
        )
        [digest] = planner.choose(session, [member])
    assert isinstance(digest, Digest)
    preview = counter.taste(Wanted(WISHES, max_papers=member.max_papers))
    assert [paper.entry_id for paper in preview.papers] == [p.entry_id for p in digest.picks]
    assert preview.considered == digest.considered == 400
    assert preview.days == 14


def test_reasons_are_plain_words(counter):
    shown = counter.taste(Wanted(WISHES)).papers
    told = [
        f"{reason.before}{reason.name}{reason.after}" for paper in shown for reason in paper.reasons
    ]
    assert any(line == "you follow graph" for line in told)
    assert all(told)
    assert all(paper.title and paper.section and paper.key for paper in shown)


def test_what_was_rated_moves_the_preview_and_nothing_is_stored(stocked, counter):
    with stocked.sessions() as session:
        before = dump(session)
    first = counter.taste(Wanted(WISHES))
    keys = [paper.key for paper in first.papers]
    rated = ((keys[0], LESS), (keys[1], LESS), (keys[-1], MORE))
    second = counter.taste(Wanted(WISHES, rated))
    for paper in second.papers:
        assert paper.reasons
        assert paper.title not in {reason.name for reason in paper.reasons}
    assert [paper.key for paper in second.papers] != keys
    assert counter.taste(Wanted(WISHES)) == first
    with stocked.sessions() as session:
        assert dump(session) == before


def test_an_unknown_paper_says_nothing(counter):
    rated = (("arxiv:9999.00001", MORE), ("nonsense", LESS))
    assert counter.taste(Wanted(WISHES, rated)) == counter.taste(Wanted(WISHES))


def test_without_wishes_there_is_what_is_popular(counter):
    assert len(counter.taste(Wanted(Profile(), max_papers=5)).papers) == 5


def test_new_papers_are_there_after_a_while(stocked, counter, clock):
    wanted = Wanted(parse_profile('"zeppelin mooring"'))
    found = counter.taste(wanted)
    with stocked.sessions.begin() as session:
        source = sources.add(session, "more", "feed", {})
        paper = listed(4000, title="Zeppelin mooring at night", day=NOW.date())
        entries.save(session, source.id, [paper], NOW - timedelta(minutes=1))
    clock.now += timedelta(minutes=6)
    counter.taste(wanted)  # still of what there was; has the new ones read
    for thread in threading.enumerate():
        if thread.name == "tasting":
            thread.join()
    assert found.papers != (later := counter.taste(wanted)).papers
    assert later.papers[0].title == "Zeppelin mooring at night"


def test_who_comes_while_too_many_wait_is_told_so(counter, monkeypatch):
    monkeypatch.setattr(tasting, "_PATIENCE", 0.05)
    counter.taste(Wanted(WISHES))
    with counter._making, pytest.raises(PreviewBusyError):
        counter.taste(Wanted(WISHES))
    for _ in range(tasting._MOST_WAITING):
        counter._room.acquire()
    with pytest.raises(PreviewBusyError):
        counter.taste(Wanted(WISHES))


def test_a_rating_is_more_or_less():
    with pytest.raises(ValueError):
        Wanted(WISHES, (("arxiv:2606.00001", 2),))
