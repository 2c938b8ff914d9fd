"""Signing mails with DKIM (RFC 6376), by RSA with SHA-256 and by Ed25519 (RFC 8463).

Our own, for a mail is built of pieces that are canonical from the start (`newsletter.render.mime`):
its body need not be looked at again, only hashed.
"""

from __future__ import annotations

import textwrap
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from newsletter.deliver.canonical import (
    Field,
    Form,
    canonical_body,
    chosen,
    relaxed_field,
    split_head,
)
from newsletter.deliver.keys import Private, load_key
from newsletter.errors import NewsletterError
from newsletter.model import Message

# Once more in h= than in the mail, so that nobody adds a second one that a client might show.
OVERSIGNED = (
    b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type",
)  # fmt: skip
# Signed where they are.
_SIGNED = frozenset(
    (
        *OVERSIGNED, b"cc", b"reply-to", b"sender", b"in-reply-to", b"references",
        b"content-transfer-encoding", b"list-id", b"list-unsubscribe", b"list-unsubscribe-post",
        b"list-post", b"list-help", b"list-owner", b"list-subscribe", b"list-archive",
        b"auto-submitted", b"feedback-id",
    )
)  # fmt: skip
_WIDTH = 72
_PADDING, _HASH = PKCS1v15(), SHA256()


class SigningError(NewsletterError):
    """A mail that cannot be signed."""


@dataclass(frozen=True)
class Key:
    """A private key, and the selector under which its public half is in the DNS."""

    selector: str
    private: Private

    @cached_property
    def algorithm(self) -> str:
        """The value of a=."""
        return "rsa-sha256" if isinstance(self.private, RSAPrivateKey) else "ed25519-sha256"

    @cached_property
    def sign(self) -> Callable[[bytes], bytes]:
        """Makes the signature of canonical header fields."""
        private = self.private
        if isinstance(private, RSAPrivateKey):
            return lambda data: private.sign(data, _PADDING, _HASH)
        return lambda data: private.sign(sha256(data).digest())  # RFC 8463, section 3


@dataclass(frozen=True)
class Signer:
    """Signs for one domain, with each of its keys. Header fields are always relaxed.

    Holds no state: any number of threads may share it.
    """

    domain: str
    keys: Sequence[Key]
    body: Form = "relaxed"

    def sign(self, message: Message, at: datetime) -> Message:
        """The message with a signature of each key on top, `at` in their t=. Raises SigningError.

        Equal messages and times give equal bytes, so that a retry sends the same mail.
        """
        fields = self.signatures(message, at)
        return replace(message, head=fields + message.head)

    def signatures(self, message: Message, at: datetime) -> bytes:
        """The DKIM-Signature fields of a mail. Raises SigningError."""
        fields, body = split_head(message.head), message.body
        names = [field.name for field in fields if field.name in _SIGNED]
        if b"from" not in names:
            raise SigningError("a mail without From cannot be signed")
        if not message.is_canonical:
            body = canonical_body(body, self.body)
        signed = b"".join([_relaxed(field) for field in chosen(fields, names)])
        told = (b"%d" % int(at.timestamp()), b64encode(sha256(body).digest()))
        return b"".join([self._signature(key, tuple(names), signed, told) for key in self.keys])

    def _signature(
        self, key: Key, names: tuple[bytes, ...], signed: bytes, told: tuple[bytes, bytes]
    ) -> bytes:
        """`told`: the values of t= and bh=."""
        field, relaxed = _forms(key.algorithm, self.body, self.domain, key.selector, names)
        mark = b64encode(key.sign(signed + relaxed % told))
        lines = [mark[at : at + _WIDTH] for at in range(0, len(mark), _WIDTH)]
        return field % told + b"\r\n  ".join(lines) + b"\r\n"


def open_signer(domain: str, keys: Sequence[tuple[str, Path]], form: Form) -> Signer | None:
    """A signer with these keys, each a selector and a file; None without any. Raises SettingsError."""
    loaded = [Key(selector, load_key(path)) for selector, path in keys]
    return Signer(domain.lower(), loaded, form) if loaded else None


# All mails of an edition have the same fields, and many of them say the same.
_relaxed = lru_cache(maxsize=512)(relaxed_field)


@lru_cache(maxsize=64)
def _forms(
    algorithm: str, form: Form, domain: str, selector: str, names: tuple[bytes, ...]
) -> tuple[bytes, bytes]:
    """The field without its signature, as it is and relaxed, with gaps for the values of t= and bh=."""
    value = (
        f"v=1; a={algorithm}; c=relaxed/{form}; t=%b;\r\n"
        f" d={domain}; s={selector};\r\n"
        f" h={_covered((*names, *OVERSIGNED))};\r\n"
        f" bh=%b;\r\n b="
    ).encode("ascii")
    field = Field(b"dkim-signature", b"DKIM-Signature: " + value)
    return field.raw, relaxed_field(field).removesuffix(b"\r\n")


def _covered(names: tuple[bytes, ...]) -> str:
    """The value of h=, folded."""
    told = ": ".join(name.decode("ascii") for name in names)
    lines = textwrap.wrap(told, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\r\n  ".join(lines).replace(": ", ":")
