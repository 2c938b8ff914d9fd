"""Keys for DKIM: made, read from files, published as DNS records (RFC 6376, 8301, 8463)."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
)

from newsletter.errors import NewsletterError, SettingsError

Private = RSAPrivateKey | Ed25519PrivateKey
Public = RSAPublicKey | Ed25519PublicKey

SMALLEST = 2048
_STRING = 255  # octets of one string in a TXT record


class RecordError(NewsletterError):
    """A DNS record that holds no key to verify with."""


def load_key(path: Path) -> Private:
    """The private key in a PEM file. Raises SettingsError if there is none to sign with."""
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"the DKIM key {path} cannot be read: {error.strerror}") from error
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        raise SettingsError(f"the DKIM key {path} is locked by a password") from None
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SettingsError(f"{path} holds no private key in PEM form") from error
    if isinstance(key, Ed25519PrivateKey):
        return key
    if not isinstance(key, RSAPrivateKey):
        raise SettingsError(f"the DKIM key {path} is neither an RSA nor an Ed25519 key")
    if key.key_size < SMALLEST:
        raise SettingsError(
            f"the DKIM key {path} has {key.key_size} bits; {SMALLEST} are the least that is signed with"
        )
    return key


def new_key(path: Path, *, ed25519: bool = False) -> Private:
    """Make a key and its file, for its owner alone. Raises NewsletterError, and never overwrites."""
    key = Ed25519PrivateKey.generate() if ed25519 else generate_private_key(65537, SMALLEST)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
    except FileExistsError:
        raise NewsletterError(f"{path} is there already, and a key is never overwritten") from None
    except OSError as error:
        raise NewsletterError(f"{path} cannot be written: {error.strerror}") from error
    return key


def record(public: Public) -> str:
    """The text of the TXT record that publishes a key."""
    if isinstance(public, Ed25519PublicKey):
        kind, data = "ed25519", public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    else:
        kind = "rsa"
        data = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k={kind}; p={b64encode(data).decode('ascii')}"


def zone_line(name: str, text: str) -> str:
    """A TXT record as a zone file holds it, in strings of at most 255 octets."""
    strings = [text[at : at + _STRING] for at in range(0, len(text), _STRING)]
    return f"{name}. IN TXT ( " + " ".join(f'"{string}"' for string in strings) + " )"


def read_record(text: str) -> Public:
    """The key of a TXT record. Raises RecordError that says what is wrong with it."""
    tags = read_tags(text)
    if tags.get("v", "DKIM1") != "DKIM1":
        raise RecordError("the record is not a DKIM record: it must begin with v=DKIM1")
    told = "".join(tags.get("p", "").split())
    if not told:
        raise RecordError("the record's key was withdrawn: p= is empty")
    if tags.get("h") and "sha256" not in tags["h"].replace(" ", "").split(":"):
        raise RecordError("the record allows no signatures with sha256: h= leaves it out")
    if not {"*", "email"} & set(tags.get("s", "*").replace(" ", "").split(":")):
        raise RecordError("the record is not for mail: s= leaves out email")
    try:
        data = b64decode(told, validate=True)
        if tags.get("k", "rsa") == "ed25519":
            return Ed25519PublicKey.from_public_bytes(data)
        key = load_der_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise RecordError("the record's key cannot be read: p= is not a key of its k=") from error
    if tags.get("k", "rsa") != "rsa" or not isinstance(key, RSAPublicKey):
        raise RecordError(f"the record's key is of a kind that DKIM does not know: {tags.get('k')}")
    return key


def read_tags(text: str) -> dict[str, str]:
    """`v=1; a=b` as a mapping (RFC 6376, section 3.2). Raises RecordError."""
    tags: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, found, value = part.partition("=")
        if not found or name.strip() in tags:
            raise RecordError(f"not a list of tags: {part[:40]!r} is no tag, or is there twice")
        tags[name.strip()] = value.strip()
    return tags
