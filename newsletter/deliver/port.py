"""What the sending stage needs of a way to send; SMTP and the outbox folder both offer it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from newsletter.model import Message, Receipt


class Connection(Protocol):
    """One conversation with a relay, used by one task."""

    @property
    def is_committed(self) -> bool:
        """Whether the message that it is busy with may have been taken."""
        ...

    @property
    def is_secured(self) -> bool | None:
        """Whether what is sent now goes through TLS; None where that is no question."""
        ...

    async def send(self, message: Message) -> Receipt:
        """Hand one message over and say what became of it.

        Raises MailerError when the trouble is the relay's, not the message's: nothing was accepted.
        """
        ...


class Mailer(Protocol):
    """Opens connections; `connections` is how many may be open at the same time."""

    connections: int

    def connect(self) -> AbstractAsyncContextManager[Connection]:
        """Open a connection. Raises MailerError when no relay can be used."""
        ...


def hand_over(mailer: Mailer, messages: Sequence[Message]) -> tuple[list[Receipt], bool | None]:
    """Send messages over one connection, or (none) only connect: their receipts, whether through TLS.

    Raises MailerError.
    """

    async def conversation() -> tuple[list[Receipt], bool | None]:
        async with mailer.connect() as connection:
            receipts = [await connection.send(message) for message in messages]
            return receipts, connection.is_secured

    return asyncio.run(conversation())
