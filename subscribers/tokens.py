"""Signed links: one purpose and one person each. Made by the million, so packed small.

A token is 11 bytes (purpose, version of the person's links, person, expiry) and an HMAC-SHA256 over
them, both in URL-safe base64. Who reads a token learns nothing of why another was refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
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


class Purpose(IntEnum):
    """What a link may do. Numbers are in mails that are already out: never reuse one."""

    CONFIRM = 1
    PREFERENCES = 2
    UNSUBSCRIBE = 3


LIFETIME: dict[Purpose, timedelta | None] = {
    Purpose.CONFIRM: timedelta(days=3),
    Purpose.PREFERENCES: timedelta(days=30),
    Purpose.UNSUBSCRIBE: None,
}


@dataclass(frozen=True, slots=True)
class Link:
    """Whom a valid token speaks for, and as of which version of their links."""

    subscriber_id: int
    links_version: int


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
        lifetime = LIFETIME[purpose]
        expiry = _NEVER if lifetime is None else (now + lifetime - _EPOCH) // _MINUTE
        packed = _LAYOUT.pack(purpose, links_version, subscriber_id << _EXPIRY_BITS | expiry)
        return self._signer.sign(base64.urlsafe_b64encode(packed).rstrip(b"=")).decode()

    def read(self, token: str, purpose: Purpose, *, now: datetime) -> Link:
        """What a token says, if it is ours, for this purpose and not expired. Raises TokenError."""
        try:
            payload = token.encode("ascii").partition(b".")[0]
            # Made anew and compared as a whole: base64 has spellings that decode alike.
            if not hmac.compare_digest(self._signer.sign(payload), token.encode()):
                raise TokenError
            packed = base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4))
            found, links_version, rest = _LAYOUT.unpack(packed)
        except (UnicodeEncodeError, binascii.Error, struct.error):
            raise TokenError from None
        expiry = rest & ((1 << _EXPIRY_BITS) - 1)
        expired = expiry != _NEVER and (now - _EPOCH) // _MINUTE >= expiry
        if found != purpose or expired:
            raise TokenError
        return Link(rest >> _EXPIRY_BITS, links_version)
