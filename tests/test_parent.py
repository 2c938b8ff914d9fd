"""A process whose parent is killed hears of it."""

from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path

from newsletter.parent import when_parent_ends

SPAWN = multiprocessing.get_context("spawn")


def child(mark: str) -> None:
    when_parent_ends(Path(mark).touch)
    Path(f"{mark}.watching").touch()
    while not Path(mark).exists():
        time.sleep(0.01)


def parent(mark: str) -> None:
    SPAWN.Process(target=child, args=(mark,)).start()
    time.sleep(60)


def test_a_killed_parent_is_noticed(tmp_path: Path) -> None:
    mark = tmp_path / "gone"
    process = SPAWN.Process(target=parent, args=(str(mark),))
    process.start()
    wait_for(tmp_path / "gone.watching")
    assert not mark.exists()
    assert process.pid is not None
    os.kill(process.pid, 9)
    process.join()
    wait_for(mark)


def wait_for(path: Path) -> None:
    until = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < until, path
        time.sleep(0.02)


def test_who_has_no_parent_hears_nothing() -> None:
    when_parent_ends(lambda: None)
