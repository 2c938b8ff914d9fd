"""Numbers of attention: kept when they change, and only then."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from newsletter.model import Listed
from newsletter.store import entries, signals, sources

NOW = datetime(2026, 6, 16, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
Sessions = sessionmaker[Session]


def an_entry(sessions: Sessions) -> int:
    with sessions.begin() as session:
        source = sources.add(session, "one", "samples", {}).id
        paper = Listed(keys=("arxiv:2606.00001",), title="A title", day=date(2026, 6, 16))
        entries.save(session, source, [paper], NOW)
        return entries.ids_by_key(session, paper.keys)[paper.keys[0]]


def record(sessions: Sessions, observed: dict, now: datetime) -> int:
    with sessions.begin() as session:
        return signals.record(session, observed, now)


def test_only_a_change_is_written(sessions: Sessions) -> None:
    entry = an_entry(sessions)
    assert record(sessions, {(entry, "votes"): 3, (entry, "stars"): 10}, NOW) == 2
    assert record(sessions, {(entry, "votes"): 3, (entry, "stars"): 11}, NOW + HOUR) == 1
    assert record(sessions, {(entry, "votes"): 5, (entry, "stars"): 11}, NOW + 2 * HOUR) == 1
    with sessions() as session:
        assert signals.history(session, entry, "votes") == [(NOW, 3), (NOW + 2 * HOUR, 5)]
        assert signals.latest(session, [entry]) == {
            (entry, "votes"): (NOW + 2 * HOUR, 5),
            (entry, "stars"): (NOW + HOUR, 11),
        }
        assert list(signals.latest(session, [entry], "stars")) == [(entry, "stars")]


def test_a_late_or_repeated_observation_does_no_harm(sessions: Sessions) -> None:
    entry = an_entry(sessions)
    record(sessions, {(entry, "votes"): 3}, NOW)
    assert record(sessions, {(entry, "votes"): 4}, NOW) == 1
    assert record(sessions, {(entry, "votes"): 1}, NOW - HOUR) == 0
    assert record(sessions, {}, NOW) == 0
    with sessions() as session:
        assert signals.history(session, entry, "votes") == [(NOW, 4)]
