"""Answers of SMTP servers (RFC 5321, section 4.2) and what they say beyond their code (RFC 3463)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
_STATUS = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)")
_MOST_LINES = 200
_MOST_KNOWN = 256


class GarbledError(Exception):
    """Something that is no answer of SMTP: from then on nobody knows what answers what."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: its code, its enhanced status code such as 4.7.1 or "", its words on one line."""

    code: int
    status: str
    text: str
    lines: tuple[str, ...] = ()

    @property
    def kind(self) -> int:
        """2: done, 3: go on, 4: not now, 5: never."""
        return self.code // 100

    @property
    def slows(self) -> bool:
        """Whether it asks for less mail: 421, or any 4.7.x."""
        return self.code == 421 or (self.kind == 4 and self.status.startswith("4.7."))

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.code), self.status, self.text) if part)


class ReplyReader:
    """Puts the lines of one answer together."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []

    def feed(self, line: bytes) -> Reply | None:
        """Take a line, without its LF; the answer once it is whole. Raises GarbledError."""
        if not self._lines and (known := _KNOWN.get(line)) is not None:
            return known
        found = _LINE.fullmatch(line.rstrip(b"\r"))
        if found is None or len(self._lines) >= _MOST_LINES:
            raise GarbledError(f"an answer that is not SMTP: {plain(line)}")
        code, more, text = found.groups()
        self._lines.append(text or b"")
        if more == b"-":
            return None
        lines, self._lines = self._lines, []
        reply = _reply(int(code), lines)
        if len(lines) == 1 and len(_KNOWN) < _MOST_KNOWN:
            _KNOWN[line] = reply
        return reply


# Answers of one line, most of which a relay gives again and again, to each mail.
_KNOWN: dict[bytes, Reply] = {}


def _reply(code: int, raw: list[bytes]) -> Reply:
    status = ""
    lines = []
    for line in raw:
        text = plain(line)
        if found := _STATUS.match(text):
            status = status or found[1]
            text = text[found.end() :]
        lines.append(text)
    return Reply(code, status, " ".join(filter(None, lines))[:500], tuple(lines))


def plain(answer: bytes) -> str:
    """Words as they may stand in the ledger and on a terminal: no NUL, no escape sequence."""
    words = " ".join(answer.decode("utf-8", "replace").split())
    if not words.isprintable():
        words = "".join(char for char in words if char.isprintable())
    return words[:500]
