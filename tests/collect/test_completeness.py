"""What of a day is missing, what was missed is caught up, and what fails is left alone and shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from newsletter.collect import calendar
from newsletter.collect.http import Http
from newsletter.stages.catching_up import Gap, find_gap
from newsletter.stages.collect import CollectReport, collect
from newsletter.stages.collected import lacking
from newsletter.stages.sources import add_source
from newsletter.store import editions, sources
from newsletter.store.tables import Edition, Entry, Listing
from tests import servers
from tests.collect.oai_server import Archive, Paper
from tests.collect.stage import ITEM
from tests.servers import Web

FRIDAY, SATURDAY, MONDAY = date(2026, 6, 12), date(2026, 6, 13), date(2026, 6, 15)
TUESDAY, WEDNESDAY, THURSDAY = (MONDAY + timedelta(days=n) for n in (1, 2, 3))
Sessions = sessionmaker[Session]
START = datetime(2000, 1, 1, tzinfo=UTC)
EASTERN = ZoneInfo("America/New_York")


def at(day: date, hour: int = 8) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def feed(day: date, *numbers: int, head: date | None = None, broken: int = 0) -> bytes:
    """arXiv's RSS of a day; `head`: what its head says if not the same."""
    when = "{:%a, %d %b %Y} 00:00:00 -0400"
    items = "".join(
        ITEM.format(n=n, kind="new").replace(
            "</item>", f"<pubDate>{when.format(day)}</pubDate></item>"
        )
        for n in numbers
    )
    items += "<item><title>No id</title></item>" * broken
    return (
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:arxiv="http://arxiv.org/schemas/atom"><channel>'
        f"<pubDate>{when.format(head or day)}</pubDate>"
        "<skipDays><day>Saturday</day><day>Sunday</day></skipDays>"
        f"{items}</channel></rss>"
    ).encode()


@pytest.fixture
def archive(web: Web) -> Archive:
    archive = Archive(page=3)
    web.put("/oai", archive)
    return archive


@pytest.fixture
def visit(
    sessions: Sessions, web: Web, archive: Archive, make_http: Callable[..., Http]
) -> Callable[..., CollectReport]:
    with sessions.begin() as session:
        settings = {"categories": ["cs.AI"], "base_url": web.url, "oai_url": web.url}
        add_source(session, "arxiv", "arxiv-rss", settings)

    def run(day: date, body: Any = None, hour: int = 8) -> CollectReport:
        if body is not None:
            web.put("/rss/cs.AI", body)
        return collect(sessions, make_http, None, day=day, now=at(day, hour))

    return run


Visit = Callable[..., CollectReport]


def known(sessions: Sessions) -> dict[str, date]:
    with sessions() as session:
        rows = session.execute(select(Entry.key, Entry.first_listed_on))
        return {key.removeprefix("arxiv:2606.").lstrip("0"): day for key, day in rows}


def view(sessions: Sessions) -> sources.SourceView:
    with sessions() as session:
        return sources.get(session, "arxiv")


def test_a_whole_day_is_told_and_kept(sessions: Sessions, visit: Visit) -> None:
    report = visit(TUESDAY, feed(TUESDAY, 1, 2, 3))
    told = report.sources[0]
    assert told.line == "3 announced, 0 missing"
    assert told.categories == {"cs.AI": 3}
    assert report.complete
    assert view(sessions).complete_until == TUESDAY
    visit(TUESDAY, feed(TUESDAY, 1, 2, 3, broken=1))
    with sessions() as session:
        kept = session.get_one(Edition, TUESDAY).report["sources"]["arxiv"]
        assert kept["line"] == "4 announced, 1 missing (1 entry without an arXiv id left out)"
        assert kept["categories"] == {"cs.AI": 3}
        assert editions.note_for_readers(session, TUESDAY) is None


def test_counts_stay_when_a_later_visit_finds_nothing_changed(
    sessions: Sessions, visit: Visit
) -> None:
    visit(TUESDAY, servers.conditional(feed(TUESDAY, 1, 2, 3)))
    assert visit(TUESDAY, hour=9).sources[0].unchanged
    with sessions() as session:
        kept = session.get_one(Edition, TUESDAY).report["sources"]["arxiv"]
    assert (kept["announced"], kept["line"]) == (3, "3 announced, 0 missing")


def test_a_stale_feed_is_seen_through(sessions: Sessions, visit: Visit) -> None:
    visit(MONDAY, feed(MONDAY, 1, 2))
    early = visit(TUESDAY, feed(MONDAY, 1, 2, head=TUESDAY), hour=5)
    assert early.sources[0].lacks == (
        "the batch of Tuesday 16 June is not due yet; it still shows Monday 15 June"
    )
    assert not early.complete
    late = visit(TUESDAY, hour=9)
    assert "is late, or the day a holiday" in str(late.sources[0].lacks)
    assert late.sources[0].problems == (
        "the feed is dated Tuesday 16 June 2026, but its papers are of Monday 15 June 2026",
    )
    with sessions() as session:
        assert "arxiv could not be read" in str(editions.note_for_readers(session, TUESDAY))
    assert visit(TUESDAY, hour=15).complete, "the deadline has passed"


def test_a_304_does_not_hide_that_the_feed_has_not_turned(visit: Visit) -> None:
    visit(MONDAY, servers.conditional(feed(MONDAY, 1, 2)))
    report = visit(TUESDAY)
    assert report.sources[0].unchanged
    assert "it still shows Monday 15 June" in str(report.sources[0].lacks)


def test_what_a_stale_feed_hides_is_read_from_the_archive(
    sessions: Sessions, visit: Visit, archive: Archive
) -> None:
    visit(MONDAY, feed(MONDAY, 1, 2))
    archive.papers = [Paper("2606.00001", MONDAY), Paper("2606.00003", TUESDAY)]
    report = visit(TUESDAY, feed(MONDAY, 1, 2, head=TUESDAY))
    assert report.complete
    assert report.sources[0].caught_up == (TUESDAY,)
    assert known(sessions) == {"1": MONDAY, "2": MONDAY, "3": TUESDAY}


def test_a_weekend_is_complete_with_nothing(visit: Visit) -> None:
    visit(FRIDAY, feed(FRIDAY, 1))
    report = visit(SATURDAY, feed(SATURDAY))
    assert report.complete
    assert report.sources[0].problems == ()
    assert report.sources[0].line == "0 announced, 0 missing"


def outage(archive: Archive) -> None:
    archive.papers = [
        Paper("2606.00001", FRIDAY),
        *(Paper(f"2606.{n:05}", MONDAY) for n in range(11, 18)),
        *(Paper(f"2606.{n:05}", TUESDAY) for n in (21, 22)),
        Paper("2606.00023", TUESDAY, categories="hep-ex"),
        Paper("1204.00009", TUESDAY, ["Tue, 3 Apr 2012 10:00:00 GMT"] * 2),
        *(Paper(f"2606.{n:05}", WEDNESDAY) for n in (31, 32)),
        Paper("2606.00041", THURSDAY),
    ]


EVERYTHING = {
    "1": FRIDAY,
    **{str(n): MONDAY for n in range(11, 18)},
    "21": TUESDAY, "22": TUESDAY, "31": WEDNESDAY, "32": WEDNESDAY, "41": THURSDAY,
}  # fmt: skip


def test_missed_days_are_caught_up_once(sessions: Sessions, visit: Visit, archive: Archive) -> None:
    visit(FRIDAY, feed(FRIDAY, 1))
    outage(archive)
    report = visit(THURSDAY, feed(THURSDAY, 41))
    told = report.sources[0]
    assert told.caught_up == (MONDAY, TUESDAY, WEDNESDAY)
    assert told.notes[-1] == (
        "caught up 3 missed days (2026-06-15 to 2026-06-17) from OAI-PMH: 11 new papers"
    )
    assert known(sessions) == EVERYTHING
    assert view(sessions).complete_until == THURSDAY
    assert "catch_up" not in view(sessions).cursor
    with sessions() as session:
        assert editions.note_for_readers(session, THURSDAY) == (
            "This edition also holds papers that were missed on 15 June to 17 June."
        )
        days = set(session.scalars(select(Listing.day)))
    assert days == {FRIDAY, MONDAY, TUESDAY, WEDNESDAY, THURSDAY}
    archive.asked.clear()
    again = visit(THURSDAY, hour=10)
    assert not archive.asked
    assert again.sources[0].caught_up == ()
    assert again.saved.new == 0


def test_catching_up_that_breaks_off_goes_on_the_next_time(
    sessions: Sessions, visit: Visit, archive: Archive, web: Web
) -> None:
    visit(FRIDAY, feed(FRIDAY, 1))
    outage(archive)
    refuse = servers.status(404)
    web.put("/oai", *[archive] * 5, refuse)  # Friday, weekend, and two pages of Monday's three
    told = visit(THURSDAY, feed(THURSDAY, 41)).sources[0]
    assert told.caught_up == ()
    assert told.problems[0].startswith("not caught up from 2026-06-15 on: ")
    assert "404" in told.problems[0]
    assert view(sessions).complete_until == date(2026, 6, 14)
    assert len(known(sessions)) == 8
    web.put("/oai", archive)
    archive.asked.clear()
    assert visit(THURSDAY, hour=9).sources[0].caught_up == (MONDAY, TUESDAY, WEDNESDAY)
    assert archive.asked[0]["resumptionToken"] == "2026-06-15|6"
    assert known(sessions) == EVERYTHING


def test_a_feed_that_fails_is_stood_in_for(
    sessions: Sessions, visit: Visit, archive: Archive
) -> None:
    visit(FRIDAY, feed(FRIDAY, 1))
    outage(archive)
    report = visit(THURSDAY, servers.status(404))
    assert report.complete
    assert report.sources[0].error is None
    assert "OAI-PMH stood in for it" in report.sources[0].problems[0]
    assert view(sessions).failures == 1
    assert known(sessions) == EVERYTHING


@pytest.mark.parametrize(
    ("since", "shown", "day", "hour", "gap"),
    [
        (None, TUESDAY, TUESDAY, 8, None),
        (MONDAY, TUESDAY, TUESDAY, 8, None),
        (FRIDAY, MONDAY, MONDAY, 8, None),
        (FRIDAY, TUESDAY, TUESDAY, 8, Gap(FRIDAY, MONDAY, (MONDAY,))),
        (MONDAY, MONDAY, TUESDAY, 5, None),
        (MONDAY, MONDAY, TUESDAY, 6, Gap(MONDAY, TUESDAY, (TUESDAY,))),
        (MONDAY, None, TUESDAY, 6, Gap(MONDAY, TUESDAY, (TUESDAY,))),
        (FRIDAY, None, SATURDAY, 9, None),
        (date(2026, 4, 1), TUESDAY, TUESDAY, 8, Gap(date(2026, 6, 7), MONDAY, tuple(
            date(2026, 6, n) for n in (8, 9, 10, 11, 12, 15)), 47)),
    ],
)  # fmt: skip
def test_which_days_are_missed(
    since: date | None, shown: date | None, day: date, hour: int, gap: Gap | None
) -> None:
    assert find_gap(since, shown, day, at(day, hour), 8) == gap


def test_what_keeps_failing_is_left_alone_and_shown(
    sessions: Sessions, web: Web, make_http: Callable[..., Http]
) -> None:
    with sessions.begin() as session:
        add_source(session, "blog", "feed", {"address": f"{web.url}/blog"})
    now = at(TUESDAY)

    def run(names: list[str] | None = None) -> CollectReport:
        return collect(sessions, make_http, names, day=TUESDAY, now=now)

    for _ in range(3):
        assert "404" in str(run().sources[0].error)
    web.asked.clear()
    report = run()
    assert report.sources[0].error == (
        "left alone until 16 June 08:15 UTC after 3 failures in a row: "
        f"{web.url}/blog answered 404 Not Found"
    )
    assert not report.complete
    assert not web.asked
    run(["blog"])
    assert web.asked, "by its name it is asked whatever happened"
    now += timedelta(hours=1)
    web.put("/blog", b"<rss version='2.0'><channel><title>x</title></channel></rss>")
    assert run().complete
    with sessions() as session:
        healthy = sources.get(session, "blog")
    assert (healthy.failures, healthy.retry_at) == (0, None)


@pytest.mark.parametrize(
    ("submitted", "day"),
    [
        ("2026-06-11 13:59", FRIDAY),
        ("2026-06-11 14:00", MONDAY),
        ("2026-06-12 13:59", MONDAY),
        ("2026-06-12 14:00", TUESDAY),
        ("2026-06-13 10:00", TUESDAY),
        ("2026-06-14 23:00", TUESDAY),
        ("2026-06-15 13:59", TUESDAY),
        ("2026-06-15 14:00", WEDNESDAY),
    ],
)
def test_the_calendar_of_arxiv(submitted: str, day: date) -> None:
    moment = datetime.fromisoformat(submitted).replace(tzinfo=EASTERN)
    assert calendar.announcement_day(moment) == day


@given(st.integers(0, 40 * 365 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes)))
def test_every_submission_lies_in_the_window_of_its_day(submitted: datetime) -> None:
    day = calendar.announcement_day(submitted)
    assert calendar.expected(day)
    start, end = calendar.submission_window(day)
    assert start <= submitted < end
    assert timedelta(0) < at(day, 0) - submitted < timedelta(days=4.5)


def test_which_days_are_expected() -> None:
    assert calendar.expected_days(FRIDAY, TUESDAY) == [MONDAY, TUESDAY]
    assert calendar.expected_days(TUESDAY, FRIDAY) == []
    assert lacking(FRIDAY, SATURDAY, at(SATURDAY)) is None
    assert "came: a holiday, or a stale feed" in str(lacking(FRIDAY, MONDAY, at(MONDAY, 20)))
