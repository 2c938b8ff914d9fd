"""Verifying the signatures of a mail that arrived (RFC 6376, section 6)."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from newsletter.deliver.canonical import (
    Field,
    Form,
    canonical_body,
    canonical_field,
    chosen,
    split_mail,
)
from newsletter.deliver.keys import Public, RecordError, read_record, read_tags

_FORMS = {"relaxed", "simple"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One signature: whose it is, what it covers, and why it does not hold ("" where it does)."""

    domain: str
    selector: str
    covers: tuple[str, ...]
    fault: str = ""


def verify(data: bytes, texts: Callable[[str], list[str]]) -> list[Verdict]:
    """A verdict on each signature, the topmost first. `texts`: asks the DNS for TXT records."""
    fields, body = split_mail(data)
    found = [field for field in fields if field.name == b"dkim-signature"]
    return [_verdict(field, fields, body, texts) for field in found]


def _verdict(
    field: Field, fields: list[Field], body: bytes, texts: Callable[[str], list[str]]
) -> Verdict:
    try:
        told = field.raw.partition(b":")[2].decode("utf-8", "replace")
        tags = {name: "".join(value.split()) for name, value in read_tags(told).items()}
    except RecordError as error:
        return Verdict("", "", (), str(error))
    covers = tuple(tags.get("h", "").lower().split(":"))
    verdict = Verdict(tags.get("d", ""), tags.get("s", ""), covers)
    try:
        _check(field, tags, fields, body, texts)
    except RecordError as error:
        return Verdict(verdict.domain, verdict.selector, covers, str(error))
    return verdict


def _check(
    field: Field,
    tags: dict[str, str],
    fields: list[Field],
    body: bytes,
    texts: Callable[[str], list[str]],
) -> None:
    """Raises RecordError that says why the signature does not hold."""
    missing = sorted({"v", "a", "b", "bh", "d", "h", "s"} - set(tags))
    if missing:
        raise RecordError(f"the signature lacks {', '.join(f'{name}=' for name in missing)}")
    head_form, _, body_form = tags.get("c", "simple/simple").partition("/")
    body_form = body_form or "simple"
    if not {head_form, body_form} <= _FORMS:
        raise RecordError(f"the signature has a canonicalisation that nobody knows: {tags['c']}")
    if "l" in tags:
        raise RecordError("the signature covers only a part of the body (l=)")
    if "from" not in tags["h"].lower().split(":"):
        raise RecordError("the signature does not cover From")
    if _decoded(tags["bh"]) != sha256(canonical_body(body, cast("Form", body_form))).digest():
        raise RecordError("the body was changed on its way: bh= is not its hash")
    names = [name.encode() for name in tags["h"].lower().split(":")]
    form = cast("Form", head_form)
    signed = b"".join(canonical_field(each, form) for each in chosen(fields, names))
    signed += canonical_field(_without_mark(field), form).removesuffix(b"\r\n")
    public = find_key(texts, tags["s"], tags["d"])
    if not _holds(public, tags["a"], _decoded(tags["b"]), signed):
        raise RecordError("the signature is not of these header fields by the key in the DNS")


def find_key(texts: Callable[[str], list[str]], selector: str, domain: str) -> Public:
    """The key that the DNS publishes. Raises RecordError unless there is exactly one that is good."""
    name = f"{selector}._domainkey.{domain}"
    found = texts(name)
    if not found:
        raise RecordError(f"{name} has no TXT record")
    if len(found) > 1:
        raise RecordError(f"{name} has {len(found)} TXT records; only one may be")
    return read_record(found[0])


def _without_mark(field: Field) -> Field:
    """The signature's field with b= empty."""
    parts = field.raw.split(b";")
    for at, part in enumerate(parts):
        name = part.rpartition(b":")[2] if at == 0 else part
        if name.partition(b"=")[0].strip() == b"b":
            parts[at] = part.partition(b"=")[0] + b"="
            if at == len(parts) - 1:
                parts[at] += b"\r\n"
    return Field(field.name, b";".join(parts))


def _holds(public: Public, algorithm: str, mark: bytes, signed: bytes) -> bool:
    try:
        if isinstance(public, Ed25519PublicKey):
            public.verify(mark, sha256(signed).digest())
            return algorithm == "ed25519-sha256"
        public.verify(mark, signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return algorithm == "rsa-sha256"


def _decoded(value: str) -> bytes:
    try:
        return b64decode(value, validate=True)
    except ValueError:
        raise RecordError("the signature is not base64") from None
