"""Typed reading of foreign JSON: a member of the wrong type counts as absent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from newsletter.collect import dates
from newsletter.collect.http import Answer, Http
from newsletter.collect.reading import described, read_json
from newsletter.collect.text import fold
from newsletter.errors import SourceError

_LONE = re.compile("[\ud800-\udfff]")  # halves of a letter, which cannot be sent back or stored
_COUNTABLE = 2**31  # what an integer column of the store holds


class Record:
    """A JSON object; every reader takes the path of names that leads to the member."""

    __slots__ = ("_given",)

    def __init__(self, given: Any) -> None:
        self._given: Mapping[str, Any] = given if isinstance(given, dict) else {}

    def __bool__(self) -> bool:
        return bool(self._given)

    def at(self, *path: str) -> Any:
        """The member as it is, or None."""
        found: Any = self._given
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    def text(self, *path: str) -> str:
        """A text, still as HTML if it is that; a number in its place is written out."""
        found = self.at(*path)
        if isinstance(found, int) and not isinstance(found, bool) and abs(found) < 2**63:
            return str(found)
        return _LONE.sub("", found) if isinstance(found, str) else ""

    def first(self, *path: str) -> str:
        """The first text of a list of texts, or the text that stands in place of a list."""
        return next(iter(self.texts(*path)), "")

    def texts(self, *path: str) -> tuple[str, ...]:
        """The texts of a list; a lone text counts as a list of one."""
        found = self.at(*path)
        members = found if isinstance(found, list) else [found]
        return tuple(_LONE.sub("", text) for text in members if isinstance(text, str) and text)

    def count(self, *path: str) -> int | None:
        """A whole number from 0, also one that is written as text."""
        found = self.at(*path)
        if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) < 11:
            found = int(found)
        whole = isinstance(found, int) and not isinstance(found, bool) and 0 <= found < _COUNTABLE
        return found if whole else None

    def yes(self, *path: str) -> bool:
        """Whether the member is true."""
        return self.at(*path) is True

    def record(self, *path: str) -> Record:
        """An object; an empty one where there is none."""
        return Record(self.at(*path))

    def records(self, *path: str) -> Iterator[Record]:
        """The objects of a list."""
        found = self.at(*path)
        return (
            (Record(each) for each in found if isinstance(each, dict))
            if isinstance(found, list)
            else iter(())
        )

    def moment(self, *path: str) -> datetime | None:
        """A moment, if the text names a whole date."""
        return dates.moment(self.at(*path))

    def day(self, *path: str) -> date | None:
        """A day, if the text names a whole date."""
        return dates.day(self.at(*path))

    def members(self, answer: Answer, *path: str) -> list[Any]:
        """A list that must be there. Raises SourceError naming the answer that lacks it."""
        found = self.at(*path)
        if not isinstance(found, list):
            raise SourceError(f"{answer.url} answered JSON without a list {'.'.join(path)}")
        return found


def ask(
    http: Http, url: str, params: Mapping[str, str | int] | None = None
) -> tuple[Answer, Record]:
    """The JSON object that an address answers. Raises SourceError with the source's own words."""
    answer = http.get(url, params, conditional=False, readable=(400, 404, 422))
    if answer.status != 200 and described(answer) != "JSON":
        raise SourceError(f"{answer.url} answered {answer.status}")
    record = as_record(answer)
    told = next((text for text in _told(record) if text), "")
    if answer.status != 200:
        raise SourceError(f"{answer.url} answered {answer.status}: {told or 'without a reason'}")
    return answer, record


def as_record(answer: Answer) -> Record:
    """The JSON object of an answer. Raises SourceError for what is none."""
    document = read_json(answer)
    if not isinstance(document, dict):
        what = "a JSON list" if isinstance(document, list) else "a bare JSON value"
        raise SourceError(f"{answer.url} answered {what} where an object was expected")
    return Record(document)


def _told(record: Record) -> Iterator[str]:
    """Where sources put the reason of a refusal."""
    yield from (fold(record.text(name))[:300] for name in ("error", "message", "errMsg", "detail"))
    for each in record.records("message"):  # Crossref lists its reasons
        yield fold(each.text("message"))[:300]
