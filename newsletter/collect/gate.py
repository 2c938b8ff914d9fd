"""Politeness: how long to leave a host alone between two requests."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from newsletter.collect.response import TemporarySourceError

#: Seconds between two requests, and one connection at a time, over all hosts below a domain.
#: arXiv asks for this of all of an operator's machines together (info.arxiv.org/help/api/tou).
INTERVALS: Mapping[str, float] = {
    "arxiv.org": 3.0,
    "eutils.ncbi.nlm.nih.gov": 0.4,  # three a second without a key
    "api.semanticscholar.org": 1.1,  # one a second in the anonymous pool
}

_LEASE = 150.0  # seconds after which a holder counts as dead; no attempt of a request takes longer
_LONGEST_WAIT = 180.0


class Turns(Protocol):
    """Turns shared with other processes; what is said here holds for all of them."""

    def take(self, domain: str, lease: float) -> float:
        """0.0 if it is now our turn, for `lease` seconds at most; else the seconds until asking again."""
        ...

    def leave(self, domain: str, pause: float) -> None:
        """Give our turn back; nobody may take one before `pause` seconds have passed."""
        ...

    def rest(self, domain: str, pause: float) -> None:
        """Nobody may take a turn before `pause` seconds have passed, whoever has it now."""
        ...


class Gate:
    """Lets requests to one domain through one at a time, `intervals[domain]` seconds apart.

    With `turns` this holds over all processes that share them, else within this one.
    """

    def __init__(
        self,
        intervals: Mapping[str, float] = INTERVALS,
        *,
        turns: Turns | None = None,
        longest_wait: float = _LONGEST_WAIT,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._intervals = dict(intervals)
        self._turns = turns
        self._longest_wait = longest_wait
        self._monotonic = monotonic
        self._sleep = sleep
        self._locks = {domain: threading.Lock() for domain in intervals}
        self._free_at = dict.fromkeys(intervals, float("-inf"))

    @contextmanager
    def turn(self, host: str) -> Iterator[None]:
        """Wait for the host's turn, hold it during the request, and start its pause afterwards.

        Raises TemporarySourceError rather than wait longer than `longest_wait`.
        """
        domain = self._domain(host)
        if domain is None:
            yield
            return
        give_up_at = self._monotonic() + self._longest_wait
        with self._locks[domain]:
            self._wait(domain, self._free_at[domain] - self._monotonic(), give_up_at)
            self._take(domain, give_up_at)
            try:
                yield
            finally:
                self._leave(domain)

    def rest(self, host: str, seconds: float) -> None:
        """Leave the host's domain alone for so long: it said that it is asked too much."""
        domain = self._domain(host)
        if domain is None:
            return
        self._free_at[domain] = max(self._free_at[domain], self._monotonic() + seconds)
        if self._turns is not None:
            self._turns.rest(domain, seconds)

    def _take(self, domain: str, give_up_at: float) -> None:
        while self._turns is not None and (wait := self._turns.take(domain, _LEASE)) > 0:
            # Jitter, so that those who wait for the same moment do not all come at once.
            self._wait(domain, wait + random.uniform(0.0, 0.2), give_up_at)

    def _leave(self, domain: str) -> None:
        pause = self._intervals[domain]
        self._free_at[domain] = max(self._free_at[domain], self._monotonic() + pause)
        if self._turns is not None:
            self._turns.leave(domain, pause)

    def _wait(self, domain: str, seconds: float, give_up_at: float) -> None:
        if seconds <= 0:
            return
        if self._monotonic() + seconds > give_up_at:
            line = f"{domain} is to be left alone for another {seconds:.0f} s"
            raise TemporarySourceError(line, seconds)
        self._sleep(seconds)

    def _domain(self, host: str) -> str | None:
        return next((d for d in self._intervals if host == d or host.endswith("." + d)), None)
