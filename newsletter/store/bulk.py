"""Small helpers for statements over many rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Value = TypeVar("Value")

_AT_MOST = 5_000  # SQLite takes 32,766 parameters a statement, PostgreSQL 65,535


def in_chunks(values: Iterable[Value]) -> Iterator[list[Value]]:
    """The values in lists that are short enough for one `IN (...)`."""
    rest = iter(values)
    while part := list(islice(rest, _AT_MOST)):
        yield part
