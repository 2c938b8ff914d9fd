"""A small server that a mail server on the same machine hands returned mail to, by LMTP or SMTP.

It takes mail for the bounce address and its tagged forms alone, and answers "250" only once a mail is
stored: what cannot be stored now stays in the other server's queue. Of a large mail the beginning is read,
and the rest dropped as it comes. RFC 2033, RFC 5321.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import urlsplit

import structlog
from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP

from newsletter.errors import NewsletterError
from newsletter.receive import LARGEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiosmtpd.smtp import Envelope

log = structlog.get_logger()

_LONGEST_LINE = 10_000  # RFC 5321, 4.5.3.1.6: 1,000; what is returned may be worse

MOST_CONNECTIONS = 20
"""Whoever comes while so many are open is asked to come again later."""

Take = Callable[[bytes, tuple[str, ...]], object]
"""Stores a mail, with the envelope's recipients; raises if that failed."""


class Listener(Controller):
    """Listens at `lmtp://HOST:PORT` or `smtp://HOST:PORT` in a thread of its own, once started."""

    def __init__(self, url: str, address: str, take: Take) -> None:
        parts = urlsplit(url)
        self.protocol: Literal["lmtp", "smtp"] = "lmtp" if parts.scheme == "lmtp" else "smtp"
        super().__init__(
            _Handler(address, take), hostname=parts.hostname or "127.0.0.1", port=parts.port or 0
        )

        self._open: set[SMTP] = set()

    def factory(self) -> asyncio.Protocol:
        """The conversation with one client."""
        if len(self._open) >= MOST_CONNECTIONS:
            return _Full()
        kind = _Lmtp if self.protocol == "lmtp" else _Smtp
        made = kind(self.handler, data_size_limit=None, enable_SMTPUTF8=True, ident="Paperround")
        made.others = self._open
        self._open.add(made)
        return made


class _Full(asyncio.Protocol):
    """Sends a client away."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(b"421 4.3.2 too many connections; please try again\r\n")
        transport.close()


class _Smtp(SMTP):
    """A conversation of which, in each mail, no more than `LARGEST` octets are kept."""

    others: set[SMTP]
    line_length_limit = _LONGEST_LINE

    def connection_lost(self, error: Exception | None) -> None:
        self.others.discard(self)
        super().connection_lost(error)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802  (the library's name)
        whole = self._reader
        self._reader = cast("asyncio.StreamReader", _Head(whole))
        try:
            await super().smtp_DATA(arg)
        finally:
            self._reader = whole


class _Lmtp(_Smtp, LMTP):
    pass


class _Head:
    """What a mail's DATA is read from: its beginning, then the line that ends it. No line is endless."""

    def __init__(self, whole: asyncio.StreamReader) -> None:
        self._whole = whole
        self._left = LARGEST

    async def readuntil(self, separator: bytes) -> bytes:
        """The next line that is kept, or the last one."""
        while True:
            line = await self._line(separator)
            self._left -= len(line)
            if self._left >= 0 or line == b"." + separator:
                return line

    async def _line(self, separator: bytes) -> bytes:
        line, ends = await self._piece(separator)
        if ends:
            return line
        while not ends:
            _, ends = await self._piece(separator)
        return line[: _LONGEST_LINE - len(separator)] + separator

    async def _piece(self, separator: bytes) -> tuple[bytes, bool]:
        """What is there of a line, and whether that is the end of it."""
        try:
            return await self._whole.readuntil(separator), True
        except asyncio.LimitOverrunError as error:
            return await self._whole.read(error.consumed), False


class _Handler:
    def __init__(self, address: str, take: Take) -> None:
        local, _, domain = address.rpartition("@")
        tag = r"(?:\+[^@\s]*)?"
        self._ours = re.compile(
            rf"{re.escape(local)}{tag}@{re.escape(domain)}", re.IGNORECASE | re.ASCII
        )
        self._take = take

    async def handle_RCPT(  # noqa: N802  (the library's name)
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if not self._ours.fullmatch(address):
            return "550 5.1.1 nobody here has that address"
        if envelope.rcpt_tos:
            # LMTP answers once for each; one at a time, an answer is never about another's mail.
            return "452 4.5.3 one recipient at a time"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        raw = envelope.original_content or b""
        try:
            await asyncio.to_thread(self._take, raw, tuple(envelope.rcpt_tos))
        except Exception:  # whatever it is, the mail must stay where it is
            log.exception("returned.not_stored")
            return "451 4.3.0 it could not be stored; please try again"
        return "250 2.0.0 stored"


@contextmanager
def listening(url: str | None, address: str | None, take: Take) -> Iterator[None]:
    """Listen while the block runs, or do nothing where no address is set.

    Raises NewsletterError if the address cannot be listened on.
    """
    if not url or not address:
        yield
        return
    listener = Listener(url, address, take)
    try:
        listener.start()
    except (OSError, TimeoutError, RuntimeError) as error:
        with contextlib.suppress(RuntimeError):  # a loop that still runs cannot be closed
            listener.loop.close()
        raise NewsletterError(f"cannot listen for returned mail at {url}: {error}") from error
    try:
        yield
    finally:
        listener.stop()
