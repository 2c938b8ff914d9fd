"""Politeness: how long to leave a host alone between two requests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

#: Seconds between two requests, and one connection at a time, over all hosts below a domain.
#: arXiv asks for this of all of an operator's machines together (info.arxiv.org/help/api/tou).
INTERVALS: Mapping[str, float] = {"arxiv.org": 3.0}


class Gate:
    """Lets requests to one domain through one at a time, `intervals[domain]` seconds apart."""

    def __init__(
        self,
        intervals: Mapping[str, float] = INTERVALS,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._intervals = dict(intervals)
        self._monotonic = monotonic
        self._sleep = sleep
        self._locks = {domain: threading.Lock() for domain in intervals}
        self._free_at = dict.fromkeys(intervals, float("-inf"))

    @contextmanager
    def turn(self, host: str) -> Iterator[None]:
        """Wait for the host's turn, hold it during the request, and start its pause afterwards."""
        domain = self._domain(host)
        if domain is None:
            yield
            return
        with self._locks[domain]:
            wait = self._free_at[domain] - self._monotonic()
            if wait > 0:
                self._sleep(wait)
            try:
                yield
            finally:
                self._free_at[domain] = self._monotonic() + self._intervals[domain]

    def _domain(self, host: str) -> str | None:
        return next((d for d in self._intervals if host == d or host.endswith("." + d)), None)
