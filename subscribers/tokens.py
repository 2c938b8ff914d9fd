"""Signed links: one purpose and one person each. Made by the million, so packed small.

A token is 11 bytes (purpose, version of the person's links, person, expiry) and an HMAC-SHA256 over
them, both in URL-safe base64. A vote's has 7 bytes more, the entry and the direction, and 132 bits of
the HMAC (RFC 2104, section 5, asks for 128): a mail holds dozens of them. Who reads a token learns
nothing of why another was refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from itsdangerous import Signer

from subscribers.errors import TokenError

_LAYOUT = struct.Struct(">BHQ")  # purpose, links_version, person (36 bits) with expiry (28)
_EXPIRY_BITS = 28
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_NEVER = 0
_BALLOT_SIZE = 7  # the entry (48 bits), and a byte that is 1 for MORE and 0 for LESS
_VOTE_SEAL = 22  # characters of six bits

MORE, LESS = 1, -1


class Purpose(IntEnum):
    """What a link may do. Numbers are in mails that are already out: never reuse one."""

    CONFIRM = 1
    PREFERENCES = 2
    UNSUBSCRIBE = 3
    VOTE = 4


LIFETIME: dict[Purpose, timedelta | None] = {
    Purpose.CONFIRM: timedelta(days=3),
    Purpose.PREFERENCES: timedelta(days=30),
    Purpose.UNSUBSCRIBE: None,
    Purpose.VOTE: timedelta(days=60),
}


@dataclass(frozen=True, slots=True)
class Ballot:
    """What a vote link says: `MORE` or `LESS` like this entry."""

    entry_id: int
    value: int


@dataclass(frozen=True, slots=True)
class Link:
    """Whom a valid token speaks for, and as of which version of their links.

    `made_at`: when, to the minute; None for a link that never expires.
    """

    subscriber_id: int
    links_version: int
    made_at: datetime | None
    ballot: Ballot | None = None


class LinkSigner:
    """Makes and reads tokens. `secret` may be any text of enough entropy."""

    def __init__(self, secret: str) -> None:
        key = hashlib.sha256(b"paperround links\0" + secret.encode()).digest()
        # The key is derived above, once; the signer would do so again for each link.
        self._signer = Signer(key, key_derivation="none", digest_method=hashlib.sha256)

    def make(
        self, purpose: Purpose, subscriber_id: int, links_version: int, *, now: datetime
    ) -> str:
        """A token that lives for the purpose's `LIFETIME` from `now` (aware), to the minute."""
        if purpose is Purpose.VOTE:
            raise ValueError("a vote link names an entry: make_votes makes it")
        packed = _packed(purpose, subscriber_id, links_version, now)
        return self._sealed(_base64(packed), purpose).decode()

    def make_votes(
        self, subscriber_id: int, links_version: int, entry_ids: Iterable[int], *, now: datetime
    ) -> dict[int, tuple[str, str]]:
        """Two tokens for each entry, MORE and LESS; all at once, as a mail holds dozens of them."""
        head = _packed(Purpose.VOTE, subscriber_id, links_version, now)

        def token(entry_id: int, direction: int) -> str:
            packed = head + (entry_id << 8 | direction).to_bytes(_BALLOT_SIZE)
            return self._sealed(_base64(packed), Purpose.VOTE).decode()

        return {entry_id: (token(entry_id, 1), token(entry_id, 0)) for entry_id in entry_ids}

    def read(self, token: str, purpose: Purpose, *, now: datetime) -> Link:
        """What a token says, if it is ours, for this purpose and not expired. Raises TokenError."""
        try:
            payload = token.encode("ascii").partition(b".")[0]
            # Made anew and compared as a whole: base64 has spellings that decode alike.
            if not hmac.compare_digest(self._sealed(payload, purpose), token.encode()):
                raise TokenError
            packed = base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4))
            found, links_version, rest = _LAYOUT.unpack(packed[: _LAYOUT.size])
        except (UnicodeEncodeError, binascii.Error, struct.error):
            raise TokenError from None
        expiry = rest & ((1 << _EXPIRY_BITS) - 1)
        expired = expiry != _NEVER and (now - _EPOCH) // _MINUTE >= expiry
        ballot = packed[_LAYOUT.size :]
        expected = _BALLOT_SIZE if purpose is Purpose.VOTE else 0
        if found != purpose or expired or len(ballot) != expected:
            raise TokenError
        lifetime = LIFETIME[purpose]
        return Link(
            rest >> _EXPIRY_BITS,
            links_version,
            _EPOCH + expiry * _MINUTE - lifetime if lifetime else None,
            _unpacked(ballot) if ballot else None,
        )

    def _sealed(self, payload: bytes, purpose: Purpose) -> bytes:
        signed = self._signer.sign(payload)
        return signed[: len(payload) + 1 + _VOTE_SEAL] if purpose is Purpose.VOTE else signed


def _base64(packed: bytes) -> bytes:
    return base64.urlsafe_b64encode(packed).rstrip(b"=")


def _packed(purpose: Purpose, subscriber_id: int, links_version: int, now: datetime) -> bytes:
    lifetime = LIFETIME[purpose]
    expiry = _NEVER if lifetime is None else (now + lifetime - _EPOCH) // _MINUTE
    return _LAYOUT.pack(purpose, links_version, subscriber_id << _EXPIRY_BITS | expiry)


def _unpacked(ballot: bytes) -> Ballot:
    return Ballot(int.from_bytes(ballot[:-1]), MORE if ballot[-1] else LESS)
