"""A TCP connection that SMTP goes over, in clear or by TLS, with a bound on every wait."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import Sequence

from newsletter.deliver.replies import GarbledError, Reply, ReplyReader
from newsletter.sending_rules import Relay

_LONGEST_LINE = 1 << 14


class Wire(asyncio.Protocol):
    """One connection, used by one task. Every method raises OSError (TimeoutError is one) or GarbledError.

    A protocol of our own and not asyncio's streams: answers are read where they arrive, and whatever came
    in clear before TLS began can be thrown away.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._transport: asyncio.Transport | None = None
        self._unread = b""
        self._reader = ReplyReader()
        self._replies: deque[Reply] = deque()
        self._trouble: Exception | None = None
        self._answered: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[bool] | None = None

    @classmethod
    async def open(cls, relay: Relay, seconds: float) -> Wire:
        """Connect; by TLS from the first byte where the relay wants it."""
        wire = cls(seconds)
        secured = context_of(relay) if relay.security == "tls" else None
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(seconds):
            await loop.create_connection(lambda: wire, relay.host, relay.port, ssl=secured)
        return wire

    @property
    def is_secured(self) -> bool:
        """Whether what is sent now goes through TLS."""
        return self._transport is not None and bool(self._transport.get_extra_info("ssl_object"))

    async def secure(self, relay: Relay) -> None:
        """Begin TLS (RFC 3207). Raises GarbledError if more than the go-ahead came in clear."""
        assert self._transport is not None
        if self._replies or self._unread:
            raise GarbledError("the relay talks on, in clear, where TLS begins")
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._timeout):
            secured = await loop.start_tls(
                self._transport, self, context_of(relay), server_hostname=relay.host
            )
        assert secured is not None
        self._transport = secured
        secured.set_write_buffer_limits(high=0)

    async def reply(self, seconds: float | None = None) -> Reply:
        """The next answer."""
        if not self._replies:
            async with asyncio.timeout(seconds or self._timeout):
                await self._arrival()
        return self._replies.popleft()

    async def replies(self, count: int) -> Sequence[Reply]:
        """The next answers, to commands that were sent together."""
        return [await self.reply() for _ in range(count)]

    async def ask(self, command: str) -> Reply:
        """Send one command; its answer."""
        await self.send(f"{command}\r\n".encode())
        return await self.reply()

    async def send(self, data: bytes) -> None:
        """Send. Done once the system has the last octet; where it raises, that one has not left."""
        if self._trouble is not None:
            raise self._trouble
        assert self._transport is not None
        self._transport.write(data)
        if self._writable is not None:
            async with asyncio.timeout(self._timeout):
                if not await asyncio.shield(self._writable):
                    assert self._trouble is not None
                    raise self._trouble

    async def close(self) -> None:
        """Say good-bye, and wait for nobody."""
        with contextlib.suppress(OSError, GarbledError):
            self._timeout = min(self._timeout, 2)
            await self.ask("QUIT")
        self.drop()

    def drop(self) -> None:
        """End it at once."""
        if self._transport is not None:
            self._transport.abort()

    async def _arrival(self) -> None:
        while not self._replies:
            if self._trouble is not None:
                raise self._trouble
            self._answered = asyncio.get_running_loop().create_future()
            try:
                await self._answered
            finally:
                self._answered = None

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        # `send` is done once the system has it all: what is known to have left must be known exactly.
        transport.set_write_buffer_limits(high=0)

    def data_received(self, data: bytes) -> None:
        *lines, self._unread = (self._unread + data).split(b"\n")
        if len(self._unread) > _LONGEST_LINE:
            self._fail(GarbledError("a line without an end"))
        try:
            for line in lines:
                if reply := self._reader.feed(line):
                    self._replies.append(reply)
        except GarbledError as error:
            self._fail(error)
        self._wake(self._answered)

    def pause_writing(self) -> None:
        self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self, *, drained: bool = True) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(drained)
        self._writable = None

    def connection_lost(self, error: Exception | None) -> None:
        known = error if isinstance(error, OSError) else None
        self._fail(known or ConnectionError("the relay hung up"))
        self.resume_writing(drained=False)
        self._wake(self._answered)

    def _fail(self, error: Exception) -> None:
        self._trouble = self._trouble or error

    @staticmethod
    def _wake(waiting: asyncio.Future[None] | None) -> None:
        if waiting is not None and not waiting.done():
            waiting.set_result(None)


def context_of(relay: Relay) -> ssl.SSLContext:
    """How certificates are looked at."""
    context = ssl.create_default_context()
    if not relay.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
