"""A mail as far as it can be read: whatever its bytes are, nothing here raises."""

from __future__ import annotations

import email.parser
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header
from email.message import Message

LARGEST = 512 * 1024
"""How much of a mail is read: reports stand before the mail that they return."""

# What the standard library's parser may raise for bytes that are no mail.
BROKEN = (
    MessageError, ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError,
)  # fmt: skip
_MOST_PARTS = 200
_LONGEST_LINE = 2000
_LONGEST_HEADER = 20_000
_BLANK = re.compile(r"[\s\x00-\x1f\x7f]+")
_TAG = re.compile(r"<[^<>]{0,500}>")
_BREAK = re.compile(r"<(?:br|/p|/div|/tr|/td|/li|/h\d)\b[^<>]{0,200}>", re.IGNORECASE)
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&nbsp;": " ", "&quot;": '"', "&#39;": "'", "&amp;": "&"}


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of a mail, or a whole mail within it; `type` as in `message/delivery-status`."""

    type: str
    text: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail's headers (as parsed), its parts in order, and all of it as text.

    `parts` are the mail's own; `original`: the headers, and maybe the body, of the mail that it returns.
    """

    message: Message
    type: str
    parts: tuple[Part, ...]
    original: str
    text: str

    def texts(self) -> list[str]:
        """The parts that are there to be read; one whose boundaries are broken is text, too."""
        readable = ("text/", "multipart/")
        return [plain_text(part) for part in self.parts if part.type.startswith(readable)]

    def header(self, name: str) -> str:
        """A header, decoded, on one line; "" where there is none."""
        return header_of(self.message, name)


def read_mail(raw: bytes) -> Mail:
    """Reads the first `LARGEST` bytes of a mail."""
    lines = raw[:LARGEST].replace(b"\r\n", b"\n").replace(b"\r", b"\n").lstrip(b"\n")
    if lines.startswith(b"From "):  # the line that mbox puts before a mail
        lines = lines.partition(b"\n")[2]
    # Here and once more when they are decoded: a pattern may look at a line from each of its places.
    cut = b"\n".join(line[:_LONGEST_LINE] for line in lines.split(b"\n"))
    message = _parsed(cut)
    found = tuple(_parts(message))
    original = next((p.text for p in found if p.type in _ORIGINALS), "")
    own = tuple(part for part in found if part.type not in _ORIGINALS)
    return Mail(message, content_type(message), own, original, cut.decode("utf-8", "replace"))


def content_type(message: Message) -> str:
    """The content type, in lower case."""
    try:
        return message.get_content_type()
    except BROKEN:
        return "text/plain"


def header_of(message: Message, name: str) -> str:
    """A header of any message, decoded, on one line."""
    try:
        value = str(message.get(name, ""))[:_LONGEST_HEADER]
    except BROKEN:
        return ""
    return one_line(_decoded(value))


def one_line(text: str) -> str:
    """`text` without line ends and control characters."""
    return _BLANK.sub(" ", text).strip()


def plain_text(part: Part) -> str:
    """A text part as people read it: of HTML its words, a line for each row or paragraph."""
    if part.type != "text/html":
        return part.text
    text = _TAG.sub(" ", _BREAK.sub("\n", part.text))
    for entity, character in _ENTITIES.items():
        text = text.replace(entity, character)
    return _cut(text)


_ORIGINALS = frozenset(
    {"message/rfc822", "message/global", "text/rfc822-headers", "text/rfc822-header",
     "message/rfc822-headers", "message/global-headers"}
)  # fmt: skip


def _parsed(data: bytes) -> Message:
    parser = email.parser.BytesParser(policy=email.policy.compat32)
    try:
        return parser.parsebytes(data)
    except BROKEN:
        # Nested too deep, or worse: the headers alone are all that is read of it.
        return parser.parsebytes(data, headersonly=True)


def _parts(message: Message) -> Iterator[Part]:
    """The leaves of a mail in order; a mail within it is one leaf, for it is not ours to look into."""
    waiting = [message]
    for _ in range(_MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop(0)
        kind = content_type(part)
        payload = _payload(part)
        if kind in _ORIGINALS or kind in _REPORTS:
            yield Part(kind, _cut(_inner(part)))
        elif isinstance(payload, list):
            waiting = [inner for inner in payload if isinstance(inner, Message)] + waiting
        else:
            # HTML may be one long line: it is cut once it has lines, in `plain_text`.
            yield Part(kind, _text(part) if kind == "text/html" else _cut(_text(part)))


_REPORTS = frozenset(
    {"message/delivery-status", "message/global-delivery-status", "message/feedback-report"}
)


def _inner(part: Message) -> str:
    """The text of a part that the parser takes for messages."""
    payload = _payload(part)
    if not isinstance(payload, list):
        return _text(part)
    return "\n".join(_as_text(inner) for inner in payload if isinstance(inner, Message))


def _as_text(message: Message) -> str:
    head = "".join(f"{name}: {value}\n" for name, value in message.items())
    payload = _payload(message)
    return f"{head}\n{payload}" if isinstance(payload, str) else f"{head}\n"


def _cut(text: str) -> str:
    return "\n".join(line[:_LONGEST_LINE] for line in text.split("\n"))


def _payload(part: Message) -> object:
    try:
        return part.get_payload()
    except BROKEN:
        return ""


def _text(part: Message) -> str:
    try:
        data = part.get_payload(decode=True)
    except BROKEN:
        data = None
    if not isinstance(data, bytes):
        return str(_payload(part) or "")
    try:
        return data.decode(part.get_content_charset() or "utf-8", "replace")
    except BROKEN:
        return data.decode("utf-8", "replace")


def _decoded(value: str) -> str:
    try:
        pieces = decode_header(value)
        return "".join(
            piece.decode(charset or "ascii", "replace") if isinstance(piece, bytes) else piece
            for piece, charset in pieces
        )
    except BROKEN:
        return value
