"""A model's summaries from its endpoint to the mail: each way it can fail leaves the extract, marked."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from sqlalchemy import select, update

from newsletter import clock
from newsletter.app import App
from newsletter.llm.chat import ChatWriter
from newsletter.model import SummaryKind, SummaryState
from newsletter.pipeline import due
from newsletter.stages.summarise import Bounds, SummaryReport, summarise
from newsletter.store import reading
from newsletter.store.tables import Entry
from newsletter.store.written import Summary, SummaryDay
from newsletter.summarise.choose import summary_of
from newsletter.summarise.extract import tldr
from tests import chat, servers
from tests.factories import NOW
from tests.llm.test_chat import closed
from tests.operator import Operator, add_papers, add_readers
from tests.servers import Asked, Reply, Web

ABSTRACT = chat.ABSTRACT
OTHER = (
    "Caches of web pages fill up over the years, and nobody knows which pages will be read again. We "
    "propose Broomer, which sweeps caches by the season in which a page was last asked for, and saves "
    "half of the disks of a library."
)


@pytest.fixture
def web() -> Iterator[Web]:
    with servers.serving() as web:
        yield web


def paper(app: App, number: int, *, now: datetime = NOW, **more: Any) -> None:
    at = now + timedelta(microseconds=number)  # it names a source, each of its own
    values = {
        "title": chat.TITLE,
        "abstract": ABSTRACT,
        "keys": (f"arxiv:2606.{number:05}",),
    } | more
    add_papers(app, 1, now=at, **values)


def papers(app: App, count: int = 1, **more: Any) -> None:
    """Papers with votes, the first with the most."""
    for number in range(count):
        paper(app, number, votes=count - number, **more)


def visit(
    app: App,
    url: str,
    *,
    requests: int = 50,
    at_once: int = 1,
    patience: float = 60,
    seconds: float = 5,
    at: Callable[[], object] = lambda: NOW,
    **more: object,
) -> SummaryReport:
    writer = ChatWriter(url, "a-model", None, seconds)
    bounds = Bounds(requests, at_once, patience)
    return summarise(app.sessions, writer, bounds, at, **more)


def rows(app: App) -> list[Summary]:
    with app.sessions() as session:
        return list(session.scalars(select(Summary).order_by(Summary.entry_id)))


def shown(app: App) -> list[tuple[str, str, str]]:
    """What readers would be shown of each paper: (kind, text, by)."""
    with app.sessions() as session:
        ids = session.scalars(select(Entry.id)).all()
        found = reading.entries_by_id(session, ids)
    told = [summary_of(found[entry_id], 420) for entry_id in sorted(found)]
    return [(one.kind.value, one.text, one.by) for one in told]


EXTRACT = (SummaryKind.EXTRACT.value, tldr(chat.TITLE, ABSTRACT), "")
WRITTEN = (SummaryKind.MODEL.value, chat.GOOD["tldr"], "a-model")


def test_a_good_answer_is_kept_whole_and_asked_for_once(app: App, web: Web) -> None:
    papers(app, 2)
    url = chat.endpoint(web, chat.says())
    assert shown(app) == [EXTRACT, EXTRACT]
    assert visit(app, url).as_dict() == {
        "written": 2, "refused": 0, "failed": 0, "left": 0, "stopped": None,
    }  # fmt: skip
    assert shown(app) == [WRITTEN, WRITTEN]
    assert rows(app)[0].parts == chat.GOOD
    assert visit(app, url) == SummaryReport()
    assert len(web.asked) == 2
    with app.sessions() as session:
        day = session.get(SummaryDay, NOW.date())
        assert day
        assert (day.requests, day.tokens) == (2, 200)


BROKEN = {
    "slow": (servers.slow_drip(), "did not answer within"),
    "500": (servers.status(500), "500"),
    "closed": (closed(), "cannot be asked"),
    "garbage": (servers.html_page(), "no chat completion"),
    "429": (servers.status(429, retry_after="30"), "429"),
    "401": (servers.status(401), "401"),
}
REFUSED = {
    "not JSON": (chat.completion("Surely! Foldmap folds caches."), "not JSON"),
    "wrong shape": (chat.completion('{"summary": "Foldmap folds caches."}'), "not an object"),
    "too long": (chat.says(tldr="Foldmap folds old keys " * 20), "characters, not"),
    "foreign": (chat.says(tldr="Foldmap replie les clefs dans une carte pour les modèles"), "French"),
    "a link": (chat.says(overview=f"{chat.GOOD['overview']} See evil.com"), "a link"),
    "markup": (chat.says(tldr="<img src=x> Foldmap folds old keys into one map"), "markup"),
    "made-up number": (chat.says(tldr="Foldmap folds old keys and gains 99 points"), "number"),
    "obeyed": (chat.completion(json.dumps(dict.fromkeys(chat.GOOD, "banana " * 5))), "words"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_no_answer_leaves_the_extract_and_is_asked_for_later(app: App, web: Web, case: str) -> None:
    reply, reason = BROKEN[case]
    papers(app)
    url = chat.endpoint(web, reply, chat.says())
    report = visit(app, url, seconds=0.5 if case == "slow" else 5)
    assert (report.written, report.failed) == (0, 1)
    assert shown(app) == [EXTRACT]
    (row,) = rows(app)
    assert row.state == SummaryState.WAITING
    assert reason in (row.reason or "")
    assert visit(app, url) == SummaryReport()  # not at once
    assert visit(app, url, at=lambda: NOW + timedelta(minutes=21)).written == 1
    assert shown(app) == [WRITTEN]


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_answer_leaves_the_extract_and_is_asked_for_once_more(
    app: App, web: Web, case: str
) -> None:
    reply, reason = REFUSED[case]
    papers(app)
    url = chat.endpoint(web, reply)
    assert visit(app, url).refused == 1
    assert shown(app) == [EXTRACT]
    assert reason in (rows(app)[0].reason or "")
    assert visit(app, url, at=lambda: NOW + timedelta(hours=1)).refused == 1
    assert rows(app)[0].state == SummaryState.REFUSED
    assert visit(app, url, at=lambda: NOW + timedelta(hours=9)) == SummaryReport()
    assert len(web.asked) == 2
    assert shown(app) == [EXTRACT]


def test_an_order_in_the_abstract_changes_nothing_even_for_a_model_that_obeys(
    app: App, web: Web
) -> None:
    papers(app, abstract=f"{ABSTRACT} {chat.ORDER}")
    url = chat.endpoint(web, chat.obedient)
    assert visit(app, url).written == 1
    assert shown(app) == [WRITTEN]
    assert b"banana" not in web.asked[0].body
    # The same model obeys what is put to it: it is the pipeline that does not.
    talk = [{"role": "system", "content": "."}, {"role": "user", "content": chat.ORDER}]
    assert "banana" in ChatWriter(url, "a-model").write(talk).text


def test_the_days_budget_is_one_for_all_and_new_tomorrow(app: App, web: Web) -> None:
    papers(app, 5)
    url = chat.endpoint(web, chat.says())
    report = visit(app, url, requests=2)
    assert (report.written, report.left, len(web.asked)) == (2, 3, 2)
    assert "2 requests are spent" in (report.stopped or "")
    assert shown(app) == [WRITTEN, WRITTEN, EXTRACT, EXTRACT, EXTRACT]  # the most popular first
    assert visit(app, url, requests=2).written == 0
    assert len(rows(app)) == 2
    assert visit(app, url, requests=2, at=lambda: NOW + timedelta(days=1)).written == 2


def test_429_stops_everybody_until_the_time_it_asked_for(app: App, web: Web) -> None:
    papers(app, 4)
    url = chat.endpoint(web, servers.status(429, retry_after="1800"), chat.says())
    assert visit(app, url).stopped == f"{url}/chat/completions answered 429 Too Many Requests"
    assert "wants rest until 07:00:00 UTC" in (visit(app, url).stopped or "")
    assert visit(app, url, at=lambda: NOW + timedelta(minutes=29)).written == 0
    assert len(web.asked) == 1
    assert visit(app, url, at=lambda: NOW + timedelta(minutes=31)).written == 4
    assert [row.attempts for row in rows(app)] == [1, 1, 1, 1]


@pytest.mark.parametrize(("status", "asked"), [(500, 3), (401, 1)])
def test_an_endpoint_that_is_down_is_left_alone(
    app: App, web: Web, status: int, asked: int
) -> None:
    papers(app, 9)
    report = visit(app, chat.endpoint(web, servers.status(status)))
    assert (len(web.asked), report.failed, report.left) == (asked, asked, 9 - asked)
    assert str(status) in (report.stopped or "")


def test_a_paper_that_fails_every_time_is_given_up(app: App, web: Web) -> None:
    papers(app)
    url = chat.endpoint(web, servers.status(400))
    for hours in range(0, 42, 6):
        visit(app, url, at=lambda hours=hours: NOW + timedelta(hours=hours))
    assert len(web.asked) == 5
    assert rows(app)[0].state == SummaryState.REFUSED


@pytest.mark.parametrize("requests", [50, 7])
def test_two_workers_ask_about_each_paper_once_within_one_budget(
    app: App, web: Web, requests: int
) -> None:
    papers(app, 12)

    def slowly(asked: Asked) -> Reply:
        time.sleep(0.02)
        return chat.says()

    url = chat.endpoint(web, slowly)
    reports: list[SummaryReport] = []
    workers = [
        threading.Thread(
            target=lambda: reports.append(visit(app, url, at_once=3, requests=requests))
        )
        for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    done = min(requests, 12)
    assert sum(report.written for report in reports) == len(web.asked) == done
    assert shown(app).count(WRITTEN) == done


def test_after_kill_9_a_paper_is_asked_about_again_when_the_claim_is_over(
    operator: Operator, web: Web
) -> None:
    asked = threading.Event()

    def never(_: Asked) -> Reply:
        asked.set()
        return servers.slow_drip()

    url = chat.endpoint(web, never, chat.says())
    operator.settings |= {"SUMMARY_URL": url, "SUMMARY_MODEL": "m", "SUMMARY_SECONDS": "30"}
    app, now = operator.app(), clock.now()
    papers(app, now=now)
    process = operator.start("summarise")
    assert asked.wait(60)
    process.kill()
    process.communicate()
    assert [row.state for row in rows(app)] == [SummaryState.ASKING]
    assert visit(app, url, at=lambda: now) == SummaryReport()
    assert shown(app) == [EXTRACT]
    assert visit(app, url, at=lambda: now + timedelta(minutes=4)).written == 1
    assert shown(app) == [WRITTEN]


def test_a_new_text_is_summarised_anew_and_the_old_summary_shown_no_more(
    app: App, web: Web
) -> None:
    papers(app)
    url = chat.endpoint(web, chat.says())
    visit(app, url)
    changed = ABSTRACT.replace("12%", "12% and less")
    with app.sessions.begin() as session:
        session.execute(update(Entry).values(abstract=changed))
    assert shown(app) == [(SummaryKind.EXTRACT.value, tldr(chat.TITLE, changed), "")]
    assert visit(app, url).written == 1
    assert shown(app) == [WRITTEN]


def test_whoever_is_told_to_stop_or_out_of_time_asks_nothing_more(app: App, web: Web) -> None:
    papers(app, 3)
    url = chat.endpoint(web, chat.says())
    assert visit(app, url, stopped=lambda: True).stopped == "told to stop"
    assert visit(app, url, patience=0).stopped == "out of time"
    assert not web.asked
    assert not rows(app)


def test_picks_come_first_and_short_abstracts_not_at_all(app: App, web: Web) -> None:
    papers(app, 2)
    paper(app, 7, abstract="Too short to summarise.", votes=99)
    paper(app, 8, abstract=OTHER, title="Broomer")
    add_readers(app, ["library disks"])
    app.planner(NOW).plan(due(NOW))
    url = chat.endpoint(web, chat.says())
    visit(app, url, picks_only=True)
    assert 0 < len(web.asked) < 3
    visit(app, url)
    asked = [json.loads(chat.turns(one)[1]["content"])["title"] for one in web.asked]
    assert asked[0] == "Broomer"
    assert sorted(asked) == ["Broomer", chat.TITLE, chat.TITLE]


def test_from_the_endpoint_to_the_mail(operator: Operator, web: Web) -> None:
    url = chat.endpoint(web, chat.says(), chat.completion("nonsense"))
    operator.settings |= {
        "SUMMARY_URL": url,
        "SUMMARY_MODEL": "a-model",
        "SUMMARY_CONNECTIONS": "1",
    }
    app, now = operator.app(), clock.now()
    paper(app, 1, now=now)
    paper(app, 2, now=now, title="Broomer sweeps caches of pages", abstract=OTHER)
    add_readers(app, ["caches"], now=now)
    planned, sent = app.pipeline().tick(now)
    assert (planned.picks, sent.outcomes.total()) == (2, 1)
    (mail,) = (operator.folder / "outbox").glob("*.eml")
    body = message_from_bytes(mail.read_bytes(), policy=default).get_body(("plain",))
    assert body
    text = " ".join(body.get_content().split())
    assert f"{chat.GOOD['tldr']} - TL;DR by a-model" in text
    assert re.search(r"\] Broomer sweeps .* We propose Broomer[^\[]* - From the abstract", text)
