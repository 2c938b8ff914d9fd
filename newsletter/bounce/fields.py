"""The machine-readable parts of reports: blocks of `Name: value` lines (RFC 3464, 5965)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from newsletter.bounce.reading import one_line

_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,60})[ \t]*:[ \t]*(.*)")
# The two sides of an @. RFC 5321, 4.5.3.1: 64 octets before it, 255 after it. What stands before it is
# looked for from right to left: a pattern that ran up to each @ would read a long word once for each of
# its letters.
_LOCAL = re.compile(r"[^\s<>\"'()\[\],;:@]*")
_QUOTED = re.compile(r'"[^"\n]{1,60}"')
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])?")
_LONGEST_LOCAL = 64
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]\d)")

Fields = Mapping[str, str]
"""The fields of a block by their names in lower case; of a name that is there twice the first."""


def blocks(text: str) -> list[Fields]:
    """The blocks of a report, in order: empty lines stand between them, folded lines are joined."""
    found: list[dict[str, list[str]]] = [{}]
    name = ""
    for line in text.splitlines():
        if not line.strip():
            if found[-1]:
                found.append({})
            name = ""
        elif line[0] in " \t" and name:
            found[-1][name].append(line)
        elif match := _FIELD.match(line):
            name = match[1].lower()
            if name in found[-1]:
                name = ""
            else:
                found[-1][name] = [match[2]]
        else:
            name = ""
    return [
        {name: one_line(" ".join(lines)) for name, lines in block.items()}
        for block in found
        if block
    ]


def address_in(value: str) -> str:
    """The address in `rfc822;<ada@example.org>` and its like, or "" where there is none."""
    kind, mark, rest = value.partition(";")
    return next(_addresses(rest if mark else kind), "")


def addresses_in(text: str) -> list[str]:
    """All addresses of a text, each once, in order."""
    return list(dict.fromkeys(_addresses(text)))


def _addresses(text: str) -> Iterator[str]:
    """The addresses of a text in order, in time proportional to its length."""
    end, at = 0, text.find("@")
    while at >= 0:
        local, domain = (
            _local(text[max(end, at - _LONGEST_LOCAL - 1) : at]),
            _DOMAIN.match(text, at + 1),
        )
        if local and domain:
            end = domain.end()
            yield f"{local}@{domain[0]}".strip(".")
        at = text.find("@", max(end, at + 1))


def _local(before: str) -> str:
    """What stands right before an @, as far as it can be the first half of an address."""
    found = _LOCAL.match(before[::-1])
    local = found[0][::-1] if found else ""
    if local or not before.endswith('"'):
        return local if len(local) <= _LONGEST_LOCAL else ""
    start = before.rfind('"', 0, -1)
    return before[start:] if start >= 0 and _QUOTED.fullmatch(before[start:]) else ""


def status_in(text: str) -> str:
    """The first enhanced status code (RFC 3463) of a text, or ""."""
    found = _STATUS.search(text)
    return found[1] if found else ""
