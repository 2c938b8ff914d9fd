"""The people's pages over the whole site: scanners, cookies, logs, races, and what is left of the erased."""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from starlette.testclient import TestClient

from newsletter import clock
from newsletter.app import App
from newsletter.model import DeliveryState
from newsletter.pipeline import due
from newsletter.store.tables import Delivery
from newsletter.web.site import create
from subscribers.address import parse_address
from subscribers.consent import State
from subscribers.preferences import read_preferences
from subscribers.profile import to_text
from subscribers.tables import ConsentEvent, Subscriber
from subscribers.tokens import ABOUT_ONE_THING, Purpose
from tests import smtpd
from tests.operator import Operator, add_papers, add_readers
from tests.subscribers.support import dump

SITE = "https://papers.example"
PAGES = ("preferences", "move", "links", "erase", "data", "unsubscribe", "vote", "pause", "digest",
         "address", "undo", "confirm", "fresh", "stay")  # fmt: skip
EVIL = "\"'><script>alert(1)</script>{{ 7*7 }}"


@pytest.fixture
def client(app: App) -> Iterator[TestClient]:
    yield TestClient(create(app), base_url=SITE, follow_redirects=False)
    settle()


def settle() -> None:
    """Waits for the mails that leave after an answer."""
    for thread in threading.enumerate():
        if thread.name == "notices":
            thread.join(30)


def mailed(app: App, readers: int = 2) -> None:
    """Readers with a digest in the outbox."""
    now = clock.now()
    add_readers(app, ["paper number"] * readers, now=now)
    add_papers(app, 4, now=now)
    assert app.planner(now).plan(due(now)).planned == readers
    app.sender().run()


def links(app: App) -> list[str]:
    """Every address of ours in every part and header of every mail."""
    found: set[str] = set()
    for path in Path(app.settings.outbox).glob("*.eml"):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        texts = [str(value) for value in mail.values()]
        texts += [
            part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"
        ]
        for text in texts:
            found.update(re.findall(rf"{SITE}(/[^\s\"<>)]*)", text))
    return sorted(found)


def dumped(app: App) -> object:
    with app.sessions() as session:
        return dump(session)


def preferences(app: App, person: int = 1, version: int = 1) -> str:
    token = app.signer.make(Purpose.PREFERENCES, person, version, now=clock.now())
    return f"/preferences/{token}"


def test_scanners_that_open_every_link_of_every_mail_change_nothing(
    app: App, client: TestClient
) -> None:
    mailed(app)
    form = {"email": "new@example.org", "wishes": "graphs", "cadence": "daily", "hour": "7"}
    client.post("/preferences", data={"email": "reader1@example.org"})
    page = preferences(app)
    client.post(page.replace("preferences", "move"), data={"email": "other@example.org"})
    client.post(page, data=form | {"wishes": "more papers"})
    settle()
    app.notices().run()
    every = links(app)
    kinds = {path.split("/")[1] for path in every}
    assert {"preferences", "unsubscribe", "vote", "pause", "digest", "address"} <= kinds
    before = dumped(app)
    for path in [
        *every,
        *(path.replace("preferences", page) for path in every for page in PAGES[:5]),
    ]:
        for method in ("HEAD", "GET", "OPTIONS"):
            answer = client.request(method, path)
            assert answer.status_code < 500
            assert "set-cookie" not in answer.headers
    assert dumped(app) == before


def test_no_page_knows_a_cookie_and_none_sends_elsewhere(app: App, client: TestClient) -> None:
    mailed(app)
    for path in [*links(app), *PAGES, "/", "/subscribe", "/healthz"]:
        for method in ("GET", "POST"):
            answer = client.request(
                method, path, headers={"cookie": "session=fixed", "referer": "https://evil.example"}
            )
            assert "set-cookie" not in answer.headers
            assert not 300 <= answer.status_code < 400
            if answer.headers.get("content-type", "").startswith("text/html"):
                assert answer.headers["referrer-policy"] == "no-referrer"
                assert not re.search(r'(?:src|action)="(?:https?:)?//', answer.text)


def test_every_field_of_the_preferences_is_text_wherever_it_is_shown(
    app: App, client: TestClient
) -> None:
    mailed(app, 1)
    page = preferences(app)
    names = ("wishes", "people", "organisations", "seeds", "muted", "rest", "was", "forget", "sources",
             "parts", "topics", "categories", "timezone", "hour", "paused_until", "length", "action")  # fmt: skip
    for name in names:
        for answer in (client.post(page, data={name: EVIL}), client.get(page)):
            assert "<script>alert" not in answer.text
            assert "49" not in re.sub(r"<[^>]*>", "", answer.text).split()
    planner = app.planner(clock.now() + timedelta(days=1))
    planner.plan(due(clock.now() + timedelta(days=1)))
    app.sender().run()
    for path in Path(app.settings.outbox).glob("*.eml"):
        assert b"<script>alert" not in path.read_bytes()


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_token_but_the_right_one_opens_anything(
    app: App, client: TestClient, data: st.DataObject
) -> None:
    with app.sessions() as session:
        known = session.scalar(select(Subscriber.id))
    if known is None:
        mailed(app, 2)
    purpose = data.draw(st.sampled_from([p for p in Purpose if p is not Purpose.VOTE]))
    about = 1 if purpose in ABOUT_ONE_THING else None
    now = clock.now()
    token = app.signer.make(purpose, data.draw(st.integers(1, 3)), 1, now=now, about=about)
    at = data.draw(st.integers(0, len(token) - 1))
    forged = data.draw(
        st.one_of(
            st.just(token[:at]),
            st.text(alphabet="AZaz09-_.~é%\u202e", max_size=60),
            st.characters(exclude_characters="/?#%" + token[at], exclude_categories=["C"]).map(
                lambda letter: token[:at] + letter + token[at + 1 :]
            ),
        )
    )
    before = dumped(app)
    for page in PAGES:
        for method in ("GET", "POST"):
            answer = client.request(method, f"/{page}/{forged}")
            assert answer.status_code in {404, 405, 307, 200} - (
                {200} if forged.strip("./") else set()
            )
            assert "reader0@" not in answer.text
    others = {page: p for page, p in OPENED.items() if p is not purpose}
    for page in others:  # the token itself, for what it was not made
        assert client.request("POST", f"/{page}/{token}").status_code == 404
    assert dumped(app) == before


OPENED = {
    "preferences": Purpose.PREFERENCES,
    "move": Purpose.PREFERENCES,
    "erase": Purpose.PREFERENCES,
    "links": Purpose.PREFERENCES,
    "fresh": Purpose.PREFERENCES,
    "unsubscribe": Purpose.UNSUBSCRIBE,
    "stay": Purpose.UNSUBSCRIBE,
    "vote": Purpose.VOTE,
    "pause": Purpose.PAUSE,
    "address": Purpose.ADDRESS,
    "undo": Purpose.UNDO,
    "confirm": Purpose.CONFIRM,
}


def test_two_presses_of_the_confirmation_at_once_are_one(app: App, client: TestClient) -> None:
    add_readers(app, ["paper number"])
    with app.sessions.begin() as session:
        person = session.get_one(Subscriber, 1)
        person.state, person.next_send_at = State.PENDING, None
    token = app.signer.make(Purpose.CONFIRM, 1, 1, now=clock.now())
    at_once = threading.Barrier(4)

    def press(_: int) -> int:
        at_once.wait()
        return client.post(f"/confirm/{token}").status_code

    with ThreadPoolExecutor(4) as four:
        assert list(four.map(press, range(4))) == [200] * 4
    with app.sessions() as session:
        kinds = list(session.scalars(select(ConsentEvent.kind)))
        assert kinds.count("confirmed") == 1
        assert session.get_one(Subscriber, 1).state == State.CONFIRMED
    outbox, until = Path(app.settings.outbox), time.monotonic() + 20
    while not list(outbox.glob("welcome*.eml")):  # it is sent after the answer
        assert time.monotonic() < until
        time.sleep(0.02)
    assert len(list(outbox.glob("welcome*.eml"))) == 1


def test_preferences_saved_from_two_tabs_at_once_are_both_saved(
    app: App, client: TestClient
) -> None:
    add_readers(app, ["paper number\n-survey"])
    page = preferences(app)
    was = re.search(r'name="was" value="([^"]+)"', client.get(page).text)[1].replace("&amp;", "&")
    changes = [{"hour": "9"}, {"max_papers": "3"}, {"wishes": "graphs"}, {"muted": "maps"}]
    at_once = threading.Barrier(len(changes))

    def save(change: dict[str, str]) -> int:
        shown = {"hour": was.partition("hour=")[2].partition("&")[0], "max_papers": "10"}
        at_once.wait()
        sent = {"was": was, "parts": ["followed", "trending", "away", "revised", "explore"]}
        return client.post(page, data=sent | shown | change).status_code

    with ThreadPoolExecutor(len(changes)) as tabs:
        assert list(tabs.map(save, changes)) == [200] * len(changes)
    with app.sessions() as session:
        saved = read_preferences(session.get_one(Subscriber, 1))
    assert (saved.schedule.hour, saved.max_papers) == (9, 3)
    assert sorted(to_text(saved.profile).splitlines()) == [
        "-maps",
        "-survey",
        "graphs",
        "paper number",
    ]


def test_who_leaves_while_an_edition_runs_gets_nothing_that_had_not_begun(
    operator: Operator, tmp_path: Path
) -> None:
    with smtpd.running(tmp_path / "mails", "--delay", "0.02") as server:
        operator.settings |= {
            "SMTP_URL": f"smtp://127.0.0.1:{server.port}",
            "SMTP_CONNECTIONS": "1",
        }
        app = operator.app()
        now = clock.now()
        add_readers(app, ["paper number"] * 60, now=now)
        add_papers(app, 2, now=now)
        app.planner(now).plan(due(now))
        sender = threading.Thread(target=app.sender().run)
        client = TestClient(create(app), base_url=SITE)
        sender.start()
        until = time.monotonic() + 20
        while not states(app, DeliveryState.SUBMITTED):
            assert time.monotonic() < until
            time.sleep(0.005)
        left = range(60, 52, -1)
        for person in left:
            way_out = app.signer.make(Purpose.UNSUBSCRIBE, person, 1, now=now)
            body = {"List-Unsubscribe": "One-Click"}
            assert client.post(f"/unsubscribe/{way_out}", data=body).status_code == 200
        sender.join()
        settle()
        assert states(app, DeliveryState.SKIPPED) == sorted(left)
        assert len(states(app, DeliveryState.SUBMITTED)) == 52


def states(app: App, state: DeliveryState) -> list[int]:
    with app.sessions() as session:
        asked = select(Delivery.subscriber_id).where(Delivery.state == state)
        return sorted(session.scalars(asked))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_of_the_erased_no_byte_is_left(
    operator: Operator, client: TestClient, app: App, capfd: pytest.CaptureFixture[str]
) -> None:
    name, address = b"Marguerite.Zyx", "Marguerite.Zyx@qwertz-analytics.example.org"
    answer = client.post("/subscribe", data={"email": address, "wishes": "paper number",
        "cadence": "daily", "hour": "7", "timezone": "UTC", "max_papers": "5", "length": "short"})  # fmt: skip
    add_readers(app, ["paper number"])
    add_papers(app, 3, now=clock.now())
    with app.sessions.begin() as session:
        person = session.scalars(
            select(Subscriber).where(Subscriber.address_hash == parse_address(address).hash)
        ).one_or_none()
        assert person is not None, answer.text
        id_ = person.id
    client.post(f"/confirm/{app.signer.make(Purpose.CONFIRM, id_, 1, now=clock.now())}")
    page = preferences(app, id_)
    client.post(page.replace("preferences", "move"), data={"email": f"new.{address}"})
    client.post(page, data={"people": "Marguerite Zyx"})
    app.planner(clock.now()).plan(due(clock.now()))
    app.sender().run()
    odd = f"From: postmaster@relay.example\nSubject: ?\n\nNot known here: {address}\n"
    app.intake().take(odd.encode(), way="file")
    file = Path(operator.database_url.removeprefix("sqlite:///"))
    assert found(file, name)
    assert client.post(page.replace("preferences", "erase")).status_code == 200
    assert client.get(page).status_code == 404
    settle()
    app.engine.dispose()
    with sqlite3.connect(file) as connection:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    for said in (name, b"qwertz-analytics", b"Marguerite Zyx"):
        assert not found(file, said)
    out, err = capfd.readouterr()
    for said in ("zyx", "qwertz"):
        assert said not in (out + err).lower()


def found(file: Path, said: bytes) -> bool:
    """Whether a text stands, in whatever case, in a database or beside it."""
    parts = [path for path in file.parent.glob(f"{file.name}*") if path.is_file()]
    return any(said.lower() in path.read_bytes().lower() for path in parts)


@pytest.mark.enable_socket
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_token_stands_in_what_the_server_says(operator: Operator, app: App) -> None:
    add_readers(app, ["paper number"])
    port = smtpd.free_port()
    operator.settings["LOG_LEVEL"] = "debug"
    server = operator.start("serve", "--host", "127.0.0.1", "--port", str(port))
    try:
        base, until = f"http://127.0.0.1:{port}", time.monotonic() + 30
        while True:
            try:
                httpx2.get(f"{base}/healthz")
                break
            except httpx2.TransportError:
                assert time.monotonic() < until
                time.sleep(0.1)
        page = preferences(app)
        for path in (page, page[:-1], page.replace("preferences", "data"), f"{page}/x"):
            httpx2.get(base + path)
        httpx2.post(base + page, data={"wishes": "graphs"}, timeout=60)
        httpx2.post(base + page, content=b"\xff", headers={"content-type": "multipart/form-data"})
    finally:
        server.terminate()
        out, err = server.communicate(timeout=30)
    token = page.rpartition("/")[2]
    assert token[:20] not in out + err
    assert token.partition(".")[2][:20] not in out + err
