"""Returned mail in an IMAP mailbox (RFC 3501): read and flagged, never moved or deleted."""

from __future__ import annotations

import contextlib
import imaplib
import re
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import structlog

from newsletter.errors import NewsletterError
from newsletter.receive import LARGEST
from newsletter.setting_types import Mailbox

TAKEN = "$PaperroundTaken"
"""The flag of what was taken in; where a server knows only its own flags, \\Seen stands in for it."""

log = structlog.get_logger()

_AT_ONCE = 1000
_TIMEOUT = 60
# A body that is no literal: a quoted string (RFC 3501, 4.3), which a server may use for a short one.
_IN_QUOTES = re.compile(rb'BODY\[\](?:<0>)? "((?:[^"\\]|\\["\\])*)"', re.IGNORECASE)

Take = Callable[[bytes], object]
"""Stores a mail; raises if that failed, and then the mail is not flagged."""


class MailboxError(NewsletterError):
    """The mailbox cannot be read; the message names it, without the password, and what it answered."""


def read_mailbox(mailbox: Mailbox, take: Take) -> int:
    """Hand every mail over that has not been taken, and flag it; how many. At most 1,000 a visit.

    A mail that the server does not give out is passed over, and asked for again at the next visit.
    Raises MailboxError, and what `take` raises. A mail that is taken but not flagged, for the connection
    was lost in between, comes again: whoever takes it must know it.
    """
    with _opened(mailbox) as client:
        _answer(client.select(_quoted(mailbox.folder)), mailbox)
        kept = b" ".join(line for line in client.response("PERMANENTFLAGS")[1] if line)
        own = b"\\*" in kept or TAKEN.lower().encode() in kept.lower()
        wanted = ["UNKEYWORD", TAKEN] if own else ["UNSEEN"]
        found = _answer(client.uid("SEARCH", *wanted), mailbox)
        uids = [uid.decode() for line in found if isinstance(line, bytes) for uid in line.split()]
        flag = TAKEN if own else "\\Seen"
        count = 0
        for uid in uids:
            raw = _fetched(client, uid)
            if raw is None:
                log.warning("returned.not_given", mailbox=mailbox.folder, uid=uid)
                continue
            take(raw)
            _answer(client.uid("STORE", uid, "+FLAGS.SILENT", f"({flag})"), mailbox)
            count += 1
            if count == _AT_ONCE:
                break
        return count


def _fetched(client: imaplib.IMAP4, uid: str) -> bytes | None:
    """The beginning of a mail; None where the server has none to give, or says NO."""
    status, data = client.uid("FETCH", uid, f"(BODY.PEEK[]<0.{LARGEST}>)")
    for part in data if status == "OK" else ():
        if isinstance(part, tuple):
            return bytes(part[1])
        if isinstance(part, bytes) and (found := _IN_QUOTES.search(part)):
            return re.sub(rb"\\(.)", rb"\1", found[1])
    return None


@contextmanager
def _opened(mailbox: Mailbox) -> Iterator[imaplib.IMAP4]:
    where = f"the mailbox {mailbox.login} at {mailbox.host}:{mailbox.port}"
    try:
        client = _connected(mailbox)
        try:
            client.login(mailbox.login, mailbox.password)
            yield client
        finally:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                client.logout()
            with contextlib.suppress(OSError):
                client.shutdown()
    except imaplib.IMAP4.error as error:
        raise MailboxError(f"{where} cannot be read: {_plain(error)}") from error
    except OSError as error:
        raise MailboxError(f"{where} cannot be reached: {error}") from error


def _connected(mailbox: Mailbox) -> imaplib.IMAP4:
    if mailbox.security == "tls":
        return imaplib.IMAP4_SSL(
            mailbox.host, mailbox.port, ssl_context=ssl.create_default_context(), timeout=_TIMEOUT
        )
    client = imaplib.IMAP4(mailbox.host, mailbox.port, timeout=_TIMEOUT)
    if mailbox.security == "starttls":
        client.starttls(ssl.create_default_context())
    return client


def _answer(answer: tuple[str, Sequence[object]], mailbox: Mailbox) -> Sequence[object]:
    status, data = answer
    if status != "OK":
        said = " ".join(_plain(line) for line in data if line)
        raise MailboxError(f"{mailbox.folder} at {mailbox.host} answers {status}: {said}")
    return data


def _plain(told: object) -> str:
    text = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
    return "".join(char for char in text if char.isprintable())[:300]


def _quoted(folder: str) -> str:
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
