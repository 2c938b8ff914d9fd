"""Watching whoever started this process: one that is killed cannot say good-bye to its children."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing import connection, parent_process
from threading import Thread


def when_parent_ends(act: Callable[[], object]) -> None:
    """Call `act`, in a thread of its own, once the process that started this one by multiprocessing has
    ended, however. Where nobody did, nothing is ever called.
    """
    parent = parent_process()
    if parent is None:
        return
    sentinel = parent.sentinel

    def watch() -> None:
        connection.wait([sentinel])
        act()

    Thread(target=watch, daemon=True).start()
