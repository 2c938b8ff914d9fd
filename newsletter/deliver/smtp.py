"""Mail through a relay by SMTP (RFC 5321), one reused connection at a time, every answer told apart."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from newsletter.errors import MailerError
from newsletter.model import Message, Outcome, Receipt
from newsletter.setting_types import Relay

_TIMEOUT = 60
# RFC 5321 4.5.3.2.6: a server may take ten minutes to answer the final dot; giving up earlier makes
# a mail uncertain that was taken.
_ANSWER_TIMEOUT = 600
_CLOSING = 421
_TOO_LARGE = 552


class SmtpMailer:
    """A relay that is spoken to over `connections` connections."""

    def __init__(self, relay: Relay, connections: int = 4, timeout: float = _TIMEOUT) -> None:
        self.relay = relay
        self.connections = connections
        self.timeout = timeout

    @contextmanager
    def connect(self) -> Iterator[SmtpConnection]:
        """Connect, secure and log in. Raises MailerError that names the relay and its answer."""
        connection = SmtpConnection(self.relay, self.timeout)
        connection.open()
        try:
            yield connection
        finally:
            connection.close()


class SmtpConnection:
    """One conversation. It reconnects by itself when the relay hangs up between two messages."""

    def __init__(self, relay: Relay, timeout: float) -> None:
        self._relay = relay
        self._timeout = timeout
        self._smtp: smtplib.SMTP | None = None

    def open(self) -> None:
        """Connect, secure and log in. Raises MailerError."""
        relay = self._relay
        where = f"the relay {relay.host}:{relay.port}"
        try:
            self._smtp = self._greet()
        except smtplib.SMTPAuthenticationError as error:
            raise MailerError(f"{where} refuses the login: {_said(error)}") from error
        except smtplib.SMTPResponseException as error:
            raise MailerError(f"{where} refuses the connection: {_said(error)}") from error
        except ssl.SSLError as error:
            raise MailerError(f"{where}: TLS failed: {error.reason or error}") from error
        except (OSError, smtplib.SMTPException) as error:
            raise MailerError(f"{where} cannot be reached: {error}") from error

    @property
    def is_secured(self) -> bool:
        """Whether what is sent now goes through TLS."""
        return self._smtp is not None and isinstance(self._smtp.sock, ssl.SSLSocket)

    def _greet(self) -> smtplib.SMTP:
        relay = self._relay
        context = ssl.create_default_context()
        if not relay.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        smtp: smtplib.SMTP
        if relay.security == "tls":
            smtp = smtplib.SMTP_SSL(relay.host, relay.port, timeout=self._timeout, context=context)
        else:
            smtp = smtplib.SMTP(relay.host, relay.port, timeout=self._timeout)
        try:
            # The final dot is a packet of its own; held back, it would cost 40 ms a mail.
            assert smtp.sock is not None
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            smtp.ehlo_or_helo_if_needed()
            if relay.security != "tls":
                self._secure(smtp, context)
            if relay.login is not None:
                smtp.login(relay.login, relay.password or "")
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _secure(self, smtp: smtplib.SMTP, context: ssl.SSLContext) -> None:
        relay = self._relay
        if smtp.has_extn("starttls"):
            smtp.starttls(context=context)
            smtp.ehlo()
        elif relay.security == "starttls":
            raise smtplib.SMTPException("it does not offer STARTTLS, which the setting demands")
        elif relay.login is not None and not relay.is_here:
            raise smtplib.SMTPException("it does not offer STARTTLS, so the login is not sent")

    def close(self) -> None:
        """Say good-bye if anybody still listens."""
        if self._smtp is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._smtp.quit()
            self._smtp.close()
            self._smtp = None

    def send(self, message: Message) -> Receipt:
        """Hand one message over.

        Raises MailerError if the relay cannot be reached again, or refuses the sender.
        """
        if self._smtp is None:
            self.open()
        smtp = self._smtp
        assert smtp is not None
        try:
            refused = self._envelope(smtp, message)
        except (OSError, smtplib.SMTPException) as error:
            # A kept connection may have been closed while idle: nothing was sent, so begin anew, once.
            self._drop()
            self.open()
            assert self._smtp is not None
            smtp = self._smtp
            try:
                refused = self._envelope(smtp, message)
            except (OSError, smtplib.SMTPException):
                self._drop()
                return Receipt(Outcome.DEFERRED, f"connection lost before the mail: {error}")
        if refused is not None:
            return refused
        return self._data(smtp, message)

    def _envelope(self, smtp: smtplib.SMTP, message: Message) -> Receipt | None:
        """MAIL, RCPT, DATA up to the go-ahead; a receipt if one of them is refused."""
        if not message.to.isascii() and not smtp.has_extn("smtputf8"):
            return Receipt(Outcome.FAILED, "the relay cannot mail this address (no SMTPUTF8)")
        code, text = _answer(smtp.mail(message.sender, self._options(smtp, message)))
        if code // 100 == 5 and code != _TOO_LARGE:
            # The sender is the same for everybody: going on would burn the whole list.
            relay = self._relay
            raise MailerError(
                f"the relay {relay.host}:{relay.port} refuses the sender {message.sender}: "
                f"{code} {_text(text)}"
            )
        if code // 100 == 2:
            code, text = _answer(smtp.rcpt(message.to))
        if code // 100 == 2:
            code, text = _answer(smtp.docmd("DATA"))
            if code // 100 == 3:
                return None
        return self._refused(smtp, code, text)

    def _options(self, smtp: smtplib.SMTP, message: Message) -> list[str]:
        options = []
        if smtp.has_extn("size"):
            options.append(f"SIZE={len(message.data)}")
        if not message.to.isascii():
            options.append("SMTPUTF8")
            smtp.command_encoding = "utf-8"
        return options

    def _data(self, smtp: smtplib.SMTP, message: Message) -> Receipt:
        body = message.data if message.data.endswith(b"\r\n") else message.data + b"\r\n"
        if body.startswith(b".") or b"\r\n." in body:
            body = (b"\r\n" + body).replace(b"\r\n.", b"\r\n..")[2:]  # RFC 5321 4.5.2
        try:
            smtp.send(body)
            smtp.send(b".\r\n")
        except (OSError, smtplib.SMTPException) as error:
            # Without the final dot the relay must throw the mail away (RFC 5321 4.1.1.4).
            self._drop()
            return Receipt(Outcome.DEFERRED, f"connection lost within the mail: {error}")
        try:
            if smtp.sock is not None:
                smtp.sock.settimeout(max(self._timeout, _ANSWER_TIMEOUT))
            code, text = _answer(smtp.getreply())
            if smtp.sock is not None:
                smtp.sock.settimeout(self._timeout)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Receipt(Outcome.UNCERTAIN, f"no answer to the whole mail: {error}")
        if code // 100 == 2:
            return Receipt(Outcome.SUBMITTED, _text(text), code)
        return self._refused(smtp, code, text)

    def _refused(self, smtp: smtplib.SMTP, code: int, text: bytes) -> Receipt:
        outcome = Outcome.FAILED if code // 100 == 5 else Outcome.DEFERRED
        if code == _CLOSING:
            self._drop()
        else:
            try:
                _answer(smtp.rset())
            except (OSError, smtplib.SMTPException):
                self._drop()
        return Receipt(outcome, _text(text), code)

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None


def _answer(reply: tuple[int, bytes]) -> tuple[int, bytes]:
    """A reply, if it is one. Raises SMTPException: from then on nobody knows what answers what."""
    code, text = reply
    if code // 100 not in {2, 3, 4, 5}:
        raise smtplib.SMTPException(f"an answer that is not SMTP: {_text(text)}")
    return reply


def _text(answer: bytes) -> str:
    # It goes into the ledger and to the terminal: PostgreSQL takes no NUL, people no escape sequence.
    words = " ".join(answer.decode("utf-8", "replace").split())
    return "".join(char for char in words if char.isprintable())[:500]


def _said(error: smtplib.SMTPResponseException) -> str:
    text = _text(
        error.smtp_error if isinstance(error.smtp_error, bytes) else str(error.smtp_error).encode()
    )
    return f"{error.smtp_code} {text}" if error.smtp_code > 0 else f"it does not speak SMTP: {text}"
