"""What the upstreams of the recorded bounces expect of them, as the index of the inputs tells it.

sisimai names status and reason of each recipient, not the address; flufl the addresses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests import inputs

NOT_BOUNCES = {"vacation", "feedback", "delivered", "not"}
_SISIMAI = re.compile(r"#(\d+) (\S+) (\S+) (\w+)( HARD)?")


@dataclass(frozen=True)
class Expected:
    """`reasons`: sisimai's, one a recipient, HARD at its end where it says so; `addresses`: flufl's."""

    name: str
    path: Path
    reasons: tuple[str, ...] = ()
    addresses: frozenset[str] = frozenset()
    temporary: bool = False


def expectations() -> list[Expected]:
    folder = inputs.require("inputs", "bounces")
    found = []
    for line in inputs.require("inputs", "INDEX.md").read_text("utf-8").splitlines():
        if not line.startswith("| bounces/") or (".eml" not in line and ".txt" not in line):
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        name, told = cells[0].removeprefix("bounces/"), cells[-1]
        if (folder / name).is_file():
            found.append(_expected(name, folder / name, told))
    return found


def _expected(name: str, path: Path, told: str) -> Expected:
    if name.startswith("flufl/"):
        addresses = re.findall(r"[\w.+-]+@[\w.-]+\w", told)
        return Expected(
            name, path, (), frozenset(a.lower() for a in addresses), "temporary" in told
        )
    reasons = tuple(
        m[4] + (m[5] or "") for m in _SISIMAI.finditer(told.split(" (same", maxsplit=1)[0])
    )
    return Expected(name, path, reasons)
