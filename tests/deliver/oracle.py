"""dkimpy, which has been signing and verifying mail for years, as the judge of our signatures."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import dkim
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from newsletter.deliver.dkim import Key, Signer
from newsletter.deliver.keys import record
from newsletter.deliver.verifying import verify

AT = datetime(2026, 6, 10, 6, 30, tzinfo=UTC)
DOMAIN = "paperround.example"


@cache
def keys() -> tuple[Key, ...]:
    """One key of each kind, made once a process."""
    return Key("r1", generate_private_key(65537, 2048)), Key("e1", Ed25519PrivateKey.generate())


@cache
def signer(body: str = "relaxed") -> Signer:
    return Signer(DOMAIN, keys(), body)  # type: ignore[arg-type]


@cache
def zone(domain: str = DOMAIN) -> dict[str, str]:
    """The records of the keys, by name."""
    return {
        f"{key.selector}._domainkey.{domain}": record(key.private.public_key()) for key in keys()
    }


def answer(name: bytes, timeout: int = 5) -> bytes | None:
    """A TXT query, as dkimpy asks it."""
    found = zone().get(name.decode().rstrip("."))
    return found.encode() if found else None


def verdicts(data: bytes, count: int = 2) -> list[bool]:
    """Whether each of the `count` signatures verifies, the topmost first.

    Our own verifier, which looks at mails that arrived, must say the same.
    """
    judged = dkim.DKIM(data)
    found = [_holds(judged, number) for number in range(count)]
    ours = verify(data, lambda name: [zone()[name]] if name in zone() else [])
    assert [not verdict.fault for verdict in ours] == found, ours
    return found


def _holds(judged: dkim.DKIM, number: int) -> bool:
    try:
        return bool(judged.verify(idx=number, dnsfunc=answer))
    except dkim.DKIMException:
        return False
