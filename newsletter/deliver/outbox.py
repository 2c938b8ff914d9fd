"""Mail without a relay: each message becomes an .eml file in a folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from newsletter.errors import MailerError
from newsletter.model import Message, Outcome, Receipt


class Outbox:
    """A folder of .eml files. The file's name comes from the Message-ID: sent twice is there once."""

    connections = 1
    is_committed = False  # a file that is not there yet was not sent, however far it had come
    is_secured = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Outbox]:
        """Make the folder. Raises MailerError if it cannot be written."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MailerError(
                f"the outbox {self.folder} cannot be made: {error.strerror}"
            ) from error
        yield self

    async def send(self, message: Message) -> Receipt:
        """Write the file whole or not at all. Raises MailerError when the disk refuses."""
        path = self.folder / file_name(message.message_id)
        part = path.with_suffix(".part")
        try:
            with part.open("wb") as file:
                file.writelines((message.head, message.body))
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise MailerError(f"{path} cannot be written: {error.strerror}") from error
        return Receipt(Outcome.SUBMITTED, f"written to {path.name}")


def file_name(message_id: str) -> str:
    """The name of a message's file: readable, unique, and safe whatever the Message-ID holds."""
    readable = ".".join(message_id.strip("<>").partition("@")[0].split(".")[:2])
    safe = "".join(char if char.isascii() and char.isalnum() else "-" for char in readable[:40])
    return f"{safe}-{hashlib.sha256(message_id.encode()).hexdigest()[:12]}.eml"
