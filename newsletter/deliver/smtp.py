"""Mail to one relay by SMTP (RFC 5321) over one kept connection, every answer told apart.

A client of our own: those of the libraries wait for each answer in turn, which costs four round trips a
mail, and cannot tell how far a mail had gone when the connection broke. MAIL, RCPT and DATA go together
where the relay offers PIPELINING (RFC 2920); after DATA's go-ahead the whole mail goes in one piece.
"""

from __future__ import annotations

import ssl

from newsletter.deliver.greeting import greet, unusable
from newsletter.deliver.replies import GarbledError, Reply
from newsletter.deliver.wire import Wire
from newsletter.model import Message, Outcome, Receipt
from newsletter.sending_rules import Relay

TIMEOUT = 60.0
# RFC 5321 4.5.3.2.6: a server may take ten minutes to answer the final dot; giving up earlier makes
# a mail uncertain that was taken.
ANSWER_TIMEOUT = 600.0
_CLOSING = 421
_TOO_LARGE = 552
_BROKEN = (OSError, GarbledError)


class SmtpConnection:
    """One conversation. It reconnects by itself when the relay hangs up between two messages."""

    def __init__(
        self, relay: Relay, timeout: float = TIMEOUT, answer_timeout: float = ANSWER_TIMEOUT
    ) -> None:
        self.relay = relay
        self._timeout = timeout
        self._answer_timeout = answer_timeout
        self._wire: Wire | None = None
        self._offers: dict[str, str] = {}
        self._sent = 0
        # Whether the whole mail has gone, so that its relay may have taken it.
        self.is_committed = False

    @property
    def is_secured(self) -> bool:
        """Whether what is sent now goes through TLS."""
        return self._wire is not None and self._wire.is_secured

    async def open(self) -> None:
        """Connect, secure and log in. Raises MailerError that names the relay and its answer."""
        try:
            self._wire = await Wire.open(self.relay, self._timeout)
            self._offers = await greet(self._wire, self.relay)
        except ssl.SSLError as error:
            self._drop()
            raise unusable(self.relay, f"TLS failed: {error.reason or error}") from error
        except TimeoutError as error:
            self._drop()
            raise unusable(self.relay, "cannot be reached: no answer in time") from error
        except OSError as error:
            self._drop()
            raise unusable(self.relay, f"cannot be reached: {error}") from error
        except GarbledError as error:
            self._drop()
            raise unusable(self.relay, f"does not speak SMTP: {error}") from error
        except BaseException:
            self._drop()
            raise
        self._sent = 0

    async def close(self) -> None:
        """Say good-bye if anybody still listens."""
        if self._wire is not None:
            await self._wire.close()
            self._wire = None

    def _drop(self) -> None:
        if self._wire is not None:
            self._wire.drop()
            self._wire = None

    async def send(self, message: Message) -> Receipt:
        """Hand one message over.

        Raises MailerError if the relay cannot be reached again, wants no more mail just now, or refuses
        the sender: then nothing was accepted.
        """
        self.is_committed = False
        if self.relay.mails and self._sent >= self.relay.mails:
            await self.close()
        if self._wire is None:
            await self.open()
        if refusal := self._cannot_take(message):
            return refusal
        refused: Reply | None
        try:
            refused = await self._envelope(message)
        except _BROKEN as error:
            # A kept connection may have been closed while idle: nothing was sent, so begin anew, once.
            self._drop()
            await self.open()
            try:
                refused = await self._envelope(message)
            except _BROKEN:
                self._drop()
                return Receipt(Outcome.DEFERRED, f"connection lost before the mail: {_told(error)}")
        if refused is not None:
            if self._wire is not None and refused.code != _CLOSING:
                await self._begin_anew(self._wire)
            return self._refused(refused)
        return await self._data(message)

    def _cannot_take(self, message: Message) -> Receipt | None:
        if not message.to.isascii() and "SMTPUTF8" not in self._offers:
            return Receipt(Outcome.FAILED, "the relay cannot mail this address (no SMTPUTF8)")
        most = self._offers.get("SIZE", "")
        if most.isdigit() and 0 < int(most) < message.size:
            told = f"too large for the relay: {message.size} octets, and it takes {most}"
            return Receipt(Outcome.FAILED, told)
        if "8BITMIME" not in self._offers and not _is_ascii(message):
            return Receipt(Outcome.FAILED, "the relay takes no 8-bit mail (no 8BITMIME)")
        return None

    async def _envelope(self, message: Message) -> Reply | None:
        """MAIL, RCPT, DATA up to the go-ahead; the answer of the first that is refused."""
        wire = self._wire
        assert wire is not None
        commands = [
            f"MAIL FROM:<{message.sender}>{self._options(message)}",
            f"RCPT TO:<{message.to}>",
            "DATA",
        ]
        if "PIPELINING" in self._offers:
            await wire.send("".join(f"{command}\r\n" for command in commands).encode())
            sender, recipient, data = await wire.replies(3)
        else:
            sender = await wire.ask(commands[0])
            recipient = await wire.ask(commands[1]) if sender.kind == 2 else sender
            data = await wire.ask(commands[2]) if recipient.kind == 2 else recipient
        refused = next((answer for answer in (sender, recipient) if answer.kind != 2), None)
        if refused is None:
            refused = None if data.kind == 3 else data
        elif data.kind == 3:  # RFC 2920, 3.1: it took DATA all the same, and gets an empty one
            await wire.send(b".\r\n")
            await wire.reply()
        self._check_sender(sender, message)
        return refused

    def _check_sender(self, answer: Reply, message: Message) -> None:
        # The sender is the same for everybody: going on would burn the whole list.
        if answer.kind == 5 and answer.code != _TOO_LARGE:
            self._drop()
            raise unusable(self.relay, f"refuses the sender {message.sender}: {answer}")
        if answer.code == _CLOSING:
            if self._sent:  # enough mails over this connection; another one will do
                raise ConnectionError(str(answer))
            self._drop()
            raise unusable(self.relay, f"refuses mail just now: {answer}")

    def _options(self, message: Message) -> str:
        options = ""
        if "SIZE" in self._offers:
            options += f" SIZE={message.size}"
        if not _is_ascii(message):
            options += " BODY=8BITMIME"
        if not message.to.isascii():
            options += " SMTPUTF8"
        return options

    async def _data(self, message: Message) -> Receipt:
        wire = self._wire
        assert wire is not None
        try:
            # Without the final dot the relay must throw the mail away (RFC 5321 4.1.1.4), so until
            # that is out nothing is uncertain.
            await wire.send(_dotted(message))
        except _BROKEN as error:
            self._drop()
            return Receipt(Outcome.DEFERRED, f"connection lost within the mail: {_told(error)}")
        self.is_committed = True
        try:
            answer = await wire.reply(self._answer_timeout)
        except _BROKEN as error:
            self._drop()
            return Receipt(Outcome.UNCERTAIN, f"no answer to the whole mail: {_told(error)}")
        self._sent += 1
        if answer.kind == 2:
            return Receipt(Outcome.SUBMITTED, answer.text, answer.code, answer.status)
        return self._refused(answer)

    async def _begin_anew(self, wire: Wire) -> None:
        try:
            await wire.ask("RSET")
        except _BROKEN:
            self._drop()

    def _refused(self, answer: Reply) -> Receipt:
        if answer.code == _CLOSING:
            self._drop()
        outcome = Outcome.FAILED if answer.kind == 5 else Outcome.DEFERRED
        return Receipt(outcome, answer.text, answer.code, answer.status)


def _is_ascii(message: Message) -> bool:
    return message.head.isascii() and (message.is_canonical or message.body.isascii())


def _dotted(message: Message) -> bytes:
    """The mail as it goes over the wire, with its end (RFC 5321, section 4.5.2)."""
    if message.is_canonical and b"\n." not in message.head:
        return b"".join((message.head, message.body, b".\r\n"))
    data = message.data
    if not data.endswith(b"\r\n"):
        data += b"\r\n"
    return (b"\r\n" + data).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n"


def _told(error: BaseException) -> str:
    return str(error) or "no answer in time"
