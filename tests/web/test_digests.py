"""The mail in the browser, by the link at its foot."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from newsletter import clock
from newsletter.app import App
from newsletter.pipeline import due
from newsletter.stages.letters import DigestLetters
from newsletter.store.engine import reading
from newsletter.store.tables import Delivery
from newsletter.web.site import create
from subscribers.length import Length
from subscribers.tables import Subscriber
from subscribers.tokens import Purpose
from tests.factories import NOW
from tests.operator import add_papers, add_readers
from tests.render.letters import Outline


@pytest.fixture
def planned(app: App, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=2))
    add_readers(app, ["paper number", "paper number"])
    add_papers(app, 3)
    app.planner(NOW).plan(due(NOW))
    return app


def letters(app: App):
    with reading(app.sessions)() as session:
        ids = session.scalars(select(Delivery.id).order_by(Delivery.id)).all()
        return [each for _, each in DigestLetters(app.renderer(), app.links).letters(session, ids)]


def path(url: str) -> str:
    return url.removeprefix("https://papers.example")


def test_it_says_what_the_mail_says(planned: App) -> None:
    client = TestClient(create(planned), base_url="https://papers.example")
    for letter in letters(planned):
        answer = client.get(path(letter.reader.web_url))
        assert answer.status_code == 200
        mailed = Outline(planned.renderer().digest_preview(letter).html)
        shown = Outline(answer.text)
        assert shown.text == mailed.text
        foreign = [link for link in mailed.links if "papers.example" not in link]
        assert [link for link in shown.links if "papers.example" not in link] == foreign
        assert answer.headers["cache-control"] == "no-store"
        assert "noindex" in answer.headers["x-robots-tag"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("length", list(Length))
def test_whoever_is_passed_the_link_can_do_nothing_with_it(planned: App, length: Length) -> None:
    with planned.sessions.begin() as session:
        for row in session.scalars(select(Delivery)):
            row.context = {**row.context, "length": length.value}
    client = TestClient(create(planned), base_url="https://papers.example")
    for letter in letters(planned):
        answer = client.get(path(letter.reader.web_url))
        ours = {link for link in Outline(answer.text).links if "papers.example" in link}
        public = {link for link in ours if urlsplit(link).path.startswith("/papers/")}
        assert ours - public == {"https://papers.example/preferences"}
        assert not any(urlsplit(link).query for link in public)
        assert letter.reader.email not in answer.text
        assert "More like this" not in answer.text


def test_nobody_reads_anybody_elses(planned: App) -> None:
    client = TestClient(create(planned), base_url="https://papers.example")
    mine, other = letters(planned)
    sign = planned.signer.make
    foreign = [
        sign(Purpose.DIGEST, 1, 1, now=NOW, about=other.delivery_id),
        sign(Purpose.DIGEST, 1, 2, now=NOW, about=mine.delivery_id),
        sign(Purpose.DIGEST, 1, 1, now=NOW, about=4711),
        sign(Purpose.DIGEST, 1, 1, now=NOW - timedelta(days=60), about=mine.delivery_id),
        path(mine.reader.pause_url).rpartition("/")[2],
        "x",
    ]
    answers = {client.get(f"/digest/{token}").text for token in foreign}
    assert len(answers) == 1
    assert all(client.get(f"/digest/{token}").status_code == 404 for token in foreign)


def test_what_was_not_sent_is_not_shown(planned: App) -> None:
    client = TestClient(create(planned), base_url="https://papers.example")
    (mine, _) = letters(planned)
    with planned.sessions.begin() as session:
        session.execute(update(Delivery).values(state="skipped"))
    assert client.get(path(mine.reader.web_url)).status_code == 404
    with planned.sessions.begin() as session:
        session.execute(update(Subscriber).values(links_version=2))
    assert client.get(path(mine.reader.web_url)).status_code == 404
