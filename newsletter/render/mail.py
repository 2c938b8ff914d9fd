"""The room's door: letters in, messages ready for the wire out."""

from __future__ import annotations

import re
from datetime import date, datetime
from email.utils import format_datetime
from functools import lru_cache

from newsletter.model import Message
from newsletter.render.digest import HTML_LIMIT, DigestWriter
from newsletter.render.headers import (
    Mailbox,
    address_field,
    list_id_field,
    mail_address,
    mailbox,
    plain_field,
    text_field,
    token,
)
from newsletter.render.mime import Body, build_mail, decode_body
from newsletter.render.notices import NoticeWriter
from newsletter.render.templates import Templates
from newsletter.render.values import DigestLetter, NoticeKind, NoticeLetter, Reader, Rendered, Site
from subscribers.language import languages, speaking, spoken


class MailRenderer:
    """Turns letters into mails for one site.

    Templates are compiled when it is made, so a broken one shows at once (TemplateError). It keeps
    the cards it rendered: make one for a run, not one for a mail. Equal letters give equal bytes.
    """

    def __init__(self, site: Site, templates: Templates) -> None:
        self._site = site
        self._sender = mailbox(site.sender)
        self._from = address_field("From", self._sender)
        self._list = list_id_field(site.name, site.list_id)
        self._digests: dict[str, DigestWriter] = {}
        for language in languages():
            with speaking(language):
                self._digests[language] = DigestWriter(site, templates)
        self._notices = NoticeWriter(site, templates)

    def digest(self, letter: DigestLetter) -> Message:
        """A digest with the headers of list mail (RFC 2369, 2919, 8058). Raises UnmailableError."""
        to = mail_address(letter.reader.email)
        subject, body = self._written(letter, HTML_LIMIT)
        headers = [
            *self._common(to, subject, letter.message_id, _date(letter.sent_at)),
            self._list,
            _list_unsubscribe(letter.reader),
            b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
            b"List-Post: NO\r\n",
            _feedback_id(self._site.list_id, letter.day),
        ]
        head, octets = build_mail(headers, body, letter.message_id)
        return Message(
            delivery_id=letter.delivery_id,
            sender=letter.return_path or self._sender.address,
            to=to,
            message_id=letter.message_id,
            head=head,
            body=octets,
            is_canonical=True,
        )

    def notice(self, kind: NoticeKind, letter: NoticeLetter) -> Message:
        """A mail that its reader has just asked for: none of a list's headers belong on it."""
        to = mail_address(letter.email)
        with speaking(letter.language):
            subject, body = self._notices.write(kind, letter)
        headers = self._common(to, subject, letter.message_id, _date(letter.sent_at))
        head, octets = build_mail(headers, body, letter.message_id)
        return Message(
            delivery_id=letter.notice_id,
            sender=letter.return_path or self._sender.address,
            to=to,
            message_id=letter.message_id,
            head=head,
            body=octets,
            is_canonical=True,
        )

    def digest_preview(self, letter: DigestLetter, *, whole: bool = False) -> Rendered:
        """A digest as its reader sees it: decoded from the very octets that its mail is made of.

        `whole`: with the papers that a mail has no room for.
        """
        subject, body = self._written(letter, None if whole else HTML_LIMIT)
        return Rendered(subject, *decode_body(body))

    def notice_preview(self, kind: NoticeKind, letter: NoticeLetter) -> Rendered:
        """A notice as its reader sees it."""
        with speaking(letter.language):
            subject, body = self._notices.write(kind, letter)
        return Rendered(subject, *decode_body(body))

    def _written(self, letter: DigestLetter, limit: int | None) -> tuple[str, Body]:
        # What writers keep is in one language, so each language has a writer of its own.
        with speaking(letter.manner.language):
            return self._digests[spoken()].write(letter, limit)

    def _common(self, to: str, subject: str, message_id: str, sent: str) -> list[bytes]:
        return [
            self._from,
            address_field("To", Mailbox("", to)),
            _subject_field(subject),
            plain_field("Date", sent),
            plain_field("Message-ID", token(message_id)),
            b"Auto-Submitted: auto-generated\r\n",
        ]


# Readers of one edition share few subjects with each other, yet many with the next attempt.
@lru_cache(maxsize=1024)
def _subject_field(subject: str) -> bytes:
    return text_field("Subject", subject)


@lru_cache(maxsize=64)  # the readers of one run share the moment
def _date(sent_at: datetime) -> str:
    return format_datetime(sent_at)


def _list_unsubscribe(reader: Reader) -> bytes:
    """The ways out (RFC 2369), the one by press first: of several the first is preferred."""
    ways = [f"<{token(reader.unsubscribe_url)}>"]
    if reader.unsubscribe_address:
        ways[0] += ","
        ways.append(f"<mailto:{token(reader.unsubscribe_address)}?subject=unsubscribe>")
    return plain_field("List-Unsubscribe", *ways)


@lru_cache(maxsize=64)
def _feedback_id(list_id: str, day: date) -> bytes:
    """Edition, kind, list, sender: what complaints are counted by, with nothing of the reader."""
    sender = re.sub(r"[^a-z0-9]", "", list_id.lower())[:15].ljust(5, "x")
    return plain_field("Feedback-ID", f"{day:%Y%m%d}:digest:{token(list_id)}:{sender}")
