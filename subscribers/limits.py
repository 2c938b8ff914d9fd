"""How many mails anybody can make us send: to one mailbox, and from one network. Kept in the database, so
that all processes count together.

A row is a key and the moments that count for it. Whoever takes holds the row until their transaction ends,
so two who take at once are counted one after the other. Keys are hashes: no row tells an address.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from sqlalchemy import delete
from sqlalchemy.orm import Session

from subscribers.errors import TooManyRequestsError
from subscribers.store import take_row
from subscribers.tables import Tally

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEPT = DAY
"""No rule looks further back."""


@dataclass(frozen=True, slots=True)
class Rule:
    """At most `count` in any stretch of `within`."""

    count: int
    within: timedelta


TO_A_MAILBOX = (Rule(1, timedelta(minutes=1)), Rule(3, HOUR), Rule(8, DAY))
FROM_A_NETWORK = (Rule(12, HOUR), Rule(40, DAY))
FROM_A_NETWORK_THAT_WORKS = (Rule(60, HOUR), Rule(300, DAY))
"""For requests that come with a proof of work."""
# Ours, or a proxy's that does not say for whom it asks: to limit it would be to limit everybody.
_OWN = tuple(
    ip_network(each)
    for each in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
                 "::1/128", "fc00::/7", "fe80::/10")
)  # fmt: skip
ONCE = (Rule(1, KEPT),)


def may_mail_to(session: Session, email: str, now: datetime) -> bool:
    """Whether a mail that somebody asked for may go to a mailbox; if so, it is counted."""
    return take(session, f"mailbox {mailbox_of(email)}", TO_A_MAILBOX, now)


def check_network(
    session: Session, network_address: str | None, now: datetime, *, worked: bool
) -> None:
    """Counts a request from a network, whatever it is about. Raises TooManyRequestsError.

    `worked`: it came with a proof of work. Who tells no address, or comes from our own network, is not
    limited.
    """
    network = network_of(network_address)
    rules = FROM_A_NETWORK_THAT_WORKS if worked else FROM_A_NETWORK
    if network is not None and not take(session, f"network {network}", rules, now):
        raise TooManyRequestsError


def first_use(session: Session, text: str, now: datetime) -> bool:
    """Whether nobody used this before, for a day."""
    return take(session, f"use {text}", ONCE, now)


def take(session: Session, name: str, rules: Sequence[Rule], now: datetime) -> bool:
    """Counts one more for a name if all rules allow it."""
    key = hashlib.sha256(b"paperround:limit:" + name.encode()).hexdigest()
    row = take_row(session, Tally, {"key": key, "moments": "", "last": now})
    moments = [int(moment) for moment in row.moments.split()]
    second = int(now.timestamp())
    for rule in rules:
        since = second - int(rule.within.total_seconds())
        if sum(moment > since for moment in moments) >= rule.count:
            return False
    kept = second - int(KEPT.total_seconds())
    moments = [*(moment for moment in moments if moment > kept), second]
    row.moments = " ".join(map(str, moments))
    row.last = now
    session.flush()
    return True


def prune(session: Session, now: datetime) -> None:
    """Drops what no rule looks at any more."""
    old = delete(Tally).where(Tally.last <= now - KEPT)
    session.execute(old.execution_options(synchronize_session=False))


def mailbox_of(email: str) -> str:
    """One name for all spellings that mail systems deliver alike: case, what follows a plus sign, and at
    Google also dots. Two people may share it where a system is unlike others; they then share a limit,
    nothing else.
    """
    local, _, domain = email.lower().rpartition("@")
    local = local.partition("+")[0] or local
    if domain in {"gmail.com", "googlemail.com"}:
        local, domain = local.replace(".", "") or local, "gmail.com"
    return f"{local}@{domain}"


def network_of(network_address: str | None) -> str | None:
    """The network that an address counts by: IPv4's /24, IPv6's /56, what one household or office has.
    None for what is not limited.

    >>> network_of("203.0.113.77"), network_of("2001:db8:1:2ff::1"), network_of("192.168.1.9")
    ('203.0.113.0/24', '2001:db8:1:200::/56', None)
    """
    try:
        address = ip_address((network_address or "").partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(address in each for each in _OWN if each.version == address.version):
        return None
    return str(ip_network((address, 24 if address.version == 4 else 56), strict=False))
