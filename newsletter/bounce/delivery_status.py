"""Delivery status notifications (RFC 3464), and the fields of theirs that others put into plain text."""

from __future__ import annotations

from collections.abc import Mapping

from newsletter.bounce.fields import Fields, address_in, blocks, status_in
from newsletter.bounce.reading import Mail
from newsletter.bounce.reasons import refused
from newsletter.bounce.values import Finding, Kind

_STATUS_PARTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RECIPIENT = ("original-recipient", "final-recipient")
_OUTCOMES: Mapping[str, Kind] = {
    "delayed": Kind.DELAY,
    "delivered": Kind.DELIVERED,
    "relayed": Kind.DELIVERED,
    "expanded": Kind.DELIVERED,
}


def delivery_status(mail: Mail) -> list[Finding]:
    """One finding for each recipient that the report names; none where it is no such report."""
    texts = [part.text for part in mail.parts if part.type in _STATUS_PARTS]
    if not any("recipient" in text.lower() for text in texts):
        # Misplaced: the fields stand in another part, or the report was cut into plain text.
        texts = [part.text for part in mail.parts if part.type not in _STATUS_PARTS]
        texts = [text for text in texts if "final-recipient" in text.lower()]
    found = [block for text in texts for block in blocks(text) if _names_recipient(block)]
    told = {_address(block).lower() for block in found}
    words = explanation(mail) if len(told) == 1 else ""
    findings = [_finding(block, words) for block in found]
    return [finding for finding in _once(findings) if finding.recipient]


def explanation(mail: Mail) -> str:
    """What the report says to people, up to some thousand characters."""
    return "\n".join(mail.texts())[:4000]


def _names_recipient(block: Fields) -> bool:
    return any(name in block for name in _RECIPIENT)


def _address(block: Fields) -> str:
    return next((a for a in (address_in(block.get(name, "")) for name in _RECIPIENT) if a), "")


def _finding(block: Fields, words: str) -> Finding:
    action = block.get("action", "").partition(" ")[0].strip(";,").lower()
    diagnostic = block.get("diagnostic-code", "")
    diagnostic = diagnostic.partition(";")[2].strip() or diagnostic
    status = status_in(block.get("status", ""))
    if not status or status.endswith(".0.0"):
        status = status_in(diagnostic) or status
    kind = _OUTCOMES.get(action)
    if kind is None and status.startswith("2."):
        kind = Kind.DELIVERED
    if kind is None:
        kind = refused(status, diagnostic)
        if kind is Kind.SOFT and words:
            # Some put a bare code into the fields, and what they mean into the text.
            kind = refused(status, words)
    return Finding(kind, _address(block), status, diagnostic)


def _once(findings: list[Finding]) -> list[Finding]:
    """Each recipient once, by its first block: some relays repeat them."""
    found: dict[str, Finding] = {}
    for finding in findings:
        found.setdefault(finding.recipient.lower(), finding)
    return list(found.values())
