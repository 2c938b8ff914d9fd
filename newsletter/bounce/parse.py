"""The room's door: the bytes of a mail that came back in, what it says out."""

from __future__ import annotations

import re

from newsletter.bounce.delivery_status import delivery_status
from newsletter.bounce.dialects import dialects
from newsletter.bounce.feedback import feedback
from newsletter.bounce.fields import blocks
from newsletter.bounce.reading import Mail, read_mail
from newsletter.bounce.replies import other_automatic, replies
from newsletter.bounce.values import Finding, Kind, Report

_MESSAGE_ID = re.compile(r"<[^<>\s]{1,400}@[^<>\s]{1,255}>")
_HEADER = re.compile(
    r"^[ \t>]{0,40}message-id:\s{0,80}(<[^<>\s]{1,400}>)", re.IGNORECASE | re.MULTILINE
)


def parse(raw: bytes) -> Report:
    """What a mail says, whatever its bytes are: never raises, and has at least one finding.

    Standards are asked first (RFC 5965, RFC 3464), then automatic answers, then the dialects. What none
    of them knows is one finding of the kind `unknown`.
    """
    mail = read_mail(raw)
    for ask in (feedback, delivery_status, replies, dialects, other_automatic):
        findings = ask(mail)
        if findings:
            return Report(tuple(findings), _original_id(mail))
    return Report((Finding(Kind.UNKNOWN),), _original_id(mail))


def _original_id(mail: Mail) -> str:
    """The Message-ID of the mail that came back: in its own headers, or in what the report quotes."""
    for block in blocks(mail.original)[:1]:
        if found := _MESSAGE_ID.search(block.get("message-id", "")):
            return found[0]
    body = mail.text.partition("\n\n")[2]
    if found := _HEADER.search(body):
        return found[1]
    references = mail.header("references").split() or [mail.header("in-reply-to")]
    found = _MESSAGE_ID.search(references[-1])
    return found[0] if found else ""
