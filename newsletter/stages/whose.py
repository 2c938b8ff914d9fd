"""Whose mail it was that came back, by what we signed; by an address alone only where somebody vouches.

What was mailed to an address that its reader has left since is theirs, and says nothing of today's.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from newsletter.bounce.values import Finding, Kind, Report
from newsletter.stages.letters import Links
from newsletter.store.returned import moved_since
from newsletter.store.tables import Delivery
from subscribers.address import address_hash, parse_address
from subscribers.errors import AddressError, TokenError
from subscribers.tables import Subscriber
from subscribers.tokens import Tag, TagPurpose, address_mark

GRAVEST = (
    Kind.COMPLAINT, Kind.UNSUBSCRIBE, Kind.HARD, Kind.FULL, Kind.SOFT, Kind.BLOCKED, Kind.DELAY,
    Kind.DELIVERED, Kind.CHALLENGE, Kind.AUTO_REPLY, Kind.UNKNOWN,
)  # fmt: skip
_MESSAGE_ID = re.compile(r"<(\d{8})\.(\d{1,18})\.[0-9a-f]{16}@")


@dataclass(frozen=True, slots=True)
class Claim:
    """What tells whose a report is: a tag of ours, else its Message-ID, else, if `trusted`, addresses."""

    report: Report
    tag: Tag | None
    trusted: bool


@dataclass(frozen=True, slots=True)
class Whose:
    """A reader, and their delivery if it is known. `former`: it went to an address that they have left."""

    subscriber_id: int
    delivery_id: int | None = None
    former: bool = False


@dataclass(frozen=True, slots=True)
class _Mailed:
    """Whom a delivery was for. `moved`: they have changed their address since it was sent."""

    subscriber_id: int
    moved: bool


Concerned = tuple[Finding, Whose | None]


def tag_in(links: Links, text: str, purpose: TagPurpose) -> Tag | None:
    """What the first address of a text says that we signed for this purpose."""
    local, _, domain = links.returns.rpartition("@")
    if not local:
        return None
    # An equals sign stands for the @ where another VERP was put around ours (BATV, SRS, Postfix).
    pattern = rf"{re.escape(local)}\+([a-z2-7]{{47}})[@=]{re.escape(domain)}"
    for tag in dict.fromkeys(re.findall(pattern, text, re.IGNORECASE)):
        try:
            return links.signer.read_tag(tag, purpose)
        except TokenError:
            continue
    return None


def concerned(session: Session, links: Links, claims: Sequence[Claim]) -> list[list[Concerned]]:
    """Of each report which finding is about which reader. What we signed speaks for one reader alone.

    The readers stay until the transaction ends.
    """
    numbers = {c.tag.number if c.tag else _row_of(c.report.message_id) for c in claims}
    mailed = _mailed(session, numbers - {0})
    known = {claim.tag.subscriber_id for claim in claims if claim.tag}
    known |= {sent.subscriber_id for sent in mailed.values()}
    named = {_hash(f.recipient) for c in claims if c.trusted for f in c.report.findings}
    hashes = _readers(session, known, named)
    by_hash = {hashed: who for who, hashed in hashes.items()}
    found: list[list[Concerned]] = []
    for claim in claims:
        findings = claim.report.findings
        if claim.tag:
            whose = _by_tag(claim.tag, hashes, mailed)
        else:
            whose = _by_message_id(links, claim.report.message_id, mailed)
        if whose is not None and whose.subscriber_id in hashes:
            found.append([(_own(findings, hashes[whose.subscriber_id]), whose)])
        else:
            found.append(
                [(f, _by_address(f, by_hash) if claim.trusted else None) for f in findings]
            )
    return found


def _mailed(session: Session, delivery_ids: set[int]) -> dict[int, _Mailed]:
    if not delivery_ids:
        return {}
    sent_at = func.coalesce(Delivery.settled_at, Delivery.planned_at)
    moved = moved_since(Delivery.subscriber_id, sent_at)
    rows = session.execute(
        select(Delivery.id, Delivery.subscriber_id, moved).where(Delivery.id.in_(delivery_ids))
    )
    return {number: _Mailed(who, has_moved) for number, who, has_moved in rows}


def _readers(session: Session, ids: set[int], hashes: set[str]) -> dict[int, str]:
    """The address hashes of the readers who have one of these ids, or one of these hashes."""
    if not ids and not hashes:
        return {}
    wanted = or_(Subscriber.id.in_(ids), Subscriber.address_hash.in_(hashes))
    rows = session.execute(
        select(Subscriber.id, Subscriber.address_hash)
        .where(wanted)
        .order_by(Subscriber.id)
        .with_for_update(read=True, key_share=True)  # what refers to them is about to be stored
    )
    return {row.id: row.address_hash for row in rows}


def _by_tag(tag: Tag, hashes: dict[int, str], mailed: dict[int, _Mailed]) -> Whose | None:
    hashed = hashes.get(tag.subscriber_id)
    if hashed is None:
        return None
    sent = mailed.get(tag.number)
    own = sent is not None and sent.subscriber_id == tag.subscriber_id
    former = bool(tag.mark) and tag.mark != address_mark(hashed)
    return Whose(tag.subscriber_id, tag.number if own else None, former)


def _row_of(message_id: str) -> int:
    found = _MESSAGE_ID.match(message_id)
    return int(found[2]) if found else 0


def _by_message_id(links: Links, message_id: str, mailed: dict[int, _Mailed]) -> Whose | None:
    row = _row_of(message_id)
    sent = mailed.get(row)
    if sent is None:
        return None
    made = links.message_id(message_id[1:9], row, sent.subscriber_id)
    if not hmac.compare_digest(made.encode(), message_id.encode("utf-8", "replace")):
        return None
    return Whose(sent.subscriber_id, row, sent.moved)


def _by_address(finding: Finding, by_hash: dict[str, int]) -> Whose | None:
    who = by_hash.get(_hash(finding.recipient))
    return None if who is None else Whose(who)


def _own(findings: Iterable[Finding], hashed: str) -> Finding:
    """The finding about a reader's own address, else the mildest: they may have mail forwarded."""
    told = list(findings)
    own = [f for f in told if f.recipient and _hash(f.recipient) == hashed]
    return (own or sorted(told, key=lambda f: -GRAVEST.index(f.kind)))[0]


def _hash(recipient: str) -> str:
    try:
        return parse_address(recipient).hash
    except AddressError:
        return address_hash(recipient.encode("ascii", "replace").decode())
