"""Several relays as one: each connection has a home by weight, and goes elsewhere while it is down."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic

from newsletter.deliver.smtp import ANSWER_TIMEOUT, TIMEOUT, SmtpConnection
from newsletter.errors import MailerError
from newsletter.model import Message, Receipt
from newsletter.sending_rules import Relay

_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 60.0  # seconds


@dataclass(slots=True)
class Health:
    """Whether a relay is left alone after failures, each time twice as long. Pure; seconds.

    `room`: how many connections it took when it refused one more; believed for a while.
    """

    failures: int = 0
    until: float = 0.0
    why: str = ""
    room: int = 0
    room_until: float = 0.0

    def is_well(self, now: float) -> bool:
        """Whether it may be tried."""
        return now >= self.until

    def has_room(self, opened: int, now: float) -> bool:
        """Whether it may take one connection more than those that are open."""
        return now >= self.room_until or opened < self.room

    def failed(self, why: str, opened: int, now: float) -> None:
        """It was of no use, with so many other connections open. Those that fail together count once."""
        self.why = why
        if opened:
            self.room, self.room_until = opened, now + _LONGEST_PAUSE
        elif self.is_well(now):
            self.until = now + min(_FIRST_PAUSE * 2**self.failures, _LONGEST_PAUSE)
            self.failures += 1

    def worked(self) -> None:
        """It took a connection or a mail."""
        self.failures, self.until = 0, 0.0


def shares(relays: Sequence[Relay], connections: int) -> list[int]:
    """How many of the connections are each relay's by weight, within its own limit, at least one."""
    found = [0] * len(relays)
    for _ in range(max(connections, len(relays))):
        free = [
            at for at, each in enumerate(relays) if found[at] < (each.connections or connections)
        ]
        if free:
            fewest = min(free, key=lambda at: ((found[at] + 1) / relays[at].weight, at))
            found[next((at for at in free if not found[at]), fewest)] += 1
    return found


class Relays:
    """The relays of the settings, over at most `connections` connections."""

    def __init__(
        self,
        relays: Sequence[Relay],
        connections: int = 4,
        timeout: float = TIMEOUT,
        answer_timeout: float = ANSWER_TIMEOUT,
    ) -> None:
        self.relays = tuple(relays)
        self.timeouts = timeout, answer_timeout
        self.health = [Health() for _ in relays]
        self._shares = shares(self.relays, connections)
        self.connections = sum(self._shares)
        self._open = [0] * len(self.relays)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[RelayedConnection]:
        """Connect to the relay that lacks most of its share. Raises MailerError if none can be used."""
        connection = RelayedConnection(self)
        try:
            await connection.open()
            yield connection
        finally:
            await connection.close()

    def choose(self, failed: Sequence[int]) -> int | None:
        """The relay to connect to next, of those that are well and have room; None if there is none."""
        now = monotonic()
        free = [
            at
            for at, relay in enumerate(self.relays)
            if at not in failed
            and self.health[at].is_well(now)
            and self.health[at].has_room(self._open[at], now)
            and self._open[at] < (relay.connections or self.connections)
        ]
        return min(
            free, key=lambda at: ((self._open[at] + 1) / self.relays[at].weight, at), default=None
        )

    def is_missed(self, at: int) -> bool:
        """Whether a connection to this relay is one too many, for another that is well again lacks one."""
        other = self.choose([at])
        return (
            other is not None
            and self._open[at] > self._shares[at]
            and self._open[other] < self._shares[other]
        )

    def failed(self, at: int, error: MailerError) -> None:
        """Leave a relay alone for a while, or have no more connections than it took."""
        self.health[at].failed(str(error), self._open[at], monotonic())

    def opened(self, at: int, by: int) -> None:
        """Count connections."""
        self._open[at] += by


class RelayedConnection:
    """A connection to whichever relay can be used."""

    def __init__(self, pool: Relays) -> None:
        self._pool = pool
        self._at = 0
        self._smtp: SmtpConnection | None = None

    @property
    def is_committed(self) -> bool:
        """Whether the message that it is busy with may have been taken."""
        return self._smtp is not None and self._smtp.is_committed

    @property
    def is_secured(self) -> bool:
        """Whether what is sent now goes through TLS."""
        return self._smtp is not None and self._smtp.is_secured

    async def open(self) -> None:
        """Connect to a relay that can be used. Raises MailerError that tells of each that cannot."""
        told: list[str] = []
        failed: list[int] = []
        while (at := self._pool.choose(failed)) is not None:
            smtp = SmtpConnection(self._pool.relays[at], *self._pool.timeouts)
            self._pool.opened(at, 1)
            try:
                await smtp.open()
            except MailerError as error:
                self._pool.opened(at, -1)
                self._pool.failed(at, error)
                failed.append(at)
                told.append(str(error))
                continue
            except BaseException:
                self._pool.opened(at, -1)
                raise
            self._pool.health[at].worked()
            self._at, self._smtp = at, smtp
            return
        known = [
            f"{each.why} (it is left alone for a while)" for each in self._pool.health if each.why
        ]
        raise MailerError("; ".join(told or known) or "no relay has room for one more connection")

    async def close(self) -> None:
        """Say good-bye."""
        if self._smtp is not None:
            smtp, self._smtp = self._smtp, None
            self._pool.opened(self._at, -1)
            await smtp.close()

    async def send(self, message: Message) -> Receipt:
        """Hand one message over, to another relay if this one is of no use now. Raises MailerError."""
        if self._smtp is not None and self._pool.is_missed(self._at):
            await self.close()
        told: list[str] = []
        for _ in self._pool.relays:
            if self._smtp is None:
                await self._reopen(told)
            assert self._smtp is not None
            try:
                return await self._smtp.send(message)
            except MailerError as error:
                told.append(str(error))
                at = self._at
                await self.close()
                self._pool.failed(at, error)
        raise MailerError("; ".join(dict.fromkeys(told)))

    async def _reopen(self, told: list[str]) -> None:
        try:
            await self.open()
        except MailerError as error:
            raise MailerError("; ".join(dict.fromkeys([*told, str(error)]))) from error
