"""Header fields as bytes: folded, encoded by RFC 2047 where not ASCII, safe from what they hold.

No text can end a field early: control characters and line ends never get as far as the wire.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from email.utils import parseaddr

from newsletter.errors import NewsletterError
from newsletter.render.plain import ascii_domain, clean

_LINE = 78
_ENCODED_LINE = 76  # RFC 2047, section 2: the bound of a line that holds an encoded word
_ENVELOPE = len("=?utf-8?q??=")
_Q_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_ADDRESS = re.compile(
    r"[^\s\x00-\x20\x7f-\x9f<>()\[\],;:\\\"@]+@[^\s\x00-\x20\x7f<>()\[\],;:\\\"@]+"
)
_TOKEN = re.compile(r"[\x21-\x7e]+")


class UnmailableError(NewsletterError):
    """An address, a link or an identifier that no header may hold."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A display name, and an addr-spec whose domain is in A-labels."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """What stands behind the @, in small letters."""
        return self.address.rpartition("@")[2].lower()


def mailbox(value: str) -> Mailbox:
    """`Name <user@host>`, or a bare address, taken apart. Raises UnmailableError."""
    if "\r" in value or "\n" in value:
        raise UnmailableError(f"not an address: {clean(value)}")
    name, address = parseaddr(value)
    return Mailbox(one_line(name), mail_address(address))


def mail_address(address: str) -> str:
    """`address` with its domain in A-labels, its local part as it is. Raises UnmailableError."""
    if not _ADDRESS.fullmatch(address):
        raise UnmailableError(f"not an address: {clean(address)}")
    local, _, domain = address.rpartition("@")
    try:
        domain = ascii_domain(domain)
        local.encode("utf-8")
    except ValueError as error:
        raise UnmailableError(f"not an address: {clean(address)}") from error
    return f"{local}@{domain}"


def one_line(text: str) -> str:
    """`text` as a header may hold it: every kind of line end and blank is one space."""
    return " ".join(clean(text).split())


def token(value: str) -> str:
    """`value`, if it is ASCII without blanks: an identifier or a URL. Raises UnmailableError."""
    if not _TOKEN.fullmatch(value):
        raise UnmailableError(f"not fit for a header: {clean(value)}")
    return value


def text_field(name: str, text: str) -> bytes:
    """An unstructured field such as Subject."""
    return _field(name, _phrase(one_line(text), len(name) + 2))


def address_field(name: str, box: Mailbox) -> bytes:
    """From or To with one mailbox. Only the display name may be encoded, never the address."""
    return _field(name, [*_display(box.name, len(name) + 2), f"<{box.address}>"])


def list_id_field(name: str, list_id: str) -> bytes:
    """List-Id (RFC 2919): a description, and the identifier in brackets."""
    return _field("List-Id", [*_display(name, len("List-Id: ")), f"<{token(list_id)}>"])


def plain_field(name: str, *words: str) -> bytes:
    """A field of ASCII words that this package made itself; it may be folded between them."""
    return _field(name, list(words))


def _display(name: str, used: int) -> list[str]:
    name = one_line(name)
    if not name:
        return []
    if _needs_encoding(name) or _ATOMS.fullmatch(name):
        return _phrase(name, used)
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'.split(" ")


def _needs_encoding(text: str) -> bool:
    return (
        not text.isascii()
        or "=?" in text
        or len(max(text.split(), key=len, default="")) > _ENCODED_LINE
    )


def _phrase(text: str, used: int) -> list[str]:
    return _encoded_words(text, used) if _needs_encoding(text) else text.split(" ")


def _encoded_words(text: str, used: int) -> list[str]:
    """`text` as encoded words that fit their lines, no character split between two of them."""
    quoted = [_quoted(character) for character in text]
    as_q = sum(map(len, quoted)) <= len(text.encode()) * 4 / 3
    words: list[str] = []
    start = size = 0
    room = _ENCODED_LINE - used - _ENVELOPE
    for at, character in enumerate(text):
        cost = len(quoted[at]) if as_q else len(character.encode())
        if size + cost > (room if as_q else room // 4 * 3):
            words.append(_encoded_word(text[start:at], quoted[start:at], as_q=as_q))
            start, size, room = at, 0, _ENCODED_LINE - 1 - _ENVELOPE
        size += cost
    words.append(_encoded_word(text[start:], quoted[start:], as_q=as_q))
    return words


def _quoted(character: str) -> str:
    if character == " ":
        return "_"
    return "".join(chr(b) if b in _Q_SAFE else f"={b:02X}" for b in character.encode())


def _encoded_word(text: str, quoted: list[str], *, as_q: bool) -> str:
    if as_q:
        return f"=?utf-8?q?{''.join(quoted)}?="
    return f"=?utf-8?b?{b64encode(text.encode()).decode('ascii')}?="


def _field(name: str, words: list[str]) -> bytes:
    """The words after the name, folded before the first that does not fit."""
    lines: list[str] = []
    line = f"{name}:"
    for word in words:
        fits = len(line) + 1 + len(word) <= (_ENCODED_LINE if "=?" in word + line else _LINE)
        if fits or line == f"{name}:":
            line = f"{line} {word}"
        else:
            lines.append(line)
            line = f" {word}"
    return "\r\n".join([*lines, line]).encode() + b"\r\n"
