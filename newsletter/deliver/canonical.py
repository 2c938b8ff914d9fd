"""The forms in which a mail is signed and verified (RFC 6376, section 3.4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

Form = Literal["relaxed", "simple"]

_BLANKS = re.compile(rb"[ \t]+")
_FIELD = re.compile(rb"[^\r\n]*(?:\r\n[ \t][^\r\n]*)*\r\n")


class Field(NamedTuple):
    """A header field: its name in lower case, and its bytes as they stand, with the last CRLF."""

    name: bytes
    raw: bytes


def split_mail(data: bytes) -> tuple[list[Field], bytes]:
    """The header fields of a mail in order, and its body. Line ends: CRLF."""
    at = 0 if data.startswith(b"\r\n") else data.find(b"\r\n\r\n") + 2
    head, body = (data, b"") if at == 1 else (data[:at], data[at + 2 :])
    if not head.endswith(b"\r\n"):
        head += b"\r\n"
    return split_head(head), body


def split_head(head: bytes) -> list[Field]:
    """Header fields in order; an empty line may stand behind them."""
    return [
        Field(raw.partition(b":")[0].strip().lower(), raw)
        for raw in _FIELD.findall(head)
        if raw != b"\r\n"
    ]


def relaxed_field(field: Field) -> bytes:
    """A field with its name in lower case, unfolded, every run of blanks one space; ends in CRLF."""
    value = field.raw.partition(b":")[2].replace(b"\r\n", b"")
    if b"\t" not in value and b"  " not in value:
        return b"%b:%b\r\n" % (field.name, value.strip(b" "))
    return field.name + b":" + _BLANKS.sub(b" ", value).strip(b" ") + b"\r\n"


def canonical_field(field: Field, form: Form) -> bytes:
    """A field as it is signed."""
    return relaxed_field(field) if form == "relaxed" else field.raw


def canonical_body(body: bytes, form: Form) -> bytes:
    """A body as it is signed. One whose last line is open is taken as SMTP will send it: ended."""
    if body and not body.endswith(b"\r\n"):
        body += b"\r\n"
    if form == "relaxed":
        body = _BLANKS.sub(b" ", body).replace(b" \r\n", b"\r\n")
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    body = body[:end]
    return body + b"\r\n" if body or form == "simple" else b""


def chosen(fields: Sequence[Field], names: Iterable[bytes]) -> list[Field]:
    """The fields that h= means by these names, the last of a name first (section 5.4.2)."""
    left: dict[bytes, list[Field]] = {}
    for field in fields:
        left.setdefault(field.name, []).append(field)
    return [stack.pop() for name in names if (stack := left.get(name))]
