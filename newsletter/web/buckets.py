"""How fast a network may ask: token buckets, kept in memory by each process. Pure: `now` is passed."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_MOST_NETWORKS = 50_000

# Ours, or a proxy's that does not say for whom it asks: to limit it would be to limit everybody.
_OWN = tuple(
    ip_network(each)
    for each in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
                 "::1/128", "fc00::/7", "fe80::/10")
)  # fmt: skip


def network_of(host: str) -> str | None:
    """The network that an address counts by: IPv4's /24, IPv6's /56; None for what is not limited.

    >>> network_of("203.0.113.77"), network_of("2001:db8:1:2ff::1"), network_of("192.168.1.9")
    ('203.0.113.0/24', '2001:db8:1:200::/56', None)
    """
    try:
        address: IPv4Address | IPv6Address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(address in each for each in _OWN if each.version == address.version):
        return None
    return str(ip_network((address, 24 if address.version == 4 else 56), strict=False))


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
