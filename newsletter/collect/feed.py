"""Any RSS, Atom, RDF or JSON Feed, by its address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from newsletter.collect import checking
from newsletter.collect.feed_dialects import entries_of
from newsletter.collect.feed_entries import oldest_of, papers
from newsletter.collect.http import Http
from newsletter.collect.port import Batch, Request
from newsletter.collect.text import counted

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
        answer = http.get(settings["address"], accept=_ACCEPT)
        if answer.unchanged:
            yield Batch(unchanged=True)
            return
        entries, wrong = entries_of(answer)
        problems = [f"{answer.url}: {wrong}"] if wrong else []
        notes = [] if entries or wrong else [f"{answer.url} is a feed without entries"]
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
        yield Batch(found.listed, tuple(problems), tuple(notes))
