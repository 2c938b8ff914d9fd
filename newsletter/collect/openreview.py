"""OpenReview's submissions of a venue (api2.openreview.net), and of servers that speak like it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time
from functools import partial
from typing import Any

from newsletter.collect import checking, searching
from newsletter.collect.foreign import Record, ask
from newsletter.collect.http import Http
from newsletter.collect.port import Batch, Request
from newsletter.collect.searching import Found, Page

_PAGES = "https://openreview.net"


class OpenReview:
    """Settings: `venue`, such as ICLR.cc/2026/Conference."""

    spec = "venue"

    def check(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """See `Collector.check`."""
        shared = searching.settings_of(settings, "https://api2.openreview.net", "venue")
        return {"venue": checking.query(settings, "venue", 200)} | shared

    def collect(self, request: Request, http: Http) -> Iterator[Batch]:
        """One Batch a page of what was submitted in the days asked for."""
        settings = self.check(request.settings)
        yield from searching.batches(_pages(settings, request, http), settings, request)


def _pages(settings: Mapping[str, Any], request: Request, http: Http) -> Iterator[Page]:
    since = datetime.combine(searching.window(settings, request)[0], time(), UTC)
    params: dict[str, str | int] = {
        "content.venueid": settings["venue"],
        "mintcdate": int(since.timestamp() * 1000),
        "limit": settings["page"],
    }
    start = 0
    while True:
        answer, document = ask(http, f"{settings['base_url']}/notes", params | {"offset": start})
        notes = document.members(answer, "notes")
        make = partial(_paper, request=request)
        yield Page(searching.read_all(notes, make), document.count("count"))
        start += len(notes)
        if len(notes) < settings["page"]:
            return


def _paper(note: Record, request: Request) -> Found:
    name = note.text("forum") or note.text("id")
    published = _moment(note, "pdate", "cdate", "tcdate")
    created = _moment(note, "tcdate", "cdate")
    pdf = _content(note, "pdf").first("pdf")
    found = searching.paper(
        request,
        plain=True,
        names=[f"{_PAGES}/forum?id={name}" if name else ""],
        title=_content(note, "title").text("title"),
        appeared=created.date() if created else None,
        published=published,
        authors=_content(note, "authors").texts("authors"),
        categories=_content(note, "keywords").texts("keywords"),
        abstract=_content(note, "abstract").text("abstract"),
        tldr=_content(note, "TLDR").text("TLDR") or _content(note, "TL;DR").text("TL;DR"),
        url=f"{_PAGES}/forum?id={name}",
        pdf_url=f"{_PAGES}{pdf}" if pdf.startswith("/") else pdf,
    )
    return searching.marked(found, taken_back=_is_withdrawn(note))


def _content(note: Record, name: str) -> Record:
    """A field of the second API (`{"value": ...}`) or of the first (the value itself)."""
    given = note.at("content", name)
    return Record({name: given.get("value") if isinstance(given, dict) else given})


def _is_withdrawn(note: Record) -> bool:
    venue = _content(note, "venueid").text("venueid")
    return venue.endswith(("/Withdrawn_Submission", "/Desk_Rejected_Submission"))


def _moment(note: Record, *names: str) -> datetime | None:
    """The first of these times, which are milliseconds since 1970; zero or less is none."""
    for name in names:
        given = note.at(name)
        if isinstance(given, int) and not isinstance(given, bool) and 0 < given < 7 * 10**12:
            return datetime.fromtimestamp(given // 1000, UTC)
    return None
