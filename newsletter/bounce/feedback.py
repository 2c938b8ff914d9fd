"""Complaints as mailbox providers report them (RFC 5965, the Abuse Reporting Format)."""

from __future__ import annotations

from newsletter.bounce.fields import address_in, blocks
from newsletter.bounce.reading import Mail
from newsletter.bounce.values import Finding, Kind

_REPORT = "message/feedback-report"
# RFC 6591 (auth-failure) and DMARC are about us, not a reader's wish; so is "not-spam" of RFC 5965.
_WISHES = frozenset(
    {"abuse", "fraud", "opt-out", "opt-out-list", "complaint", "virus", "other", "miscategorized"}
)


def feedback(mail: Mail) -> list[Finding]:
    """A complaint for each recipient that the report names, "" where the provider hides them."""
    for part in mail.parts:
        if part.type == _REPORT:
            return _findings(part.text, mail)
    # Hotmail's Junk Mail Reporting Program, which is older than the standard.
    told = [block.get("x-hmxmroriginalrecipient", "") for block in blocks(mail.original)[:1]]
    return [
        Finding(Kind.COMPLAINT, address_in(value), diagnostic="jmrp") for value in told if value
    ]


def _findings(text: str, mail: Mail) -> list[Finding]:
    fields = next(iter(blocks(text)), {})
    kind = fields.get("feedback-type", "").lower()
    told = [value for line in text.splitlines() if (value := _recipient(line))]
    if not told:
        told = [address_in(block["to"]) for block in blocks(mail.original)[:1] if "to" in block]
    if kind and kind not in _WISHES:
        return [
            Finding(Kind.UNKNOWN, address, diagnostic=f"feedback {kind}")
            for address in told[:1] or [""]
        ]
    return [
        Finding(Kind.COMPLAINT, address, diagnostic=f"feedback {kind}".strip())
        for address in dict.fromkeys(told) or [""]
    ]


def _recipient(line: str) -> str:
    name, _, value = line.partition(":")
    return address_in(value) if name.strip().lower() == "original-rcpt-to" else ""
