"""Signed links: one purpose and one person each. Made by the million, so packed small.

A token is 11 bytes (purpose, version of the person's links, person, expiry) and an HMAC-SHA256 over
them, both in URL-safe base64. Where it is about one thing (a paper to vote on, a digest, an address)
it has 7 bytes more, what and how. The two votes on a paper share an HMAC, over all but the way: each
has its half of it, 128 bits (RFC 2104, section 5, asks for no more), and nobody who has one half can
tell the other. A mail holds dozens of them. The purpose is part of what is signed, and the key is derived
for links alone, so that no token passes for another kind. Who reads a token learns nothing of why another
was refused.
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
from functools import lru_cache

from subscribers.errors import ExpiredTokenError, TokenError

_LAYOUT = struct.Struct(">BHQ")  # purpose, links_version, person (36 bits) with expiry (28)
_EXPIRY_BITS = 28
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_NEVER = 0
_ABOUT_SIZE = 7  # a number (48 bits), and a byte that for votes is 1 for MORE and 0 for LESS
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
# Of a vote's 24 characters the last one tells the way alone; its seal is a half of the HMAC: 22 more.
_VOTE_HALVES = {b"B": slice(0, 16), b"A": slice(16, 32)}
_VOTE_SEAL = 22
_PAD = bytes(2)  # makes a half 18 octets, which are 24 characters

_TAG_SIZE = 13  # octets: purpose (8 bits), person (36), a number (40), the mark of an address (20)
_TAG_SEAL = 16  # octets of the HMAC
_NUMBER_BITS = 40
_MARK_BITS = 20

MORE, LESS = 1, -1


class Purpose(IntEnum):
    """What a link may do. Numbers are in mails that are already out: never reuse one."""

    CONFIRM = 1
    PREFERENCES = 2
    UNSUBSCRIBE = 3
    VOTE = 4
    PAUSE = 5
    DIGEST = 6
    ADDRESS = 7
    UNDO = 8


class TagPurpose(IntEnum):
    """What mail to a signed address is about. Numbers are in mails that are out: never reuse one."""

    LEAVE = 2
    RETURN = 3  # 1 was it before the address was part of it


LIFETIME: dict[Purpose, timedelta | None] = {
    Purpose.CONFIRM: timedelta(days=3),
    Purpose.PREFERENCES: timedelta(days=30),
    Purpose.UNSUBSCRIBE: None,
    Purpose.VOTE: timedelta(days=60),
    Purpose.PAUSE: timedelta(days=60),
    Purpose.DIGEST: timedelta(days=60),
    Purpose.ADDRESS: timedelta(days=3),
    Purpose.UNDO: timedelta(days=7),
}
ABOUT_ONE_THING = frozenset({Purpose.VOTE, Purpose.DIGEST, Purpose.ADDRESS, Purpose.UNDO})


@dataclass(frozen=True, slots=True)
class Ballot:
    """What a vote link says: `MORE` or `LESS` like this entry."""

    entry_id: int
    value: int


@dataclass(frozen=True, slots=True)
class Link:
    """Whom a valid token speaks for, and as of which version of their links.

    `made_at`: when, to the minute; None for a link that never expires. `about`: the number of the one
    thing that it is about, where it is.
    """

    subscriber_id: int
    links_version: int
    made_at: datetime | None
    ballot: Ballot | None = None
    about: int | None = None


@dataclass(frozen=True, slots=True)
class Tag:
    """What the signed part of an address says: whose mail, its number, and to which address it went.

    `mark`: the `address_mark` of that address, 0 where the tag is good for any.
    """

    subscriber_id: int
    number: int
    mark: int


def address_mark(address_hash: str) -> int:
    """The bits that stand for an address in a tag: enough to tell a person's former one from today's."""
    return int(address_hash[:16], 16) % ((1 << _MARK_BITS) - 1) + 1


class LinkSigner:
    """Makes and reads tokens. `secret` may be any text of enough entropy."""

    def __init__(self, secret: str) -> None:
        key = hashlib.sha256(b"paperround links\0" + secret.encode()).digest().ljust(64, b"\0")
        # HMAC with the key's two blocks hashed once (RFC 2104, section 4): hmac.digest, which hashes
        # them for each token, takes more than twice as long.
        self._inner = hashlib.sha256(bytes(octet ^ 0x36 for octet in key))
        self._outer = hashlib.sha256(bytes(octet ^ 0x5C for octet in key))

    def make(
        self,
        purpose: Purpose,
        subscriber_id: int,
        links_version: int,
        *,
        now: datetime,
        about: int | None = None,
    ) -> str:
        """A token that lives for the purpose's `LIFETIME` from `now` (aware), to the minute.

        `about`: the number (48 bits) of the one thing that it is about, where the purpose has one.
        """
        if purpose is Purpose.VOTE:
            raise ValueError("a vote link names an entry: make_votes makes it")
        if (about is not None) != (purpose in ABOUT_ONE_THING):
            raise ValueError(f"what is a link for {purpose.name} about?")
        packed = _packed(purpose, subscriber_id, links_version, now)
        if about is not None:
            packed += (about << 8).to_bytes(_ABOUT_SIZE)
        return self._sealed(_base64(packed), purpose).decode()

    def make_votes(
        self, subscriber_id: int, links_version: int, entry_ids: Iterable[int], *, now: datetime
    ) -> dict[int, tuple[str, str]]:
        """Two tokens for each entry, MORE and LESS; all at once, as a mail holds dozens of them."""
        head = _packed(Purpose.VOTE, subscriber_id, links_version, now)
        ids = list(entry_ids)
        packed = [head + (id_ << 8).to_bytes(_ABOUT_SIZE) for id_ in ids]
        # 18 octets are 24 characters: those of all papers can be encoded at once.
        payloads = _base64(b"".join(packed))
        starts = range(0, len(payloads), 24)
        marks = [self._mark(payloads[at : at + 23]) for at in starts]
        halves = [mark[:16] + _PAD + mark[16:] + _PAD for mark in marks]
        told, seals = payloads.decode(), _base64(b"".join(halves)).decode()
        return {
            id_: (
                f"{told[at : at + 23]}B.{seals[2 * at : 2 * at + _VOTE_SEAL]}",
                f"{told[at : at + 23]}A.{seals[2 * at + 24 : 2 * at + 24 + _VOTE_SEAL]}",
            )
            for at, id_ in zip(starts, ids, strict=True)
        }

    def read(self, token: str, purpose: Purpose, *, now: datetime) -> Link:
        """What a token says, if it is ours, for this purpose and not expired.

        Raises TokenError, of one that is merely too old ExpiredTokenError.
        """
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
        about = packed[_LAYOUT.size :]
        expected = _ABOUT_SIZE if purpose in ABOUT_ONE_THING else 0
        if found != purpose or len(about) != expected:
            raise TokenError
        lifetime = LIFETIME[purpose]
        link = Link(
            rest >> _EXPIRY_BITS,
            links_version,
            _EPOCH + expiry * _MINUTE - lifetime if lifetime else None,
            _ballot(about) if purpose is Purpose.VOTE else None,
            int.from_bytes(about[:-1]) if about and purpose is not Purpose.VOTE else None,
        )
        if expired:
            raise ExpiredTokenError(purpose, link)
        return link

    def make_tag(
        self, purpose: TagPurpose, subscriber_id: int, number: int = 0, mark: int = 0
    ) -> str:
        """The signed part of a mail address that is one person's, and about one thing: 47 characters.

        Small letters and digits alone, for there are mail systems that fold case. Never expires.
        `number`: up to 40 bits; 0 for none. `mark`: as in `Tag`.
        """
        about = (subscriber_id << _NUMBER_BITS | number) << _MARK_BITS | mark
        packed = bytes([purpose]) + about.to_bytes(_TAG_SIZE - 1)
        return base64.b32encode(packed + self._tag_seal(packed)).decode().rstrip("=").lower()

    def read_tag(self, tag: str, purpose: TagPurpose) -> Tag:
        """What a tag of ours for this purpose says. Raises TokenError."""
        try:
            octets = base64.b32decode(tag.upper() + "=" * (-len(tag) % 8))
        except ValueError:
            raise TokenError from None
        packed, seal = octets[:_TAG_SIZE], octets[_TAG_SIZE:]
        if not hmac.compare_digest(seal, self._tag_seal(packed)) or packed[0] != purpose:
            raise TokenError
        about = int.from_bytes(packed[1:])
        number = about >> _MARK_BITS & (1 << _NUMBER_BITS) - 1
        return Tag(about >> _MARK_BITS + _NUMBER_BITS, number, about & (1 << _MARK_BITS) - 1)

    def _tag_seal(self, packed: bytes) -> bytes:
        # No payload of a link has a colon: what is signed for one can never pass for the other.
        return self._mark(b"address:" + packed)[:_TAG_SEAL]

    def _sealed(self, payload: bytes, purpose: Purpose) -> bytes:
        if purpose is not Purpose.VOTE:
            return payload + b"." + _base64(self._mark(payload))
        half = _VOTE_HALVES.get(payload[-1:])
        if half is None:
            raise TokenError
        return payload + b"." + _base64(self._mark(payload[:-1])[half])

    def _mark(self, payload: bytes) -> bytes:
        """The HMAC, all of it."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(payload)
        outer.update(inner.digest())
        return outer.digest()


def _base64(packed: bytes) -> bytes:
    return binascii.b2a_base64(packed, newline=False).translate(_URL_SAFE).rstrip(b"=")


def _packed(purpose: Purpose, subscriber_id: int, links_version: int, now: datetime) -> bytes:
    expiry = _expiry(purpose, now)
    return _LAYOUT.pack(purpose, links_version, subscriber_id << _EXPIRY_BITS | expiry)


@lru_cache(maxsize=256)  # the readers of one run share the moment
def _expiry(purpose: Purpose, now: datetime) -> int:
    lifetime = LIFETIME[purpose]
    return _NEVER if lifetime is None else (now + lifetime - _EPOCH) // _MINUTE


def _ballot(about: bytes) -> Ballot:
    return Ballot(int.from_bytes(about[:-1]), MORE if about[-1] else LESS)
