"""A small server that a mail server on the same machine hands returned mail to, by LMTP or SMTP.

It takes mail for the bounce address and its tagged forms alone, and answers "250" only once a mail is
stored: what cannot be stored now stays in the other server's queue. RFC 2033, RFC 5321.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import structlog
from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP

from newsletter.errors import NewsletterError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiosmtpd.smtp import Envelope

log = structlog.get_logger()

LARGEST = 32 * 1024 * 1024

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

    def factory(self) -> SMTP:
        """The conversation with one client."""
        kind = LMTP if self.protocol == "lmtp" else SMTP
        return kind(self.handler, data_size_limit=LARGEST, enable_SMTPUTF8=True, ident="Paperround")


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
