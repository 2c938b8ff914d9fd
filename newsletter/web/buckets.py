"""How fast a network may ask: token buckets, kept in memory by each process. Pure: `now` is passed."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime

_MOST_NETWORKS = 50_000


@dataclass
class Buckets:
    """For each network `burst` requests at once, and `rate` more each second."""

    rate: float
    burst: int
    _left: OrderedDict[str, tuple[float, datetime]] = field(default_factory=OrderedDict, repr=False)

    def wait(self, network: str, now: datetime) -> float:
        """Take a token: 0 if there was one, else the seconds until there is."""
        left, at = self._left.get(network, (float(self.burst), now))
        left = min(float(self.burst), left + self.rate * max(0.0, (now - at).total_seconds()))
        allowed = left >= 1
        self._left[network] = (left - 1 if allowed else left, max(at, now))
        self._left.move_to_end(network)
        while len(self._left) > _MOST_NETWORKS:
            self._left.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self.rate
