"""The site around the people's pages: home, health, the demo's mailbox, errors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from newsletter.app import App
from newsletter.web.site import create
from tests.factories import NOW
from tests.operator import Operator, add_papers, add_readers

HOSTILE = "<script>alert(1)</script> {{ 7*7 }} {% raw %} \x07 & more"


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    operator = Operator(tmp_path, f"sqlite:///{tmp_path / 'newsletter.sqlite3'}")
    yield operator
    operator.close()


@pytest.fixture
def app(operator: Operator) -> App:
    return operator.app()


@pytest.fixture
def demo(app: App) -> Iterator[TestClient]:
    add_readers(app, ["paper number"])
    add_papers(app, 2, title=HOSTILE)
    with app.sessions.begin() as session:
        session.execute(text("UPDATE entry SET title = :title"), {"title": HOSTILE})
    from newsletter.pipeline import due

    app.planner(NOW).plan(due(NOW))
    app.sender().run()
    with TestClient(create(app, mailbox=Path(app.settings.outbox))) as client:
        yield client


@pytest.fixture
def public(app: App) -> Iterator[TestClient]:
    with TestClient(create(app), raise_server_exceptions=False) as client:
        yield client


def test_home_is_the_sign_up_form(public: TestClient) -> None:
    home = public.get("/")
    assert home.status_code == 200
    assert 'action="' in home.text
    assert 'name="email"' in home.text
    assert len(home.content) < 60_000


def test_health(public: TestClient, app: App) -> None:
    assert public.get("/healthz").json() == {"status": "ok"}
    assert public.get("/readyz").status_code == 200
    with app.sessions.begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    answer = public.get("/readyz")
    assert answer.status_code == 503
    assert "newer Paperround" in answer.json()["database"]


def test_what_is_not_there(public: TestClient) -> None:
    for path in ("/nowhere", "/mailbox", "/mailbox/x.eml", "/static/../.env", "/confirm/x/y"):
        answer = public.get(path)
        assert answer.status_code == 404, path
        assert "<h1>" in answer.text
    assert public.request("DELETE", "/subscribe").status_code == 405


def test_a_failure_is_a_page_and_tells_nothing(app: App, public: TestClient) -> None:
    with app.sessions.begin() as session:
        session.execute(text("DROP TABLE interest"))
        session.execute(text("ALTER TABLE subscriber RENAME TO gone"))
    answer = public.post("/subscribe", data={"email": "ada@example.org", "wishes": "x"})
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert "subscriber" not in answer.text.lower().replace("subscribe", "")


def test_the_mailbox_shows_mails_and_runs_nothing_of_them(demo: TestClient) -> None:
    index = demo.get("/mailbox")
    assert "1 mail, none of them sent" in index.text
    path = index.text.split('class="mail" href="')[1].partition('"')[0]
    page = demo.get(path)
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "List-Unsubscribe" in page.text
    html = demo.get(f"{path}/html")
    assert "sandbox" in html.headers["content-security-policy"]
    assert "<script" not in html.text
    assert "{{ 7*7 }}" in html.text
    assert "49" not in html.text.partition("{{ 7*7 }}")[0][-20:]
    plain = demo.get(f"{path}?as=text")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 7*7 }}" in plain.text
    assert demo.get("/mailbox/..%2f..%2fnewsletter.sqlite3").status_code == 404
    assert demo.get("/mailbox/nothing.eml").status_code == 404


def test_the_demo_leads_to_its_mailbox_and_a_real_site_does_not(
    demo: TestClient, public: TestClient
) -> None:
    assert "/mailbox" in demo.get("/").text
    assert "/mailbox" not in public.get("/").text


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/search/?q=x", "/search?q=x"),
        ("/confirm/token/", "/confirm/token"),
        ("//evil.example/", "/evil.example"),
        ("/%5Cevil.example//", "/%5Cevil.example"),
        ("/a%0d%0aSet-Cookie:b/", "/a%0D%0ASet-Cookie:b"),
    ],
)
def test_a_slash_too_many_leads_nowhere_else(public: TestClient, path: str, told: str) -> None:
    evil = {"host": "evil.example"}
    answer = public.get(f"http://testserver{path}", headers=evil, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, told)
    assert answer.headers["referrer-policy"] == "no-referrer"
