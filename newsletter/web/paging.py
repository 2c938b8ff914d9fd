"""Turning pages: which part of a list an address asks for, and where the parts beside it are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request

from subscribers.web.speech import carrying

_FURTHEST = 10_000


@dataclass(frozen=True, slots=True)
class Pages:
    """The part that is shown, `first` to `last` of `total`; addresses of its neighbours, or ""."""

    first: int
    last: int
    total: int
    newer: str
    older: str


def page_of(request: Request) -> int:
    """The number of the page that is asked for, from 1 on."""
    text = request.query_params.get("page", "")
    return min(int(text), _FURTHEST) if text.isdecimal() and len(text) < 9 and int(text) else 1


def address(path: str, query: Mapping[str, str]) -> str:
    """A path with those parts of a query that say something, and the language that was chosen."""
    told = urlencode({name: value for name, value in query.items() if value})
    return carrying(f"{path}?{told}" if told else path)


def pages(path: str, query: Mapping[str, str], number: int, size: int, total: int) -> Pages:
    """The neighbours of page `number` where each has `size` of `total` things."""
    first = (number - 1) * size + 1

    def at(other: int) -> str:
        return address(path, {**query, "page": str(other) if other > 1 else ""})

    return Pages(
        first=min(first, total),
        last=min(first + size - 1, total),
        total=total,
        newer=at(number - 1) if number > 1 else "",
        older=at(number + 1) if first + size <= total else "",
    )
