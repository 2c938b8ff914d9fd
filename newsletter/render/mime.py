"""A mail's bytes, built by hand: encoding is the dearest part of a mail, so it is done per piece.

A piece starts and ends at a line's border, therefore quoted-printable text of several pieces is
simply joined. `EmailMessage` would encode the whole of every mail anew.
"""

from __future__ import annotations

from binascii import a2b_qp, b2a_qp
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple


class Piece(NamedTuple):
    """A part of a mail's body in quoted-printable: whole lines, CRLF at each end."""

    text: bytes
    html: bytes
    html_size: int
    """Octets of the HTML as a client sees it, decoded."""


def encode_piece(text: str, html: str) -> Piece:
    """`text` and `html` (line ends: LF) as a piece; the last line is ended where it was open.

    HTML loses the blank lines around it, which mean nothing there.
    """
    if text and not text.endswith("\n"):
        text += "\n"
    html = html.strip("\n")
    html = f"{html}\n" if html else ""
    return Piece(_quoted_printable(text), _quoted_printable(html), len(html.encode()))


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


def _quoted_printable(text: str) -> bytes:
    return b2a_qp(text.encode().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
