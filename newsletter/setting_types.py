"""What the values of settings must be, each a type that reads or refuses it in plain words."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from email.utils import parseaddr
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode

from newsletter.sending_rules import parse_quiet_hours, parse_relays, parse_warm_up

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where the mails are, as told by an IMAP URL."""

    host: str
    port: int
    security: Literal["tls", "starttls", "plain"]
    login: str
    password: str = field(repr=False)
    folder: str = "INBOX"


_MAILBOXES: dict[str, tuple[Literal["tls", "starttls", "plain"], int]] = {
    "imaps": ("tls", 993),
    "imap+starttls": ("starttls", 143),
    "imap": ("plain", 143),
}


def parse_mailbox(url: str) -> Mailbox:
    """Read `imaps://LOGIN:PASSWORD@HOST[:PORT][/FOLDER]`. Raises ValueError in plain words."""
    parts = urlsplit(url)
    if parts.scheme not in _MAILBOXES:
        raise ValueError("must begin with imaps://, imap+starttls:// or imap://")
    if not parts.hostname or not parts.username or not parts.password:
        raise ValueError("must name login, password and host")
    security, port = _MAILBOXES[parts.scheme]
    if security == "plain" and parts.hostname not in _LOOPBACK:
        raise ValueError("must not send a password in clear: imaps:// or imap+starttls://")
    folder = unquote(parts.path.strip("/")) or "INBOX"
    if not folder.isascii() or not folder.isprintable():
        raise ValueError("the folder's name must be plain letters")
    return Mailbox(
        parts.hostname,
        parts.port or port,
        security,
        unquote(parts.username),
        unquote(parts.password),
        folder,
    )


_LABELS = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")


def parse_dkim_key(text: str) -> tuple[str, Path]:
    """Read `SELECTOR:FILE`. Raises ValueError in plain words."""
    selector, _, file = text.partition(":")
    if not file or not _LABELS.fullmatch(selector):
        raise ValueError(f"{text} is not of the form SELECTOR:FILE, such as s2026:dkim-s2026.pem")
    return selector, Path(file)


def parse_name_server(text: str) -> tuple[str, int]:
    """Read `192.0.2.1`, `192.0.2.1:53`, `2001:db8::1` or `[2001:db8::1]:53`. Raises ValueError."""
    plain = text.count(":") != 1 and not text.startswith("[")
    host, port = (text, "53") if plain else text.rsplit(":", 1)
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"{text} has no port from 1 to 65535 behind its colon")
    return str(_ip(host.strip("[]"))), int(port)


def _ip(text: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(text)
    except ValueError:
        raise ValueError(f"{text} is not an IP address") from None


def parse_public_key(text: str) -> EllipticCurvePublicKey:
    """Read a public key of an elliptic curve, DER in base64. Raises ValueError in plain words."""
    # Loaded here, for most commands read no such key.
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        found = load_der_public_key(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        raise ValueError("is no public key in base64") from None
    if not isinstance(found, EllipticCurvePublicKey):
        raise ValueError("is no key of an elliptic curve")  # noqa: TRY004  (a setting's value)
    return found


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must begin with http:// or https:// and name a host")
    if parts.query or parts.fragment:
        raise ValueError("must not have a query or fragment")
    return value.rstrip("/")


def _database(value: str) -> str:
    if not value.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        raise ValueError("must begin with sqlite:/// or postgresql://")
    if value == "sqlite:///":
        raise ValueError("names no file")
    return value


def _sender(value: str) -> str:
    if any(ord(char) < 32 for char in value) or "@" not in parseaddr(value)[1]:
        raise ValueError("must be an address such as Paperround <digest@example.org>")
    return value


# RFC 5321, 4.5.3.1.1: 64 octets before the @, and a + and a tag of 47 come with them.
_RETURNS = re.compile(
    r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,14}[A-Za-z0-9_-]?@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
)


def _returns(value: str) -> str:
    if not _RETURNS.fullmatch(value):
        raise ValueError(
            "must be an address such as bounces@example.org, with up to 16 letters, digits, dots, "
            "hyphens or underscores before the @"
        )
    return value


def _listens(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"lmtp", "smtp"} or not parts.hostname or not parts.port:
        raise ValueError("must be such as lmtp://127.0.0.1:2424: lmtp or smtp, host and port")
    return value


def _relay_urls(value: str) -> str:
    parse_relays(value)
    return value


def _quiet(value: str) -> str:
    parse_quiet_hours(value)
    return value


def _warm_up(value: str) -> str:
    parse_warm_up(value)
    return value


def _mailbox_url(value: str) -> str:
    parse_mailbox(value)
    return value


def _selectors(value: tuple[str, ...]) -> tuple[str, ...]:
    names = [selector for selector, _ in map(parse_dkim_key, value)]
    if len(set(names)) < len(names):
        raise ValueError("has a selector twice; each key needs one of its own")
    return value


def _domain(value: str) -> str:
    if "." not in value or not _LABELS.fullmatch(value):
        raise ValueError(f"{value} is not a domain such as example.org (in A-labels)")
    return value


def _addresses(value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(_ip(address)) for address in value)


def _name_server(value: str) -> str:
    parse_name_server(value)
    return value


def _folder(value: Path) -> Path:
    if not value.is_dir():
        raise ValueError(f"{value} is not a folder")
    return value


def _model(value: str) -> str:
    if value != "minilm" and "/" not in value and not Path(value).is_dir():
        raise ValueError("must be minilm, a model id such as owner/name, or a folder")
    return value


def _topics(value: tuple[str, ...]) -> tuple[str, ...]:
    if not all(re.fullmatch(r"arn:[\w-]+:sns:[\w-]+:\d+:[\w.-]+", topic) for topic in value):
        raise ValueError("must be ARNs such as arn:aws:sns:eu-west-1:123456789012:bounces")
    return value


def _login(value: str) -> str:
    if len(value.partition(":")[2]) < 8:
        raise ValueError("must be LOGIN:PASSWORD, the password of 8 characters or more")
    return value


def _key(value: str) -> str:
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("must be ASCII letters, digits and signs alone, without blanks")
    return value


def _public_key(value: str) -> str:
    parse_public_key(value)
    return value


def _split(value: object) -> object:
    if value == "none":  # an empty value cannot say it, for that stands for the default
        return ()
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


WebAddress = Annotated[str, AfterValidator(_web_address)]
Database = Annotated[str, AfterValidator(_database)]
Sender = Annotated[str, AfterValidator(_sender)]
BounceAddress = Annotated[str, AfterValidator(_returns)]
BounceListen = Annotated[str, AfterValidator(_listens)]
MailboxUrl = Annotated[str, AfterValidator(_mailbox_url)]
RelayUrls = Annotated[str, AfterValidator(_relay_urls)]
QuietTime = Annotated[str, AfterValidator(_quiet)]
WarmUpPlan = Annotated[str, AfterValidator(_warm_up)]
Domain = Annotated[str, AfterValidator(_domain)]
NameServer = Annotated[str, AfterValidator(_name_server)]
Folder = Annotated[Path, AfterValidator(_folder)]
SentenceModel = Annotated[str, AfterValidator(_model)]
Login = Annotated[str, AfterValidator(_login)]
ApiKey = Annotated[str, AfterValidator(_key)]
PublicKey = Annotated[str, AfterValidator(_public_key)]

# Several values, comma-separated.
Sources = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Signals = Annotated[
    tuple[Literal["hackernews", "github", "reddit"], ...], NoDecode, BeforeValidator(_split)
]
DkimKeys = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_selectors)]
IpAddresses = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_addresses)
]
Topics = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_topics)]
