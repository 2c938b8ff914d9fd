"""The collect stage: batches committed as they come, and a failing source costs only itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from newsletter.collect.http import Http
from newsletter.collect.port import Batch, Request
from newsletter.errors import SourceError, StoreError
from newsletter.stages.collect import Step
from newsletter.store import sources
from newsletter.store.entries import Saved
from newsletter.store.tables import Edition, Entry, Listing
from tests import servers
from tests.collect.stage import DAY, NOW, Run, Scripted, Sessions, add, count, listed, rss
from tests.servers import Web


def test_one_failing_source_costs_only_itself(sessions: Sessions, run: Run, web: Web) -> None:
    web.put("/rss/cs.AI", rss((1, "new"), (2, "cross"), (3, "replace"), (1, "cross")))
    faults = {
        "html": servers.html_page("Log in"),
        "missing": servers.status(404),
        "busy": servers.status(429, retry_after="9999"),
        "zeros": servers.Reply(b"\0" * (5 << 20)),
        "empty": servers.Reply(b""),
        "bomb": servers.gzip_bomb(),
    }
    for name, reply in faults.items():
        add(sessions, name, "feed", address=web.put(f"/{name}", reply))
    add(sessions, "arxiv", "arxiv-rss", categories=["cs.AI"], base_url=web.url)
    steps: list[Step] = []
    report = run(on_progress=steps.append)
    told = {source.name: source for source in report.sources}
    assert (told["arxiv"].saved.new, told["arxiv"].saved.left_out) == (2, 1)
    assert told["arxiv"].notes == ("batch of 2026-06-16: 1 new, 1 cross, 1 replace",)
    lines = {
        "html": "answered an HTML page titled 'Log in' where a feed was expected",
        "missing": "answered 404 Not Found",
        "busy": "answered 429 Too Many Requests and asks to wait 9999 s",
        "zeros": "answered 5 MB of zero bytes where a feed was expected",
        "empty": "answered nothing (0 bytes)",
        "bomb": "answered more than 32 MB",
    }
    for name, line in lines.items():
        error = told[name].error
        assert error is not None
        assert line in error
        assert web.url in error
        assert "\n" not in error
    assert not report.complete
    assert (steps[0].done, steps[-1].done, steps[-1].total) == (0, 7, 7)
    with sessions() as session:
        edition = session.get_one(Edition, DAY)
        assert edition.report["missing"] == list(faults)
        assert edition.report["sources"]["arxiv"]["new"] == 2
        assert sources.get(session, "html").failures == 1
        assert sources.get(session, "arxiv").last_success_at == NOW


def test_the_edition_is_complete_once_all_have_answered(
    sessions: Sessions, run: Run, web: Web
) -> None:
    add(sessions, "good", "arxiv-rss", categories=["cs.AI"], base_url=web.url)
    add(sessions, "late", "feed", address=f"{web.url}/late")
    web.put("/rss/cs.AI", rss((1, "new")))
    assert not run().complete
    web.put("/late", b"<rss version='2.0'><channel><title>x</title></channel></rss>")
    assert run(["late"]).complete
    web.put("/late", servers.status(404))
    assert run(["late"]).complete, "what has answered for the day has answered"
    with sessions() as session:
        assert sources.get(session, "late").failures == 1
    with pytest.raises(StoreError, match="there is no source 'nobody'"):
        run(["nobody"])


def test_a_second_visit_costs_one_304_and_stores_nothing(
    sessions: Sessions, run: Run, web: Web
) -> None:
    add(sessions, "arxiv", "arxiv-rss", categories=["cs.AI"], base_url=web.url)
    web.put("/rss/cs.AI", servers.conditional(rss((1, "new"))))
    assert run().saved.new == 1
    again = run()
    assert again.sources[0].unchanged
    assert again.complete
    assert [asked.headers.get("if-none-match") for asked in web.asked] == [None, '"1"']
    assert (count(sessions, Entry), count(sessions, Listing)) == (1, 1)


def test_validators_are_not_kept_when_the_answer_could_not_be_read(
    sessions: Sessions, run: Run, web: Web
) -> None:
    add(sessions, "arxiv", "arxiv-rss", categories=["cs.AI"], base_url=web.url)
    web.put("/rss/cs.AI", servers.conditional(b"<html>Maintenance</html>"))
    assert run().sources[0].error
    web.put("/rss/cs.AI", servers.conditional(rss((1, "new"))))
    assert run().saved.new == 1


def test_what_came_before_a_failure_is_kept_and_the_cursor_with_it(
    sessions: Sessions, run: Run
) -> None:
    add(sessions, "harvest", "samples")
    add(sessions, "broken", "samples")
    first = Batch((listed(1),), cursor={"page": 1})
    second = Batch((listed(2),), problems=("one left out",), cursor={"page": 2})
    harvest = Scripted([first, second, SourceError("the line\nbroke")], [])
    report = run(["harvest"], collector_of=lambda _kind: harvest)
    assert report.sources[0].error == "the line broke"
    assert report.sources[0].problems == ("one left out",)
    assert count(sessions, Entry) == 2
    harvest.script = [Batch((listed(2),))]
    run(["harvest"], collector_of=lambda _kind: harvest)
    assert harvest.cursors == [{}, {"page": 2}]
    slip = Scripted([Batch((listed(3),)), KeyError("title")], [])
    report = run(["broken"], collector_of=lambda _kind: slip)
    assert report.sources[0].error == "the collector itself broke: KeyError: 'title'"
    assert count(sessions, Entry) == 3


def test_no_transaction_is_open_while_a_source_is_asked(sessions: Sessions, run: Run) -> None:
    add(sessions, "one", "samples")
    engine = sessions.kw["bind"]

    class Watching(Scripted):
        def collect(self, request: Request, http: Http) -> Iterator[Batch]:
            for number in range(3):
                assert engine.pool.checkedout() == 0
                yield Batch((listed(number),))

    assert run(collector_of=lambda _kind: Watching([], [])).sources[0].error is None


def test_a_paper_announced_by_two_categories_keeps_its_strongest_type(
    sessions: Sessions, run: Run, web: Web
) -> None:
    web.put("/rss/cs.AI", rss((1, "cross")))
    web.put("/rss/cs.LG", rss((1, "new")))
    for name in ("cs.AI", "cs.LG"):
        add(sessions, name, "arxiv-rss", categories=[name], base_url=web.url)
    assert run().saved.new == 1
    with sessions() as session:
        assert sorted(session.scalars(select(Listing.type))) == ["cross", "new"]


def test_reports_are_plain_data(sessions: Sessions, run: Run, web: Web) -> None:
    add(sessions, "one", "feed", address=f"{web.url}/nothing")
    told = run().as_dict()
    assert told["day"] == "2026-06-16"
    assert told["sources"][0]["answered"] is False
    report = replace(run().sources[0], seconds=0.123, unchanged=True, saved=Saved(unchanged=3))
    told = report.as_dict()
    assert told["seconds"] == 0.12
    assert (told["not_modified"], told["unchanged"]) == (True, 3)
