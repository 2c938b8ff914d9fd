"""The clockwork asks every minute, does one thing at a time, and survives what fails."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter import scheduler
from newsletter.errors import MailerError
from newsletter.store.learned import LearnedSpace, LearnedTaste
from newsletter.store.tables import Delivery
from tests.operator import Operator, add_papers, add_readers


def now() -> datetime:
    return datetime.now(UTC)


def test_a_tick_mails_who_is_due(operator: Operator) -> None:
    app = operator.app()
    add_readers(app, ["paper number"] * 3, now=now())
    add_papers(app, 2, now=now())
    scheduler.tick(app, now())
    with app.sessions() as session:
        assert set(session.scalars(select(Delivery.state))) == {"submitted"}
    assert len(list(Path(app.settings.outbox).glob("*.eml"))) == 3


def test_who_is_told_to_stop_leaves_the_rest_planned(operator: Operator) -> None:
    app = operator.app()
    add_readers(app, ["paper number"] * 3, now=now())
    add_papers(app, 2, now=now())
    app.stopping.set()
    scheduler.tick(app, now())
    with app.sessions() as session:
        assert set(session.scalars(select(Delivery.state))) == {"planned"}


def test_jobs_run_at_once_and_never_beside_themselves(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    done = threading.Event()

    def collect(_app: object, _now: datetime) -> None:
        seen.append("collect")
        done.set()

    monkeypatch.setattr(scheduler, "collect", collect)
    clockwork = scheduler.start(operator.app(), now)
    try:
        assert done.wait(10), "the sources are visited as soon as it starts"
        jobs = {job.id: job for job in clockwork.get_jobs()}
        assert set(jobs) == {"collect", "learn", "refresh", "summarise", "tick"}
        assert all(job.coalesce and job.max_instances == 1 for job in jobs.values())
        assert all(job.misfire_grace_time is None for job in jobs.values())
    finally:
        clockwork.shutdown()


def test_what_is_learned_ahead_is_learned_by_jobs(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("match.space", "match.features", "stages.spaces"):
        monkeypatch.setattr(f"newsletter.{module}.SMALLEST_ARCHIVE", 20)
    monkeypatch.setattr("newsletter.match.space.DIMENSIONS", 2)
    app = operator.app()
    add_readers(app, ["paper number"] * 3, now=now())
    add_papers(app, 30, now=now())
    scheduler.learn(app, now())
    with app.sessions() as session:
        assert session.scalars(select(LearnedTaste)).all() == []
    scheduler.refresh(app, now())
    scheduler.learn(app, now())
    with app.sessions() as session:
        assert len(session.scalars(select(LearnedSpace.id)).all()) == 1
        assert len(session.scalars(select(LearnedTaste.subscriber_id)).all()) == 3


def test_what_fails_is_a_log_line_and_the_next_tick_comes(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = operator.app()

    def broken(*_: object) -> None:
        raise MailerError("the relay is on fire")

    monkeypatch.setattr("newsletter.pipeline.Pipeline.tick", broken)
    scheduler.tick(app, now())
    assert "the relay is on fire" in "".join(capsys.readouterr())

    def odd(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("newsletter.pipeline.Pipeline.tick", odd)
    scheduler.tick(app, now())
    assert "ZeroDivisionError" in "".join(capsys.readouterr())
