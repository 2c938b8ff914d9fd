"""Whatever a source shows, the collect stage takes what is news, in bounds, and says what it left."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from newsletter.collect.port import Batch
from newsletter.store.tables import Entry
from tests.collect.stage import DAY, Run, Scripted, Sessions, add, rss
from tests.servers import Web


def test_a_lying_source_does_not_fill_the_report(sessions: Sessions, run: Run) -> None:
    add(sessions, "one", "samples")
    lies = Scripted([Batch(problems=tuple(f"line {n}" for n in range(1000)))], [])
    problems = run(collector_of=lambda _kind: lies).sources[0].problems
    assert (len(problems), problems[-1]) == (51, "and 950 more lines")


def test_a_bomb_of_entities_is_harmless(sessions: Sessions, run: Run, web: Web) -> None:
    entities = "".join(
        f'<!ENTITY e{n} "{"&e" + str(n - 1) + ";" if n else "lol"}{("&e" + str(n - 1) + ";") * 9 if n else ""}">'
        for n in range(12)
    )
    bomb = rss((1, "new")).decode().replace("Paper 1", "&e11;")
    body = f"<!DOCTYPE rss [{entities}]>{bomb}".encode()
    web.put("/rss/cs.AI", body)
    add(sessions, "arxiv", "arxiv-rss", categories=["cs.AI"], base_url=web.url)
    add(sessions, "feed", "feed", address=web.put("/feed", body), max_age_days=0)
    report = run()
    assert report.sources[0].error or report.sources[0].problems
    with sessions() as session:
        assert all(len(title) < 200 for title in session.scalars(select(Entry.title)))


def test_a_feed_of_ten_thousand_entries_is_cut_and_said_so(
    sessions: Sessions, run: Run, web: Web
) -> None:
    items = "".join(
        f"<item><title>Post {n}</title><link>https://blog.example/{n}</link></item>"
        for n in range(10_000)
    )
    body = f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>".encode()
    add(sessions, "feed", "feed", address=web.put("/feed", body))
    report = run()
    assert report.saved.new == 2000
    assert report.sources[0].problems == ("10000 entries, only the first 2000 read (most)",)


def test_old_posts_are_no_news(sessions: Sessions, run: Run, web: Web) -> None:
    items = "".join(
        f"<item><title>{when}</title><link>https://blog.example/{n}</link><pubDate>{when}</pubDate></item>"
        for n, when in enumerate(
            ["Mon, 15 Jun 2026 23:00:00 -0500", "Mon, 01 Jan 2024 00:00:00 GMT", "no date at all"]
        )
    )
    body = f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>".encode()
    add(sessions, "feed", "feed", address=web.put("/feed", body))
    report = run()
    assert report.saved.new == 2
    assert report.sources[0].notes == ("1 entry older than 14 days left out",)
    with sessions() as session:
        listed_on = set(session.scalars(select(Entry.first_listed_on)))
    assert listed_on == {date(2026, 6, 15), DAY}
