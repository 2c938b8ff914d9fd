"""Planning in several processes: nobody twice, nobody lost, the same picks as by one."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import delete, func, select, update

from newsletter.app import App, _open_planner
from newsletter.errors import StoreError
from newsletter.pipeline import due, everybody
from newsletter.stages.blocks import Blocks
from newsletter.stages.plan import Planner, PlanReport
from newsletter.stages.shards import plan_in_processes
from newsletter.store.tables import Delivery, Pick
from subscribers.tables import Subscriber
from tests.factories import NOW
from tests.operator import add_papers, add_readers

READERS = 90
WISHES = ["paper number", "number 3", "nothing of the kind"]


@pytest.fixture
def large(app: App) -> App:
    """An edition that is cut into small shards."""
    add_readers(app, WISHES * (READERS // 3))
    add_papers(app, 12)
    return app


def planned(app: App) -> list[tuple[object, ...]]:
    """Who got what, in which order, and why."""
    with app.sessions() as session:
        asked = select(Pick.subscriber_id, Pick.position, Pick.entry_id, Pick.score, Pick.evidence)
        return [
            tuple(row) for row in session.execute(asked.order_by(Pick.subscriber_id, Pick.position))
        ]


def handled(report: PlanReport) -> int:
    return report.planned + sum(report.skipped.values())


def deliveries(app: App) -> int:
    with app.sessions() as session:
        return session.scalar(select(func.count()).select_from(Delivery))


def forget(app: App) -> None:
    with app.sessions.begin() as session:
        before = NOW - timedelta(days=1)
        session.execute(delete(Pick))
        session.execute(delete(Delivery))
        session.execute(
            update(Subscriber).values(next_send_at=NOW - timedelta(hours=1), covered_until=before)
        )


def shards_of(app: App, blocks: Blocks, size: int) -> list[Blocks]:
    with app.sessions() as session:
        return blocks.shards(session, size)


def ids_in(app: App, blocks: Blocks) -> list[int]:
    with app.sessions() as session:
        found, after = [], 0
        while members := next(blocks.above(session, after), []):
            found += [member.id for member in members]
            after = found[-1]
        return found


@pytest.mark.parametrize("size", [1, 7, 30, 45, 90, 91, 1000])
def test_shards_are_the_same_people(large: App, size: int) -> None:
    for blocks in (due(NOW), everybody(NOW.date(), NOW)):
        shards = shards_of(large, blocks, size)
        held = [ids_in(large, shard) for shard in shards]
        assert [id_ for ids in held for id_ in ids] == ids_in(large, blocks)
        assert max(map(len, held)) <= size
        assert {shard.day for shard in shards} == {blocks.day}


def test_processes_plan_what_one_would(large: App) -> None:
    forget(large)
    alone = large.planner(NOW).plan(due(NOW))
    expected = planned(large)
    assert handled(alone) == READERS
    assert 0 < len({row[0] for row in expected}) == alone.planned < READERS
    forget(large)
    told: list[int] = []
    opened = partial(_open_planner, large.settings, NOW)
    shards = shards_of(large, due(NOW), 20)
    report = plan_in_processes(opened, shards, 2, told.append, lambda: False)
    assert report == alone
    assert sum(told) == READERS
    assert planned(large) == expected


def test_once_stopped_nothing_more_is_begun_and_the_next_run_does_the_rest(large: App) -> None:
    opened = partial(_open_planner, large.settings, NOW)
    shards = shards_of(large, due(NOW), 10)
    first = plan_in_processes(opened, shards, 1, lambda _: None, lambda: True)
    assert 0 < handled(first) < READERS
    assert handled(large.plan(due(NOW))) == READERS - handled(first)
    assert deliveries(large) == READERS


class _Dying(Planner):
    """Plans a shard and is then killed, as by a machine that runs out of memory."""

    def plan(self, blocks, *, progress=lambda _: None):
        super().plan(blocks, progress=progress)
        os.kill(os.getpid(), signal.SIGKILL)


def _open_dying(settings, now) -> Planner:
    planner = _open_planner(settings, now)
    return _Dying(planner.sessions, planner.now, planner.window_days)


def test_a_killed_process_is_told_and_costs_nobody_a_digest(large: App) -> None:
    opened = partial(_open_dying, large.settings, NOW)
    shards = shards_of(large, due(NOW), 10)
    with pytest.raises(StoreError, match="ended unexpectedly"):
        plan_in_processes(opened, shards, 2, lambda _: None, lambda: False)
    done = deliveries(large)
    assert 0 < done < READERS
    assert handled(large.plan(due(NOW))) == READERS - done
