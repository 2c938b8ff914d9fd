"""The machine-readable parts of reports: blocks of `Name: value` lines (RFC 3464, 5965)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from newsletter.bounce.reading import one_line

_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,60})[ \t]*:[ \t]*(.*)")
_ADDRESS = re.compile(
    r"[^\s<>\"'()\[\],;:@]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\"[^\"\n]{1,60}\"@[A-Za-z0-9.-]+"
)
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]\d)")

Fields = Mapping[str, str]
"""The fields of a block by their names in lower case; of a name that is there twice the first."""


def blocks(text: str) -> list[Fields]:
    """The blocks of a report, in order: empty lines stand between them, folded lines are joined."""
    found: list[dict[str, str]] = [{}]
    name = ""
    for line in text.splitlines():
        if not line.strip():
            if found[-1]:
                found.append({})
            name = ""
        elif line[0] in " \t" and name:
            found[-1][name] = one_line(f"{found[-1][name]} {line}")
        elif match := _FIELD.match(line):
            name = match[1].lower()
            if name in found[-1]:
                name = ""
            else:
                found[-1][name] = one_line(match[2])
        else:
            name = ""
    return [block for block in found if block]


def address_in(value: str) -> str:
    """The address in `rfc822;<ada@example.org>` and its like, or "" where there is none."""
    kind, mark, rest = value.partition(";")
    found = _ADDRESS.search(rest if mark else kind)
    return found[0].strip(".") if found else ""


def addresses_in(text: str) -> list[str]:
    """All addresses of a text, each once, in order."""
    return list(dict.fromkeys(found.strip(".") for found in _ADDRESS.findall(text)))


def status_in(text: str) -> str:
    """The first enhanced status code (RFC 3463) of a text, or ""."""
    found = _STATUS.search(text)
    return found[1] if found else ""
