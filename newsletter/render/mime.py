"""A mail's bytes, built by hand: encoding is the dearest part of a mail, so it is done per piece.

A piece starts and ends at a line's border, therefore quoted-printable text of several pieces is
simply joined. `EmailMessage` would encode the whole of every mail anew.

Pieces are canonical for DKIM (RFC 6376, section 3.4) from the start: no two blanks in a row, none at a
line's end, no tab. So what signs a mail need not look through it again.
"""

from __future__ import annotations

import re
from binascii import a2b_qp, b2a_qp
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

# A blank behind another, any tab, a lone CR.
_BLANKS = re.compile(rb"(?<=[ \t])[ \t]|\t|\r(?!\n)")
# What fits a line that goes on with a soft break; no character's escape is cut in two.
_SOFT = re.compile(rb"(?=.{77}).{73,75}(?<!=)(?<!=.)")


class Piece(NamedTuple):
    """A part of a mail's body in quoted-printable: whole lines, CRLF at each end."""

    text: bytes
    html: bytes
    html_size: int
    """Octets of the HTML as a client sees it, decoded."""

    def text_only(self) -> Piece:
        """The same without its HTML."""
        return Piece(self.text, b"", 0)

    def html_only(self) -> Piece:
        """The same without its text."""
        return Piece(b"", self.html, self.html_size)


def text_piece(text: str) -> Piece:
    """A piece that only the text part holds."""
    return encode_piece(text, "")


def html_piece(html: str) -> Piece:
    """A piece that only the HTML part holds."""
    return encode_piece("", html)


def encode_piece(text: str, html: str) -> Piece:
    """`text` and `html` (line ends: LF) as a piece; the last line is ended where it was open.

    HTML loses the blank lines around it, which mean nothing there.
    """
    text, html = _whole_lines(text, html)
    return Piece(_quoted_printable(text), _quoted_printable(html), len(html.encode()))


@dataclass(frozen=True, slots=True)
class Mold:
    """A piece with gaps for words that differ from mail to mail; all else is encoded once."""

    piece: Piece
    gaps: tuple[bytes, ...]

    def fill(self, words: Sequence[str]) -> Piece:
        """The piece with a word for each gap: URL-safe ASCII, at most 75 characters."""
        text, html, size = self.piece
        for gap, word in zip(self.gaps, words, strict=True):
            encoded = word.encode("ascii")
            text, html = text.replace(gap, encoded), html.replace(gap, encoded)
        return Piece(text, html, size + len(html) - len(self.piece.html))


def encode_mold(text: str, html: str, gaps: Sequence[str]) -> Mold:
    """`text` and `html` as a mold, wherever they hold one of `gaps` (words of ASCII letters).

    A gap gets a line of its own between soft line breaks, which no mail client shows, so whatever
    fills it makes no line longer than quoted-printable allows.
    """
    text, html = _whole_lines(text, html)
    cut = re.compile(f"({'|'.join(gaps)})")
    piece = Piece(_in_parts(cut.split(text)), _in_parts(cut.split(html)), len(html.encode()))
    return Mold(piece, tuple(gap.encode("ascii") for gap in gaps))


def decode_pieces(pieces: Sequence[Piece]) -> tuple[str, str]:
    """Text and HTML of pieces in order, exactly as a mail client will read them (line ends: LF)."""
    text = a2b_qp(b"".join(piece.text for piece in pieces))
    html = a2b_qp(b"".join(piece.html for piece in pieces))
    return tuple(part.decode().replace("\r\n", "\n") for part in (text, html))  # type: ignore[return-value]


def build_mail(headers: Sequence[bytes], pieces: Sequence[Piece], message_id: str) -> bytes:
    """A multipart/alternative mail: the text first, then the HTML (RFC 2046, section 5.1.4).

    `headers`: whole fields, each ending in CRLF. The boundary comes from `message_id`, so that the
    same letter gives the same bytes; `=_` in it can stand in no quoted-printable text.
    """
    boundary = b"=_" + sha256(message_id.encode()).hexdigest()[:32].encode()
    return b"".join(
        (
            *headers,
            b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="',
            boundary,
            b'"\r\n\r\n--',
            boundary,
            _part_head(b"plain"),
            *(piece.text for piece in pieces),
            b"\r\n--",
            boundary,
            _part_head(b"html"),
            *(piece.html for piece in pieces),
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


def _whole_lines(text: str, html: str) -> tuple[str, str]:
    if text and not text.endswith("\n"):
        text += "\n"
    html = html.strip("\n")
    return text, f"{html}\n" if html else ""


def _in_parts(parts: Sequence[str]) -> bytes:
    *begun, end = parts
    # The x keeps a place on the line for the "=" of the soft break.
    broken = [_quoted_printable(f"{part}x\n").removesuffix(b"x\r\n") + b"=\r\n" for part in begun]
    return b"".join(broken) + _quoted_printable(end)


# A blank that ends a line: b2a_qp does not count that it takes three octets.
_BLANK_AT_THE_EDGE = re.compile(rb"^([^\r\n]{74,})(=20|=09)\r\n", re.MULTILINE)


def _quoted_printable(text: str) -> bytes:
    encoded = b2a_qp(text.encode().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    encoded = _BLANK_AT_THE_EDGE.sub(rb"\1=\r\n\2\r\n", encoded)
    if _BLANKS.search(encoded) is None:
        return encoded
    lines = _BLANKS.sub(lambda found: b"=%02X" % found[0][0], encoded).split(b"\r\n")
    return b"\r\n".join(_SOFT.sub(b"\\g<0>=\r\n", line) for line in lines)
