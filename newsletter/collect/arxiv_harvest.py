"""A harvest of arXiv by OAI-PMH: which days, which pages, and what of it is news.

A record's datestamp is the day of its last change, and a list is in no order that could be relied on.
So each day is asked for on its own, page by page; an interrupted harvest goes on with its token, and
begins the day anew when the token has expired. Days come in ascending order: a record that changes
meanwhile moves to a later day, which is still to come.

What is new: arXiv hands out its numbers in the order of announcement. A paper is news if its number is
above all those seen before the harvest began, however long moderation held it, or if it was submitted
within it (or in the week before). Anything else was changed, not announced.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from newsletter.collect import arxiv, calendar, dates
from newsletter.collect.arxiv_records import Deleted, Record, read_record
from newsletter.collect.http import Http
from newsletter.collect.oai import ExpiredTokenError, Page, list_records
from newsletter.collect.port import Batch, Request
from newsletter.collect.text import counted
from newsletter.errors import SourceError
from newsletter.model import Listed, ListingType

_DAY = timedelta(days=1)
_HELD = timedelta(days=7)  # how much earlier than the harvest its news may have been submitted
_RESTARTS = 3  # times that one day is begun anew because its token expired


@dataclass(slots=True)
class Harvest:
    """The days from `first` to `last`. `highest`: the highest number seen before it began (`since`)."""

    settings: Mapping[str, Any]
    http: Http
    since: date
    first: date
    last: date
    highest: str
    top: str
    sets: tuple[str, ...]
    token: str | None
    place: int
    counts: Counter[str] = field(default_factory=Counter)
    on_last: int = 0

    @classmethod
    def of(cls, settings: Mapping[str, Any], request: Request, http: Http) -> Harvest:
        """The harvest that the cursor stands in, or the one that follows it."""
        cursor = request.cursor
        done = dates.day(cursor.get("done"))
        since = dates.day(cursor.get("since")) or dates.day(settings["since"]) or request.day
        sets = tuple(settings["sets"]) or ("",)
        reading = dates.day(cursor.get("day")) if cursor.get("set") in sets else None
        return cls(
            settings=settings,
            http=http,
            since=since,
            first=reading or done or since,
            last=request.day,
            highest=cursor.get("highest", ""),
            top=cursor.get("top", ""),
            sets=sets,
            token=cursor.get("token") if reading else None,
            place=sets.index(cursor["set"]) if reading else 0,
        )

    def run(self) -> Iterator[Batch]:
        """All days that are left, as many as one run may take."""
        until = min(self.last, self.first + (self.settings["days"] - 1) * _DAY)
        day = self.first
        while day <= until:
            read = self.counts["records"]
            yield from self._day(day)
            self.token, self.place = None, 0
            self.on_last = self.counts["records"] - read
            yield Batch(cursor=self._after(day))
            day += _DAY
        yield self._closing(until)

    def _day(self, day: date) -> Iterator[Batch]:
        """One day, set by set, page by page; begun anew where its token has expired."""
        for name in self.sets[self.place :]:
            token, self.token = self.token, None
            for attempt in range(_RESTARTS + 1):
                try:
                    yield from self._list(day, name, token)
                    break
                except ExpiredTokenError as error:
                    if attempt == _RESTARTS:
                        raise SourceError(f"{error}; begun {attempt + 1} times") from error
                    token = None
                    yield Batch(notes=(f"{day}: the list's token expired, the day is read again",))

    def _list(self, day: date, name: str, token: str | None) -> Iterator[Batch]:
        read, whole, used = 0, token is None, set[str]()
        while True:
            page = list_records(self.http, f"{self.settings['base_url']}/oai",
                                self._asked(day, name, token))  # fmt: skip
            read += len(page.records)
            if page.token is None:
                yield self._batch(page, None)
                if whole and page.total is not None and read < page.total:
                    line = f"{day}: {page.total} records promised, the list ended after {read}"
                    yield Batch(problems=(line,))
                return
            if page.token in used:
                raise SourceError(f"{day}: the list repeats its token {page.token[:80]!r}")
            used.add(page.token)
            token = page.token
            yield self._batch(page, self._within(day, name, token))

    def _asked(self, day: date, name: str, token: str | None) -> dict[str, str]:
        if token is not None:
            return {"resumptionToken": token}
        asked = {"metadataPrefix": self.settings["format"]}
        asked |= {"from": day.isoformat(), "until": day.isoformat()}
        return asked | ({"set": name} if name else {})

    def _batch(self, page: Page, cursor: dict[str, Any] | None) -> Batch:
        listed: list[Listed] = []
        gone: list[str] = []
        broken = Counter[str]()
        for element in page.records:
            record = read_record(element)
            if isinstance(record, str):
                broken[record] += 1
            elif isinstance(record, Deleted):
                gone.append(record.key)
            else:
                self.top = max(self.top, record.identifier, key=arxiv.number)
                if self._wanted(record):
                    listed.append(self._listed(record))
        self.counts.update(records=len(page.records), deleted=len(gone), wanted=len(listed))
        problems = tuple(
            f"{counted(count, 'record', 'records')} without {what} left out"
            for what, count in broken.items()
        )
        return Batch(tuple(listed), problems, cursor=cursor, withdrawn=tuple(gone))

    def _wanted(self, record: Record) -> bool:
        asked = self.settings["categories"]
        return not asked or any(_within(c, asked) for c in record.categories)

    def _listed(self, record: Record) -> Listed:
        kind = self._type(record)
        return Listed(
            keys=record.keys,
            title=record.title,
            day=self._announced(record) if kind in _ANNOUNCING else record.changed_on,
            type=kind,
            abstract=record.abstract,
            authors=record.authors,
            categories=record.categories,
            url=arxiv.page(record.identifier),
            pdf_url=arxiv.pdf(record.identifier),
            published_at=record.published_at,
            version=record.version,
            comment=record.comment,
        )

    def _type(self, record: Record) -> ListingType:
        asked = self.settings["categories"]
        ours = not asked or any(_within(c, asked) for c in record.categories[:1])
        begun = datetime.combine(self.since - _HELD, time(), UTC)
        recent = record.published_at is not None and record.published_at >= begun
        if recent or self._is_later(record):
            return ListingType.NEW if ours else ListingType.CROSS
        return ListingType.REPLACE if ours else ListingType.REPLACE_CROSS

    def _is_later(self, record: Record) -> bool:
        return bool(self.highest) and arxiv.number(record.identifier) > arxiv.number(self.highest)

    def _announced(self, record: Record) -> date:
        """The day of the announcement: the datestamp, unless the record was changed since then."""
        fresh = not record.revised and (not self.highest or self._is_later(record))
        if fresh or record.published_at is None:
            return record.changed_on
        return min(record.changed_on, calendar.announcement_day(record.published_at))

    def _within(self, day: date, name: str, token: str) -> dict[str, Any]:
        return self._standing() | {"day": day.isoformat(), "set": name, "token": token}

    def _after(self, day: date) -> dict[str, Any]:
        """Where the harvest stands after a day; at its end the next one begins from there."""
        if day >= self.last:
            self.since, self.highest = day, self.top
        return self._standing() | {"done": day.isoformat()}

    def _standing(self) -> dict[str, Any]:
        return {"since": self.since.isoformat(), "highest": self.highest, "top": self.top}

    def _closing(self, until: date) -> Batch:
        told = f"{self.counts['records']} records changed from {self.first} to {until}"
        if self.settings["categories"]:
            told += f", {self.counts['wanted']} of them in the categories asked for"
        if self.counts["deleted"]:
            told += f", {self.counts['deleted']} deleted"
        left = (self.last - until).days
        more = (f"{counted(left, 'day', 'days')} still to be read by the next run",) if left else ()
        return Batch(notes=(told, *more), batch_day=self._batch_day(until))

    def _batch_day(self, until: date) -> date:
        """The last day whose announcements are in: the last one, if anything changed on it at all."""
        empty = not self.on_last and calendar.expected(until)
        return until - _DAY if empty else until


_ANNOUNCING = frozenset({ListingType.NEW, ListingType.CROSS})


def _within(category: str, asked: list[str]) -> bool:
    return any(category == name or category.startswith(f"{name}.") for name in asked)
