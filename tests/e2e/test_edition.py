"""From sign-up to inbox, and the day after: recorded papers, the real form, real SMTP."""

from __future__ import annotations

import email
import email.policy
import re
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import httpx2
import pytest
import time_machine
from sqlalchemy import func, select

from newsletter.app import App
from newsletter.match.words import tokens
from newsletter.model import SkipReason
from newsletter.store.tables import Delivery, Notice, Pick
from subscribers.tables import ConsentEvent, Subscriber
from tests import inputs, smtpd
from tests.e2e.site import serving
from tests.operator import Operator
from tests.servers import Asked, Reply, Web

SIGN_UP = datetime(2026, 6, 9, 20, 0, tzinfo=UTC)
FIRST = datetime(2026, 6, 10, 7, 5, tzinfo=UTC)
SECOND = datetime(2026, 6, 11, 7, 5, tzinfo=UTC)

# What the fifty want: a wish, and a word that they never want to see.
WISHES = [
    ("video generation", "audio"),
    ("reinforcement learning", "robot"),
    ("language model agents", "survey"),
    ('"diffusion"', "video"),
    ("robot manipulation policies", "survey"),
    ("image editing", "video"),
    ('"reasoning"', "image"),
    ("benchmark for agents", "medical"),
    ("cat:cs.CL", "benchmark"),
    ('"world model"', "game"),
]


@pytest.fixture
def sources() -> Iterator[Web]:
    """arXiv and Hugging Face, as recorded; the second day's answer repeats a paper of the first."""
    web = Web()
    days = {
        day: inputs.require("inputs", "sources", "hf-daily-papers", f"{day}.json").read_bytes()
        for day in ("2026-06-10", "2026-06-16")
    }

    def daily_papers(asked: Asked) -> Reply:
        if asked.query.get("p", "0") != "0":
            return Reply(b"[]")
        served = {"2026-06-10": days["2026-06-10"], "2026-06-11": days["2026-06-16"]}
        return Reply(served.get(asked.query["date"], b"[]"))

    web.put("/api/daily_papers", daily_papers)
    rss = inputs.require("inputs", "sources", "arxiv-rss", "arxiv_cs_cl.xml").read_bytes()
    web.put("/rss/cs.CL", rss)
    feed = inputs.require("inputs", "sources", "arxiv-api", "arxiv_transformer.xml").read_bytes()
    web.put("/blog.atom", feed)
    yield web
    web.close()


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[smtpd.Server]:
    with smtpd.running(tmp_path / "mails") as server:
        yield server


@pytest.fixture
def app(operator: Operator, sources: Web, relay: smtpd.Server) -> App:
    from newsletter.stages.sources import add_source

    operator.settings |= {
        "SMTP_URL": f"smtp://127.0.0.1:{relay.port}",
        "BASE_URL": f"http://127.0.0.1:{smtpd.free_port()}",
        # The recorded days of arXiv lie weeks before those of Hugging Face.
        "WINDOW_DAYS": "60",
    }
    app = operator.app()
    with app.sessions.begin() as session:
        add_source(session, "hf", "hf-daily", {"base_url": sources.url, "days_back": 0})
        add_source(
            session,
            "rss",
            "arxiv-rss",
            {"base_url": sources.url, "categories": ["cs.CL"], "catch_up": 0},
        )
        add_source(session, "blog", "feed", {"address": f"{sources.url}/blog.atom"})
    return app


def parsed(mail: smtpd.Mail) -> EmailMessage:
    message = email.message_from_bytes(mail.data, policy=email.policy.SMTP)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def sign_up_everybody(app: App, relay: smtpd.Server) -> None:
    """Fifty people fill in the form, get their mail, open its link and press the button."""
    port = int(app.settings.base_url.rpartition(":")[2])
    with serving(app, port), httpx2.Client(base_url=app.settings.base_url) as browser:
        for number in range(50):
            wish, muted = WISHES[number % len(WISHES)]
            answer = browser.post(
                "/subscribe",
                data={
                    "email": f"reader{number}@example.org",
                    "wishes": f"{wish}\n-{muted}",
                    "cadence": "daily" if number < 45 else "weekly",
                    "weekday": "2" if number < 48 else "0",  # 10 June 2026 is a Wednesday
                    "hour": "7" if number < 40 else "19",
                    "timezone": "UTC",
                    "max_papers": str(3 + number % 5),
                },
            )
            assert answer.status_code == 200, answer.text
        until = time.monotonic() + 30
        while len(relay.mails()) < 50 and time.monotonic() < until:
            time.sleep(0.05)
        confirmations = relay.mails()
        assert len(confirmations) == 50
        for mail in confirmations:
            link = re.search(r"http://\S+/confirm/\S+", part(parsed(mail), "plain"))
            assert link is not None
            assert browser.get(link[0]).status_code == 200
            assert browser.post(link[0]).status_code == 200
        # The clock is put forward next, and a sender that is still at work would be taken for a dead one.
        until = time.monotonic() + 30
        while _unsettled(app) and time.monotonic() < until:
            time.sleep(0.05)


def _unsettled(app: App) -> int:
    with app.sessions() as session:
        waiting = select(func.count()).select_from(Notice).where(Notice.settled_at.is_(None))
        return session.scalar(waiting) or 0


def meets(text: str, wish: str, categories: list[str]) -> bool:
    """Whether a paper has anything to do with a wish, judged without the matcher."""
    if wish.startswith("cat:"):
        return wish.removeprefix("cat:") in categories
    found = set(tokens(text))
    wanted = tokens(wish)
    return all(word in found for word in wanted) if '"' in wish else bool(found & set(wanted))


def test_one_edition_from_sign_up_to_inbox_and_the_day_after(
    app: App, relay: smtpd.Server, sources: Web
) -> None:
    with time_machine.travel(SIGN_UP, tick=True):
        sign_up_everybody(app, relay)
    with app.sessions() as session:
        assert session.scalar(select(func.count()).where(Subscriber.state == "confirmed")) == 50
        kinds = Counter(session.scalars(select(ConsentEvent.kind)))
        assert kinds == {"requested": 50, "confirmed": 50}
    with time_machine.travel(SIGN_UP + timedelta(minutes=5), tick=False):
        # Everybody is due at once, but nothing has been collected yet.
        planned, _ = app.pipeline().tick(SIGN_UP + timedelta(minutes=5))
        assert planned.skipped == {SkipReason.NOTHING_NEW: 50}
    welcomes = relay.mails()[50:]
    assert Counter(str(parsed(mail)["Subject"]) for mail in welcomes) == {
        "Welcome to Paperround": 50
    }

    with time_machine.travel(FIRST, tick=False):
        collected = app.collect(FIRST.date(), FIRST - timedelta(minutes=20))
        told = {source.name: source for source in collected.sources}
        assert not any(source.error for source in collected.sources)
        # The recorded feed of arXiv is weeks old on this day, and that is told.
        assert not collected.complete
        assert told["rss"].lacks
        planned, sent = app.pipeline().tick(FIRST)
    digests = relay.mails()[100:]
    # 40 daily readers at seven; of the weekly ones (45 to 49) all have chosen 19 o'clock.
    assert planned.planned + sum(planned.skipped.values()) == 40
    assert planned.planned == sent.outcomes.total() == len(digests) >= 36
    first_papers = check_digests(app, digests)

    unsubscribe_by_header(app, digests[0])
    with time_machine.travel(FIRST + timedelta(hours=1), tick=False):
        assert app.pipeline().tick(FIRST + timedelta(hours=1))[1].outcomes == {}
    goodbye = parsed(relay.mails()[-1])
    assert (goodbye["To"], goodbye["Subject"]) == (digests[0].to, "Your digest has ended")

    with time_machine.travel(SECOND, tick=False):
        collected = app.collect(SECOND.date(), SECOND - timedelta(minutes=20))
        app.pipeline().tick(SECOND)
        again = relay.mails()[101 + len(digests) :]
        app.pipeline().tick(SECOND)
        assert len(relay.mails()) == 101 + len(digests) + len(again)
    assert digests[0].to not in {mail.to for mail in again}
    assert len(again) > 30
    second_papers = check_digests(app, again)
    for reader, papers in second_papers.items():
        assert not papers & first_papers.get(reader, set()), "no paper comes twice"
    with app.sessions() as session:
        assert session.scalar(select(func.count(Pick.entry_id))) == session.scalar(
            select(func.count()).select_from(
                select(Pick.subscriber_id, Pick.entry_id).distinct().subquery()
            )
        )


def check_digests(app: App, mails: list[smtpd.Mail]) -> dict[str, set[str]]:
    """Every mail parses, carries its headers, and holds only what its reader wants: reader -> papers."""
    from newsletter.store.tables import Entry

    with app.sessions() as session:
        entries = {entry.url: entry for entry in session.scalars(select(Entry))}
    found: dict[str, set[str]] = {}
    ids = Counter(str(parsed(mail)["Message-ID"]) for mail in mails)
    assert max(ids.values()) == 1
    for mail in mails:
        message = parsed(mail)
        assert message.get_content_type() == "multipart/alternative"
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert max(len(line) for line in mail.data.split(b"\r\n")) <= 998
        assert b"\n" not in mail.data.replace(b"\r\n", b"")
        html, plain = part(message, "html"), part(message, "plain")
        number = int(mail.to.removeprefix("reader").partition("@")[0])
        wish, muted = WISHES[number % len(WISHES)]
        papers = {url for url in entries if f'href="{url}"' in html}
        assert papers
        assert len(papers) <= 3 + number % 5
        strangers = 0
        for url in papers:
            entry = entries[url]
            text = f"{entry.title} {entry.abstract}"
            strangers += not meets(text, wish, entry.categories)
            assert tokens(muted)[0] not in tokens(text), (mail.to, muted, entry.title)
            assert url in plain
        # What lies outside the wish says so: the one to explore, and what many talk about.
        talked_of = plain.count("much talked about just now")
        weekly = 2 if "Most discussed this week" in plain else 0  # a third of at most seven places
        apart = ("To explore" in plain) + talked_of + weekly
        assert strangers <= apart <= 4, (mail.to, wish)
        found[mail.to] = papers
    return found


def unsubscribe_by_header(app: App, mail: smtpd.Mail) -> None:
    """What a mail program does when its reader presses its own button (RFC 8058)."""
    header = parsed(mail)["List-Unsubscribe"]
    url = re.findall(r"<(https?://[^>]+)>", "".join(header.split()))[0]
    port = int(app.settings.base_url.rpartition(":")[2])
    with serving(app, port), httpx2.Client(base_url=app.settings.base_url) as client:
        for _ in range(2):
            answer = client.post(url, data={"List-Unsubscribe": "One-Click"})
            assert answer.status_code == 200
    with app.sessions() as session:
        state = session.scalar(select(Subscriber.state).where(Subscriber.email == mail.to))
    assert state == "unsubscribed"


def test_the_same_edition_twice_by_hand_sends_nothing_new(
    app: App, operator: Operator, relay: smtpd.Server
) -> None:
    from tests.operator import add_papers, add_readers

    now = datetime.now(UTC)
    add_readers(app, ["paper number"] * 3, now=now)
    add_papers(app, 4, now=now)
    with app.sessions.begin() as session:
        from newsletter.store.tables import Source

        for source in session.scalars(select(Source)):
            source.enabled = False
    first = operator.json("run")
    assert (first["planned"], first["sent"]["submitted"]) == (3, 3)
    again = operator.json("run")
    assert again["planned"] == 0
    assert len(relay.mails()) == 3
    with app.sessions() as session:
        assert session.scalar(select(func.count(Delivery.id))) == 3
