"""A mail's bytes, built by hand: encoding is the dearest part of a mail, so it is done per piece.

A piece starts and ends at a line's border, therefore quoted-printable text of several pieces is
simply joined. `EmailMessage` would encode the whole of every mail anew.

Pieces are canonical for DKIM (RFC 6376, section 3.4) from the start: no two blanks in a row, none at a
line's end, no tab. Nor does a line begin with a dot, which SMTP would double. So neither what signs a
mail nor what sends it need look through it again.
"""

from __future__ import annotations

import re
from binascii import a2b_qp, b2a_qp
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from markupsafe import escape

_LONE_CR = re.compile(rb"\r(?!\n)")

# What stands in quoted-printable as it is; what stands so in HTML, too.
_PLAIN = re.compile(r"[!-<>-~]*")
_PLAIN_AND_SAFE = re.compile(r"[!#-%(-;?-~]*")


class Piece(NamedTuple):
    """A part of a mail's body in quoted-printable: whole lines, CRLF at each end."""

    text: bytes
    html: bytes
    html_size: int
    """Octets of the HTML as a client sees it, decoded."""


NOTHING = Piece(b"", b"", 0)


def encode_piece(text: str, html: str) -> Piece:
    """`text` and `html` (line ends: LF) as a piece; the last line is ended where it was open."""
    text, html = _ended(text), _ended(html)
    return Piece(_quoted_printable(text), _quoted_printable(html), len(html.encode()))


class Body(NamedTuple):
    """A mail's two parts, in quoted-printable, as chunks in order."""

    text: list[bytes]
    html: list[bytes]


class Words(NamedTuple):
    """What fills the gaps of a mail's molds, encoded once for all of them; `said`: as it was."""

    said: Mapping[str, str]
    text: dict[bytes, bytes]
    html: dict[bytes, bytes]
    sizes: dict[str, int]
    """Octets of each in the HTML, decoded."""


def encode_words(said: Mapping[str, str]) -> Words:
    """Texts of one line, by the names of the gaps that they are for; in HTML they are escaped."""
    text, html, sizes = {}, {}, {}
    for gap, word in said.items():
        name = gap.encode()
        if _PLAIN_AND_SAFE.fullmatch(word):
            text[name] = html[name] = _on_lines(word)
            sizes[gap] = len(word)
        else:
            escaped = str(escape(word))
            text[name] = html[name] = _in_a_gap(word)
            sizes[gap] = len(escaped.encode())
            if escaped != word:
                html[name] = _in_a_gap(escaped)
    return Words(said, text, html, sizes)


@dataclass(frozen=True, slots=True)
class Mold:
    """A piece with gaps for words that differ from mail to mail; all else is encoded once.

    `text`, `html`: as what `%` fills in by name.
    """

    text: bytes
    html: bytes
    html_size: int
    """Octets of the HTML as a client sees it, its gaps left out."""
    gaps: tuple[str, ...]
    """The name of each gap of the HTML, as often as it is there."""

    def fill(self, words: Words) -> Piece:
        """The piece with a word in each gap."""
        sizes = words.sizes
        size = self.html_size + sum([sizes[gap] for gap in self.gaps])
        return Piece(self.text % words.text, self.html % words.html, size)


def mold_of(piece: Piece) -> Mold:
    """A piece as a mold without gaps."""
    return Mold(
        piece.text.replace(b"%", b"%%"), piece.html.replace(b"%", b"%%"), piece.html_size, ()
    )


def encode_mold(text: str, html: str, gaps: Mapping[str, str]) -> Mold:
    """`text` and `html` as a mold, wherever they hold one of `gaps`: for each name a word of ASCII
    letters.

    A gap gets a line of its own between soft line breaks, which no mail client shows, so whatever
    fills it makes no line longer than quoted-printable allows.
    """
    encoded = _with_gaps(html, gaps)
    there = tuple(name for name, word in gaps.items() for _ in range(html.count(word)))
    size = _decoded_size(encoded % {name.encode(): b"" for name in gaps})
    return Mold(_with_gaps(text, gaps), encoded, size, there)


def joined(pieces: Sequence[Piece]) -> Piece:
    """Pieces in order, as one."""
    text, html, sizes = zip(*pieces, strict=True)
    return Piece(b"".join(text), b"".join(html), sum(sizes))


def body_of(pieces: Sequence[Piece]) -> Body:
    """Pieces in order, as a body."""
    return Body([piece.text for piece in pieces], [piece.html for piece in pieces])


def decode_body(body: Body) -> tuple[str, str]:
    """Text and HTML of a body, exactly as a mail client will read them (line ends: LF)."""
    decoded = (a2b_qp(b"".join(part)).decode() for part in body)
    return tuple(part.replace("\r\n", "\n") for part in decoded)  # type: ignore[return-value]


def build_mail(headers: Sequence[bytes], body: Body, message_id: str) -> tuple[bytes, bytes]:
    """Head and body of a multipart/alternative mail: the text first, then the HTML (RFC 2046, section
    5.1.4).

    `headers`: whole fields, each ending in CRLF. The boundary comes from `message_id`, so that the
    same letter gives the same bytes; `=_` in it can stand in no quoted-printable text.
    """
    boundary = b"=_" + sha256(message_id.encode()).hexdigest()[:32].encode()
    head = (
        *headers,
        b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="',
        boundary,
        b'"\r\n\r\n',
    )
    return b"".join(head), b"".join(
        (
            b"--",
            boundary,
            _TEXT_HEAD,
            *body.text,
            b"\r\n--",
            boundary,
            _HTML_HEAD,
            *body.html,
            b"\r\n--",
            boundary,
            b"--\r\n",
        )
    )


def _part_head(subtype: bytes) -> bytes:
    return (
        b"\r\nContent-Type: text/" + subtype + b"; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )


_TEXT_HEAD, _HTML_HEAD = _part_head(b"plain"), _part_head(b"html")


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _with_gaps(text: str, gaps: Mapping[str, str]) -> bytes:
    """`text` encoded, as what `%` fills in by name."""
    if not gaps:
        return _quoted_printable(_ended(text)).replace(b"%", b"%%")
    named = {word: f"%({name})b=\r\n".encode() for name, word in gaps.items()}
    *begun, end = re.split(f"({'|'.join(named)})", _ended(text))
    parts = [named.get(part) or _unended(part).replace(b"%", b"%%") for part in begun]
    return b"".join(parts) + _quoted_printable(end).replace(b"%", b"%%")


def _decoded_size(encoded: bytes) -> int:
    soft = encoded.count(b"=\r\n")
    lines, escapes = encoded.count(b"\r\n") - soft, encoded.count(b"=") - soft
    return len(encoded) - 3 * soft - lines - 2 * escapes


def _in_a_gap(word: str) -> bytes:
    if not _PLAIN.fullmatch(word):
        return _unended(word).removesuffix(b"=\r\n")
    return _on_lines(word)


def _on_lines(word: str) -> bytes:
    encoded = word.encode("ascii")
    if len(encoded) <= 75 and not word.startswith("."):
        return encoded
    lines = [encoded[at : at + 73] for at in range(0, len(encoded), 73)]
    return b"=\r\n".join([b"=2E" + line[1:] if line[:1] == b"." else line for line in lines])


def _unended(text: str) -> bytes:
    """`text` with a soft line break behind it, where its line goes on."""
    if not text or text.endswith("\n"):
        return _quoted_printable(text)
    # The x keeps a place on the line for the "=" of the soft break.
    return _quoted_printable(f"{text}x\n").removesuffix(b"x\r\n") + b"=\r\n"


# A blank that ends a line: b2a_qp does not count that it takes three octets.
_BLANK_AT_THE_EDGE = re.compile(rb"^([^\r\n]{74,})(=20|=09)\r\n", re.MULTILINE)


def _quoted_printable(text: str) -> bytes:
    raw = text.encode().replace(b"\r\n", b"\n")
    encoded = b2a_qp(raw.replace(b"\n", b"\r\n"))
    if b"=20\r" in encoded or b"=09\r" in encoded:
        encoded = _BLANK_AT_THE_EDGE.sub(rb"\1=\r\n\2\r\n", encoded)
    if not (
        b"  " in encoded
        or b"\t" in encoded
        or b"\r" in raw
        or b"\n." in encoded
        or encoded.startswith(b".")
    ):
        return encoded
    encoded = encoded.replace(b"  ", b" =20").replace(b"\t", b"=09")
    lines = _LONE_CR.sub(b"=0D", encoded).split(b"\r\n")
    return b"\r\n".join([_fitting(line) for line in lines])


def _fitting(line: bytes) -> bytes:
    """A line as lines of at most 76 octets, none of which begins with a dot."""
    parts: list[bytes] = []
    while True:
        if line.startswith(b"."):
            line = b"=2E" + line[1:]
        if len(line) <= 76:
            return b"=\r\n".join([*parts, line])
        at = 75
        while b"=" in line[at - 2 : at]:  # no escape is cut in two
            at -= 1
        parts.append(line[:at])
        line = line[at:]
