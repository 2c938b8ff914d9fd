"""What stands in an address: numbers, dates, orders, and keys with slashes and colons in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar
from urllib.parse import unquote

from starlette.requests import Request

from newsletter.collect.keys import arxiv_id
from newsletter.web.problems import Unacceptable
from subscribers.language import gettext as _

E = TypeVar("E", bound=StrEnum)

_LARGEST_OFFSET = 1_000_000
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LONGEST_NAME = 200
_LONGEST_KEY = 400


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a list is asked for."""

    offset: int
    count: int


def part_of(request: Request, most: int, usual: int) -> Part:
    """`offset` and `count`. Raises Unacceptable."""
    return Part(
        _whole(request, "offset", 0, 0, _LARGEST_OFFSET), _whole(request, "count", usual, 1, most)
    )


def _whole(request: Request, name: str, usual: int, least: int, most: int) -> int:
    said = request.query_params.get(name)
    if said is None:
        return usual
    if said.isascii() and said.isdecimal() and len(said) < 10 and least <= int(said) <= most:
        return int(said)
    raise Unacceptable(
        {name: _("A whole number from {least} to {most} is needed.").format(least=least, most=most)}
    )


def choice_of(request: Request, name: str, usual: E) -> E:
    """One of an enumeration's values. Raises Unacceptable."""
    said = request.query_params.get(name)
    if said is None:
        return usual
    try:
        return type(usual)(said)
    except ValueError:
        known = ", ".join(each.value for each in type(usual))
        raise Unacceptable(
            {name: _("One of these is needed: {choices}.").format(choices=known)}
        ) from None


def name_of(request: Request, name: str) -> str:
    """A short text, "" if it is missing. Raises Unacceptable for an endless one."""
    said = request.query_params.get(name, "")
    if len(said) > _LONGEST_NAME:
        raise Unacceptable(
            {name: _("At most {most} characters are taken.").format(most=_LONGEST_NAME)}
        )
    return said


def day_of(said: str) -> date | None:
    """A date such as 2026-11-19, of a year that the pages have; None for anything else."""
    try:
        day = date.fromisoformat(said) if _DAY.fullmatch(said) else None
    except ValueError:
        return None
    return day if day and 1990 <= day.year < 2200 else None


def key_in(request: Request, prefix: str, ending: str = "") -> str | None:
    """The key between `prefix` and `ending` in the path; None where the path does not end so.

    Told by the address as it was sent: a slash that is part of a key may be encoded, and the one before
    `ending` is not. So keys that themselves end like it can be asked for.
    """
    raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
    # Some servers leave the query in it.
    path = raw.partition(b"?")[0].decode("latin-1")
    start = path.find(prefix)
    if start < 0 or not path.endswith(ending):
        return None
    sent = path[start + len(prefix) : len(path) - len(ending)]
    return unquote(sent, errors="replace")


def keys_meant(named: str) -> Iterator[str]:
    """The keys that a paper may go by that is asked for by a name: that itself, or its arXiv number,
    with or without a version.
    """
    if len(named) > _LONGEST_KEY or not named.isprintable():
        return
    yield named
    if number := arxiv_id(named):
        yield f"arxiv:{number[0]}"
