"""What the sending stage needs of a way to send; SMTP and the outbox folder both offer it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from newsletter.model import Message, Receipt


class Connection(Protocol):
    """One conversation with the relay, used by one thread."""

    def send(self, message: Message) -> Receipt:
        """Hand one message over and say what became of it.

        Raises MailerError when the trouble is the relay's, not the message's: nothing was accepted.
        """
        ...


class Mailer(Protocol):
    """Opens connections; `connections` is how many may be open at the same time."""

    connections: int

    def connect(self) -> AbstractContextManager[Connection]:
        """Open a connection. Raises MailerError when the relay cannot be used."""
        ...
