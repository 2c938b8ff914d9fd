"""How fast mail may go: to all, and to each domain of recipients, slower when it asks for less. Pure.

Additive increase, multiplicative decrease, as TCP does it: a 421 or 4.7.x halves rate and connections of
its domain, each accepted mail wins a little back, until there is no limit again. Times are seconds of
any clock that never goes back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

SLOWEST = 1 / 60  # mails a second: one a minute always tries whether it goes again
_HOLD = 5.0  # answers to mails that left together are one sign
_FREE = 4.0  # times the rate at which it had last complained: then it has forgotten
_BURST = 1.0  # seconds
_LONGEST_WAIT = 60.0
_MEASURED = 10.0


@dataclass(slots=True)
class Pace:
    """One domain, or all mail. `ceiling`: the most mails a second that the operator wants.

    `rate` is what is allowed now, `window` how many connections may be busy with it.
    """

    ceiling: float = math.inf
    rate: float = math.inf
    window: float = math.inf
    busy: int = 0
    _complained_at: float = -math.inf
    _complained_rate: float = math.inf
    _next: float = -math.inf
    _tail: float = -math.inf
    _begun: list[float] = field(default_factory=lambda: [0.0, 0.0])

    def __post_init__(self) -> None:
        self.rate = min(self.rate, self.ceiling)

    @property
    def is_limited(self) -> bool:
        """Whether it holds anything back."""
        return not math.isinf(self.rate) or not math.isinf(self.window)

    def book(self, now: float) -> float:
        """Take the next turn if it comes within a second: 0; else the seconds until one may come."""
        if math.isinf(self.rate):
            return 0.0
        at = max(self._next, now)
        if at <= now + _BURST:
            self._next = at + 1 / self.rate
            return 0.0
        self._tail = max(self._tail, at) + 1 / self.rate
        return min(self._tail - now, _LONGEST_WAIT)

    def wait(self, now: float) -> float:
        """Seconds until the next mail may begin, which is hereby booked."""
        if math.isinf(self.rate):
            return 0.0
        at = max(self._next, now)
        self._next = at + 1 / self.rate
        return at - now

    def begin(self, now: float) -> None:
        """A mail leaves for it."""
        self.busy += 1
        since, count = self._begun
        if now - since > _MEASURED:
            since, count = now, 0.0
        self._begun = [since, count + 1]

    def has_room(self) -> bool:
        """Whether one more connection may be busy with it."""
        return self.busy < self.window

    def accepted(self) -> None:
        """It took a mail, or refused it for reasons that are the mail's own."""
        self.busy -= 1
        if not math.isinf(self.window):
            self.window += 1 / self.window
        if not math.isinf(self.rate):
            # A fiftieth of what it had complained at, each second of sending; doubled at most.
            gain = max(self._complained_rate, 1.0) / 50 if self._complained_rate < math.inf else 1.0
            self.rate = min(self.rate + min(self.rate, gain / self.rate), self.ceiling)
        if self.rate >= min(self._complained_rate * _FREE, self.ceiling):
            self.rate, self.window = self.ceiling, math.inf
            self._complained_rate = math.inf

    def slowed(self, now: float) -> None:
        """It asked for less mail."""
        busy, self.busy = self.busy, self.busy - 1
        if now - self._complained_at < _HOLD:
            return
        self._complained_at = now
        since, count = self._begun
        measured = count / max(now - since, 1.0)
        self._complained_rate = min(self.rate, max(measured, SLOWEST))
        self.rate = max(SLOWEST, self._complained_rate / 2)
        self.window = max(1.0, min(self.window, busy) / 2)
        self._next = self._tail = now + 1 / self.rate


class Domains:
    """The paces of all domains; only those that are limited, or busy, take memory."""

    def __init__(self, ceiling: float = math.inf, most: int = 10_000) -> None:
        self._ceiling = ceiling
        self._most = most
        self._paces: dict[str, Pace] = {}

    def of(self, domain: str) -> Pace:
        """The pace of a domain."""
        pace = self._paces.get(domain)
        if pace is None:
            if len(self._paces) >= self._most:
                self._forget()
            pace = self._paces[domain] = Pace(self._ceiling)
        return pace

    def _forget(self) -> None:
        unlimited = self._ceiling
        self._paces = {
            name: pace for name, pace in self._paces.items() if pace.busy or pace.rate < unlimited
        }
