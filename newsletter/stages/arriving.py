"""What has just come back, read before any transaction begins. Whatever its bytes are, nothing raises."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.bounce.parse import parse
from newsletter.bounce.reading import read_mail
from newsletter.bounce.values import BOUNCES, Finding, Kind, Report
from newsletter.receive.hooks.event import Event
from newsletter.stages.letters import Links
from newsletter.stages.whose import GRAVEST, tag_in
from subscribers.tokens import Tag, TagPurpose

KEPT_BYTES = 64 * 1024
"""How much is kept of what nobody understood."""

_ENVELOPE = ("to", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "cc")
# What an automatic answer is to a digest, mail to the address that a reader writes to on purpose is not.
_NOT_A_WISH = BOUNCES | {Kind.DELAY, Kind.DELIVERED, Kind.COMPLAINT}


@dataclass(frozen=True, slots=True)
class Arrival:
    """One thing that came back, read but not settled.

    `raw`: as much of it as is kept. `once`: as in `Event`.
    """

    report: Report
    way: str
    digest: str
    size: int
    raw: bytes
    tag: Tag | None = None
    trusted: bool = False
    once: str = ""

    @property
    def kind(self) -> Kind:
        """The gravest that it says of anybody."""
        return min((finding.kind for finding in self.report.findings), key=GRAVEST.index)


def from_mail(
    links: Links, raw: bytes, *, way: str, to: Sequence[str] = (), trusted: bool = False
) -> Arrival:
    """What a mail says, whatever its bytes are.

    `to`: the envelope's recipients, where they are known. `trusted`: believe the addresses that it
    names.
    """
    mail = read_mail(raw)
    report = parse(mail)
    told = "\n".join([*to, *(mail.header(name) for name in _ENVELOPE)])
    tag = None
    if not {finding.kind for finding in report.findings} & _NOT_A_WISH:
        tag = tag_in(links, told, TagPurpose.LEAVE)
    if tag is not None:
        report = Report((Finding(Kind.UNSUBSCRIBE),), report.message_id)
    else:
        tag = tag_in(links, f"{told}\n{mail.text}", TagPurpose.RETURN)
    return _arrival(report, raw, way, tag, trusted=trusted)


def from_event(links: Links, event: Event, *, way: str) -> Arrival:
    """What a provider's event says, whose origin was verified."""
    tag = tag_in(links, event.told, TagPurpose.RETURN)
    return _arrival(event.report, event.raw, way, tag, trusted=True, once=event.once)


def from_answer(report: Report) -> Arrival:
    """What a relay's refusal of one of our mails says of its address."""
    found = report.findings[0]
    # The same words about the same mail are the same refusal, told again after a crash.
    raw = f"{report.message_id}\n{found.status} {found.diagnostic}".encode()
    return _arrival(report, raw, "answer", None, trusted=True)


def _arrival(
    report: Report, raw: bytes, way: str, tag: Tag | None, *, trusted: bool, once: str = ""
) -> Arrival:
    understood = any(finding.kind is not Kind.UNKNOWN for finding in report.findings)
    digest = hashlib.sha256(raw).hexdigest()
    kept = b"" if understood else raw[:KEPT_BYTES]
    return Arrival(report, way, digest, len(raw), kept, tag, trusted, once)
