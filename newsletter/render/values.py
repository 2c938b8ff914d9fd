"""What a mail is made from, and what comes out when nobody asks for bytes. Frozen, no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from newsletter.model import Digest, Entry, Manner
from subscribers.language import ENGLISH


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Who sends.

    `sender`: the whole From, name and address. `list_id`: the identifier alone, such as
    `paperround.example.org`, without brackets. `contact`: an address or a URL that a person reads.
    """

    name: str
    base_url: str
    sender: str
    list_id: str
    postal_address: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Whom a digest is for, with the signed links that are theirs alone.

    One without `email` and `unsubscribe_url` is anybody, who is offered neither.
    `web_url`: where this very mail can be read in a browser; a preview has no such place.
    `unsubscribe_address`: mail to it ends the subscription, too; "" where nothing takes such mail.
    """

    preferences_url: str
    email: str = ""
    unsubscribe_url: str = ""
    pause_url: str = ""
    web_url: str = ""
    unsubscribe_address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestLetter:
    """One digest to put into words.

    `entries` holds at least the entries that the digest picked, `votes` the reader's two vote tokens
    for each of them that can be voted on, for more and for less like it. `notes`: lines that the reader
    should know about the day ("arXiv had not answered when this was sent."). `return_path`: where the
    mail comes back to if it cannot be delivered; the sender's address where it is "".
    """

    delivery_id: int
    message_id: str
    sent_at: datetime
    day: date
    reader: Reader
    digest: Digest
    entries: Mapping[int, Entry]
    votes: Mapping[int, tuple[str, str]]
    notes: tuple[str, ...] = ()
    manner: Manner = field(default_factory=Manner)
    return_path: str = ""


class NoticeKind(StrEnum):
    """The mails that are no digest; each is a folder below `templates/email`."""

    CONFIRM = "confirm"
    PREFERENCES = "preferences"
    WELCOME = "welcome"
    ADDRESS = "address"
    MOVED = "moved"
    RECONFIRM = "reconfirm"
    GOODBYE = "goodbye"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLetter:
    """One mail that a person's own action called for.

    `link`: what its button opens. `wishes`: what they asked for, in their words.
    `expires_at`: until when the link works, or None where it does not end. `rhythm`: when their digest
    comes ("every day at 07:00, Berlin time"). `return_path`: as that of a digest.
    """

    notice_id: int
    message_id: str
    sent_at: datetime
    email: str
    link: str
    expires_at: datetime | None = None
    wishes: tuple[str, ...] = ()
    rhythm: str = ""
    language: str = ENGLISH
    return_path: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail as people read it, for previews and for "view in browser"."""

    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
