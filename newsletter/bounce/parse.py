"""The room's door: a mail that came back in (`reading.read_mail`), what it says out."""

from __future__ import annotations

import re

from newsletter.bounce.delivery_status import delivery_status
from newsletter.bounce.dialects import MOST, dialects
from newsletter.bounce.feedback import feedback
from newsletter.bounce.fields import blocks
from newsletter.bounce.reading import Mail
from newsletter.bounce.replies import other_automatic, replies
from newsletter.bounce.values import Finding, Kind, Report

_MESSAGE_ID = re.compile(r"<[^<>@\s]{1,400}@[^<>\s]{1,255}>")
_HEADER = re.compile(
    r"^[ \t>]{0,40}message-id:\s{0,80}(<[^<>\s]{1,400}>)", re.IGNORECASE | re.MULTILINE
)


def parse(mail: Mail) -> Report:
    """What a mail says, whatever is in it: never raises, and has at least one finding.

    Standards are asked first (RFC 5965, RFC 3464), then automatic answers, then the dialects. What none
    of them knows is one finding of the kind `unknown`.
    """
    for ask in (feedback, delivery_status, replies, dialects, other_automatic):
        findings = ask(mail)[:MOST]
        if findings:
            gone = ask is dialects and any(finding.kind is Kind.HARD for finding in findings)
            return Report(tuple(findings), _quoted_id(mail) or ("" if gone else _answered_id(mail)))
    return Report((Finding(Kind.UNKNOWN),), _quoted_id(mail) or _answered_id(mail))


def _quoted_id(mail: Mail) -> str:
    """The Message-ID of the mail that came back: in its own headers, or in what the report quotes."""
    for block in blocks(mail.original)[:1]:
        if found := _MESSAGE_ID.search(block.get("message-id", "")):
            return found[0]
    body = mail.text.partition("\n\n")[2]
    found = _HEADER.search(body)
    return found[1] if found else ""


def _answered_id(mail: Mail) -> str:
    """The Message-ID that a mail says it answers, which any mail may: no proof that a mailbox is gone."""
    references = mail.header("references").split() or [mail.header("in-reply-to")]
    found = _MESSAGE_ID.search(references[-1])
    return found[0] if found else ""
