"""Planning a large edition in several processes: Python's own work, of which planning is made, has one
core a process.

Each process takes the next shard. The ledger's keys guard what two of them might do twice, and a shard
that is lost with its process is planned by the next run.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context

from newsletter.errors import StoreError
from newsletter.parent import when_parent_ends
from newsletter.stages.blocks import Blocks
from newsletter.stages.plan import Planner, PlanReport
from newsletter.store.engine import reading

OpenPlanner = Callable[[], Planner]
"""Makes a planner in a process of its own; a function of a module, for it is sent there by name."""


@dataclass(frozen=True, slots=True)
class _Done:
    report: PlanReport
    members: int


def plan_all(
    planner: Planner,
    open_planner: OpenPlanner,
    blocks: Blocks,
    *,
    processes: int,
    progress: Callable[[int], None],
    stopped: Callable[[], bool],
) -> PlanReport:
    """Plan a digest for everybody in `blocks`: by `planner`, or many by several processes."""
    with reading(planner.sessions)() as session:
        shards = blocks.shards(session) if processes > 1 else []
    if len(shards) < 2:
        return planner.plan(blocks, progress=progress)
    planner.prepare()  # once, not by each
    return plan_in_processes(open_planner, shards, min(processes, len(shards)), progress, stopped)


def plan_in_processes(
    open_planner: OpenPlanner,
    shards: Sequence[Blocks],
    processes: int,
    progress: Callable[[int], None],
    stopped: Callable[[], bool],
) -> PlanReport:
    """Plan all shards; once `stopped`, those that were begun. Raises StoreError if a process is lost."""
    total, left = PlanReport(), list(reversed(shards))
    # Not forked: this process has threads, and a copy of it would have their locks without them.
    pool = ProcessPoolExecutor(processes, get_context("spawn"), _start, (open_planner,))
    begun: set[Future[_Done]] = set()
    try:
        while left or begun:
            while left and len(begun) < 2 * processes:
                begun.add(pool.submit(_plan, left.pop()))
            ended, begun = wait(begun, return_when=FIRST_COMPLETED)
            for future in ended:
                done = future.result()
                total.add(done.report)
                progress(done.members)
            if stopped():
                left.clear()
    except BrokenProcessPool:
        raise StoreError(
            "a planning process ended unexpectedly; what is planned stays so, the next run does the rest"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)
    return total


_planner: list[Planner] = []
"""This process's, where it is one of several."""


def _start(open_planner: OpenPlanner) -> None:
    # Ctrl-C and service managers signal all processes at once; who waits for this one says when to stop.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    when_parent_ends(lambda: os._exit(1))  # killed: nobody is left to answer to
    _planner.append(open_planner())


def _plan(shard: Blocks) -> _Done:
    planned: list[int] = []
    report = _planner[0].plan(shard, progress=planned.append)
    return _Done(report, sum(planned))
