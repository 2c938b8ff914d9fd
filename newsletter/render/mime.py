"""A mail's bytes, built by hand: encoding is the dearest part of a mail, so it is done per piece.

A piece starts and ends at a line's border, therefore quoted-printable text of several pieces is
simply joined. `EmailMessage` would encode the whole of every mail anew.

Pieces are canonical for DKIM (RFC 6376, section 3.4) from the start: no two blanks in a row, none at a
line's end, no tab. So what signs a mail need not look through it again.
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
# What fits a line that goes on with a soft break; no character's escape is cut in two.
_SOFT = re.compile(rb"(?=.{77}).{73,75}(?<!=)(?<!=.)")

# What stands in HTML as it is; what stands besides in quoted-printable as it is.
_SAFE = re.compile(r"[^&<>\"']*")
_PLAIN = re.compile(r"[!-<>-~]*")


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


@dataclass(frozen=True, slots=True)
class Mold:
    """A piece with gaps for words that differ from mail to mail; all else is encoded once."""

    text: bytes
    html: bytes
    gaps: tuple[str, ...]
    saved: int
    """How many octets the HTML is shorter where a client has decoded it, its gaps left out."""

    def fill(self, words: Mapping[str, str]) -> Piece:
        """The piece with some text of one line in each gap; in the HTML it is escaped."""
        text, html = {}, {}
        for gap in self.gaps:
            name, word = gap.encode(), words[gap]
            text[name] = html[name] = _in_a_gap(word)
            if not _SAFE.fullmatch(word):
                html[name] = _in_a_gap(str(escape(word)))
        filled = self.html % html
        return Piece(self.text % text, filled, _decoded_size(filled))

    def fill_tokens(self, **tokens: str) -> Piece:
        """As `fill`, but faster, with URL-safe ASCII of at most 75 characters."""
        encoded = {gap.encode(): token.encode("ascii") for gap, token in tokens.items()}
        html = self.html % encoded
        return Piece(self.text % encoded, html, len(html) - self.saved)


def encode_mold(text: str, html: str, gaps: Mapping[str, str]) -> Mold:
    """`text` and `html` as a mold, wherever they hold one of `gaps`: for each name a word of ASCII
    letters.

    A gap gets a line of its own between soft line breaks, which no mail client shows, so whatever
    fills it makes no line longer than quoted-printable allows.
    """
    there = tuple(name for name, word in gaps.items() if word in text or word in html)
    encoded = _with_gaps(html, gaps)
    empty = encoded % {name.encode(): b"" for name in gaps}
    return Mold(_with_gaps(text, gaps), encoded, there, len(empty) - _decoded_size(empty))


def decode_pieces(pieces: Sequence[Piece]) -> tuple[str, str]:
    """Text and HTML of pieces in order, exactly as a mail client will read them (line ends: LF)."""
    text, html, _ = zip(NOTHING, *pieces, strict=True)
    decoded = (a2b_qp(b"".join(part)).decode() for part in (text, html))
    return tuple(part.replace("\r\n", "\n") for part in decoded)  # type: ignore[return-value]


def build_mail(headers: Sequence[bytes], pieces: Sequence[Piece], message_id: str) -> bytes:
    """A multipart/alternative mail: the text first, then the HTML (RFC 2046, section 5.1.4).

    `headers`: whole fields, each ending in CRLF. The boundary comes from `message_id`, so that the
    same letter gives the same bytes; `=_` in it can stand in no quoted-printable text.
    """
    text, html, _ = zip(NOTHING, *pieces, strict=True)
    boundary = b"=_" + sha256(message_id.encode()).hexdigest()[:32].encode()
    return b"".join(
        (
            *headers,
            b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="',
            boundary,
            b'"\r\n\r\n--',
            boundary,
            _part_head(b"plain"),
            *text,
            b"\r\n--",
            boundary,
            _part_head(b"html"),
            *html,
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


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _with_gaps(text: str, gaps: Mapping[str, str]) -> bytes:
    """`text` encoded, as what `%` fills in by name."""
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
    encoded = word.encode("ascii")
    return b"=\r\n".join([encoded[at : at + 75] for at in range(0, len(encoded), 75)])


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
    if not (b"  " in encoded or b"\t" in encoded or b"\r" in raw):
        return encoded
    encoded = encoded.replace(b"  ", b" =20").replace(b"\t", b"=09")
    lines = _LONE_CR.sub(b"=0D", encoded).split(b"\r\n")
    return b"\r\n".join(
        _SOFT.sub(b"\\g<0>=\r\n", line) if len(line) > 76 else line for line in lines
    )
