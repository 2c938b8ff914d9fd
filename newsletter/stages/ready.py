"""Mails that are ready to leave, waiting for a connection whose turn it is: a queue with a bound."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from newsletter.deliver.pace import Pace

Item = TypeVar("Item")


class Ready(Generic[Item]):
    """First in, first out, but for mails to a domain that has enough connections busy with it."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: deque[tuple[Item, Pace]] = deque()
        self._takers: deque[asyncio.Future[None]] = deque()
        self._givers: deque[asyncio.Future[None]] = deque()
        self._closed = False

    async def put(self, item: Item, pace: Pace) -> None:
        """Add one, as soon as there is room."""
        while len(self._items) >= self._size and not self._closed:
            await _wait(self._givers)
        if not self._closed:
            self._items.append((item, pace))
            _wake(self._takers)

    def take_now(self, now: float) -> tuple[Item, Pace] | None:
        """The next whose domain has room, which counts as busy from now on; None if there is none."""
        for at, (item, pace) in enumerate(self._items):
            if pace.has_room():
                del self._items[at]
                pace.begin(now)
                _wake(self._givers)
                return item, pace
        return None

    async def take(self, clock: Callable[[], float]) -> tuple[Item, Pace] | None:
        """As `take_now`, as soon as there is one; None once all are done."""
        while True:
            if found := self.take_now(clock()):
                return found
            if self._closed and not self._items:
                return None
            await _wait(self._takers)

    def freed(self) -> None:
        """A connection is done with a domain: somebody may be waiting for that."""
        if self._items:
            _wake(self._takers)

    def close(self) -> None:
        """Nothing more comes; those who wait for mails get what is left."""
        self._closed = True
        _wake(self._takers, everybody=True)
        _wake(self._givers, everybody=True)

    def clear(self) -> None:
        """Throw away what nobody has taken."""
        self._items.clear()
        self.close()


async def _wait(queue: deque[asyncio.Future[None]]) -> None:
    waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    queue.append(waiting)
    await waiting


def _wake(queue: deque[asyncio.Future[None]], *, everybody: bool = False) -> None:
    while queue:
        waiting = queue.popleft()
        if not waiting.done():
            waiting.set_result(None)
            if not everybody:
                return
