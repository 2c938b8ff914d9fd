"""From a digest to a vote and back: a real mail, its link, the real site."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import timedelta
from pathlib import Path

import httpx2
import time_machine
from sqlalchemy import func, select

from newsletter.app import App
from newsletter.pipeline import due
from newsletter.store.tables import Delivery, Entry
from subscribers.audience import everybody
from subscribers.orm import Base
from subscribers.tables import Vote
from tests.e2e.site import serving
from tests.factories import NOW
from tests.operator import Operator, add_papers, add_readers
from tests.smtpd import free_port

LATER = NOW + timedelta(hours=3)


def planned(operator: Operator, readers: int = 1) -> tuple[App, int]:
    """An application with a planned digest for each reader, and the port of its site."""
    port = free_port()
    operator.settings["BASE_URL"] = f"http://127.0.0.1:{port}"
    app = operator.app()
    add_readers(app, ["paper number"] * readers)
    add_papers(app, 3)
    assert app.planner(NOW).plan(due(NOW)).planned == readers
    return app, port


def rows(app: App) -> dict[str, int]:
    with app.sessions() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }


def votes(app: App) -> list[tuple[str, int]]:
    with app.sessions() as session:
        return [(key, value) for key, value in session.execute(select(Vote.entry_key, Vote.value))]


def test_a_vote_from_the_mail_to_the_row_and_back(operator: Operator) -> None:
    app, port = planned(operator)
    app.sender().run()
    [mail] = Path(app.settings.outbox).glob("*.eml")
    message = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
    plain, html = (part.get_content() for part in message.iter_parts())
    links = re.findall(r"(More|Less) like this:\s+(http://\S+/vote/\S+)", plain)
    assert [word for word, _ in links] == ["More", "Less"] * 3
    assert all(f'"{link}"' in html for _, link in links)
    more, less = links[0][1], links[1][1]
    with app.sessions() as session:
        title = re.search(r"Paper number \d", plain)
        assert title
        key = session.scalar(select(Entry.key).where(Entry.title == title[0]))
    with time_machine.travel(LATER, tick=True), serving(app, port), httpx2.Client() as browser:
        before = rows(app)
        for _, link in links:
            assert browser.get(link).status_code == browser.head(link).status_code == 200
        assert title[0] in browser.get(more).text
        assert rows(app) == before
        assert browser.post(more).status_code == 200
        assert votes(app) == [(key, 1)]
        with app.sessions() as session:
            [[member]] = everybody(session, now=LATER)
        assert [(vote.entry_key, vote.value) for vote in member.votes] == [(key, 1)]
        assert member.taste_changed_at
        assert member.taste_changed_at >= LATER
        browser.post(less)
        assert votes(app) == [(key, -1)]
        assert "taken back" in browser.post(less, data={"action": "undo"}).text
        assert votes(app) == []


def test_a_mail_that_is_sent_again_has_the_same_links(operator: Operator) -> None:
    app, _ = planned(operator, readers=2)
    made = []
    for now in (NOW, NOW + timedelta(days=3)):
        with time_machine.travel(now, tick=False), app.sessions() as session:
            ids = list(session.scalars(select(Delivery.id).order_by(Delivery.id)))
            made.append([job.message.data for job in app.sender().load(session, ids)])
    assert made[0] == made[1]
    tokens = [set(re.findall(rb"\r\n([\w-]{24}\.[\w-]{22})=\r\n", data)) for data in made[0]]
    assert [len(own) for own in tokens] == [6, 6]
    assert not tokens[0] & tokens[1], "each reader has links of their own"
