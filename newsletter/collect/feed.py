"""Any RSS, Atom, RDF or JSON Feed, by its address or that of a page which names it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from newsletter.collect import checking
from newsletter.collect.feed_dialects import entries_of
from newsletter.collect.feed_discovery import feed_of, is_page
from newsletter.collect.feed_entries import FeedEntry, oldest_of, papers
from newsletter.collect.http import Answer, Http
from newsletter.collect.port import Batch, Request
from newsletter.collect.response import TemporarySourceError
from newsletter.collect.text import counted
from newsletter.errors import SourceError

log = structlog.get_logger(__name__)

_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.8, */*;q=0.5"
)


class Feed:
    """Settings: `address`; `max_age_days` (older is no news; 0: any age); `most` entries."""

    def check(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """See `Collector.check`."""
        checking.only(settings, "address", "max_age_days", "most")
        return {
            "address": checking.address(settings, "address"),
            "max_age_days": checking.whole(settings, "max_age_days", 14, 0, 36_500),
            "most": checking.whole(settings, "most", 2000, 1, 20_000),
        }

    def collect(self, request: Request, http: Http) -> Iterator[Batch]:
        """All entries of the feed in one Batch, less those that are too old to be news."""
        settings = self.check(request.settings)
        read = _read(settings["address"], request.cursor, http)
        if read.answer.unchanged:
            yield Batch(unchanged=True)
            return
        answer, entries, wrong, taken = read.answer, read.entries, read.wrong, read.taken
        problems = [f"{answer.url}: {wrong}"] if wrong else []
        notes = [f"{settings['address']} is a page; took its feed {taken}"] if taken else []
        if not entries and not wrong:
            notes.append(f"{answer.url} is a feed without entries")
        if len(entries) > settings["most"]:
            problems.append(
                f"{len(entries)} entries, only the first {settings['most']} read (most)"
            )
        found = papers(
            entries[: settings["most"]],
            address=settings["address"],
            day=request.day,
            oldest=oldest_of(request.day, settings["max_age_days"]),
        )
        if found.broken:
            problems.append(
                f"{counted(found.broken, 'entry', 'entries')} without title and text left out"
            )
        if found.too_old:
            days = settings["max_age_days"]
            notes.append(
                f"{counted(found.too_old, 'entry', 'entries')} older than {days} days left out"
            )
        cursor = {"page": settings["address"], "feed": taken} if taken else None
        yield Batch(found.listed, tuple(problems), tuple(notes), cursor)


@dataclass(frozen=True, slots=True)
class _Read:
    """A feed as it was read. `taken`: its address, where a page named it."""

    answer: Answer
    entries: Sequence[FeedEntry] = ()
    wrong: str | None = None
    taken: str | None = None


def _read(address: str, cursor: Mapping[str, Any], http: Http) -> _Read:
    """The feed at an address, or of the page that stands there.

    The feed of a page is remembered, so that the page is only asked again when its feed is gone.
    """
    known = cursor.get("feed") if cursor.get("page") == address else None
    if isinstance(known, str):
        try:
            return _parsed(http.get(known, accept=_ACCEPT), known)
        except TemporarySourceError:
            raise
        except SourceError as error:
            log.info("feed.moved", page=address, feed=known, error=str(error))
    answer = http.get(address, accept=_ACCEPT, conditional=known is None)
    try:
        return _parsed(answer)
    except SourceError as error:
        if not is_page(answer):
            raise
        taken = feed_of(answer)
        if taken is None:
            raise SourceError(f"{error}, and the page names no feed") from error
    return _parsed(http.get(taken, accept=_ACCEPT), taken)


def _parsed(answer: Answer, taken: str | None = None) -> _Read:
    if answer.unchanged:
        return _Read(answer, taken=taken)
    entries, wrong = entries_of(answer)
    return _Read(answer, entries, wrong, taken)
