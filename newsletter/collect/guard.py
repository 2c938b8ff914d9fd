"""The network below the HTTP client: what may be connected to, and how long it may take.

The check and the connection use the same resolved address, so that a name cannot point somewhere
harmless while it is checked and somewhere private when it is called (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore2
import httpx2

from newsletter.errors import SourceError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Iterable[str]]

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class ForbiddenAddressError(SourceError):
    """The host is, or resolves to, an address inside the operator's own network."""


class Deadline:
    """A moment by which the request of the present thread must be over."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._local = threading.local()

    @contextmanager
    def of(self, seconds: float) -> Iterator[None]:
        """Everything on the network inside this block has `seconds` altogether."""
        self._local.at = self._monotonic() + seconds
        try:
            yield
        finally:
            self._local.at = None

    def within(self, timeout: float | None) -> float | None:
        """The smaller of `timeout` and what is left; httpcore2.ReadTimeout when nothing is left."""
        at: float | None = getattr(self._local, "at", None)
        if at is None:
            return timeout
        left = at - self._monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("the deadline of the request has passed")
        return left if timeout is None else min(timeout, left)


def is_public(text: str) -> bool:
    """Whether an IP address (or the one that IPv6 transition wraps) is on the open Internet."""
    address = _unwrapped(ipaddress.ip_address(text.partition("%")[0]))
    return address.is_global and not address.is_multicast


def _unwrapped(address: IPAddress) -> IPAddress:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    client = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or client or address


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, in the system's order of preference."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class _TimedStream(httpcore2.NetworkStream):
    """A connection whose reads and writes also end at the deadline of the request they serve."""

    def __init__(self, inner: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.within(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.within(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        timeout = self._deadline.within(timeout)
        return _TimedStream(
            self._inner.start_tls(ssl_context, server_hostname, timeout), self._deadline
        )

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class GuardedBackend(httpcore2.NetworkBackend):
    """Resolves a host once, refuses private addresses, and connects to exactly what it checked.

    `allow_private`: True, or the host names that may be private (an operator's own server).
    """

    def __init__(
        self,
        deadline: Deadline,
        *,
        allow_private: bool | Collection[str] = False,
        resolve: Resolve = resolve,
    ) -> None:
        self._plain = httpcore2.SyncBackend()
        self._deadline = deadline
        self._allow_private = allow_private
        self._resolve = resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        fault: httpcore2.ConnectError | httpcore2.ConnectTimeout | None = None
        for address in self._allowed(host, port):
            try:
                stream = self._plain.connect_tcp(
                    address, port, self._deadline.within(timeout), local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                fault = error
            else:
                return _TimedStream(stream, self._deadline)
        raise fault or httpcore2.ConnectError(f"{host} has no address")

    def _allowed(self, host: str, port: int) -> list[str]:
        try:
            addresses = list(self._resolve(host, port))
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"{host} cannot be resolved: {error}") from error
        if self._may_be_private(host):
            return addresses
        public = [address for address in addresses if is_public(address)]
        if addresses and not public:
            raise ForbiddenAddressError(
                f"{host} is refused: {addresses[0]} is a private, local or reserved address"
            )
        return public

    def _may_be_private(self, host: str) -> bool:
        if isinstance(self._allow_private, bool):
            return self._allow_private
        return host in self._allow_private


class GuardedTransport(httpx2.HTTPTransport):
    """httpx2's transport over a pool that connects by `GuardedBackend`, its missing hook."""

    def __init__(self, backend: GuardedBackend, *, connections: int = 8) -> None:
        context = httpx2.create_ssl_context()
        super().__init__(verify=context)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=context,
            max_connections=connections,
            keepalive_expiry=10.0,
            network_backend=backend,
        )
