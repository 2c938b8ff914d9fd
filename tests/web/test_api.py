"""The public API: what it answers, that anybody may read it, and that nothing makes it fail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from sqlalchemy import func, select
from starlette.requests import Request
from starlette.routing import Route
from starlette.testclient import TestClient

from newsletter.app import App
from newsletter.web.documents import entry_path
from newsletter.web.openapi import document
from newsletter.web.parameters import key_in
from newsletter.web.site import create
from subscribers.tables import Subscriber
from subscribers.web.body import LARGEST_BODY
from tests.factories import DAY
from tests.web.conftest import WEB_KEY


def get(client: TestClient, path: str, **query: object) -> Any:
    answer = client.get(f"/api/v1{path}", params=query or None)
    assert answer.status_code == 200, answer.text
    assert answer.headers["access-control-allow-origin"] == "*"
    return answer.json()


def keys(answer: Any) -> list[str]:
    return [entry["key"] for entry in answer["entries"]]


def test_a_search(client: TestClient) -> None:
    found = get(client, "/entries", q="transformers part", count=3)
    assert (found["total"], len(found["entries"])) == (10, 3)
    assert not found["problems"]
    more = get(client, "/entries", q="transformers part", count=50, offset=3)
    assert len({*keys(found), *keys(more)}) == 10
    assert keys(get(client, "/entries", q="org:DeepMind")) == ["arxiv:2606.00012"]
    assert get(client, "/entries")["problems"]


def test_an_entry_by_each_of_its_names(client: TestClient) -> None:
    whole = get(client, "/entries/arxiv:2606.00001")
    assert whole["keys"] == ["arxiv:2606.00001", "doi:10.1/a/b"]
    for name in ("doi:10.1/a/b", "doi:10.1%2Fa%2Fb", "2606.00001v2", "arXiv:2606.00001"):
        assert get(client, f"/entries/{name}") == whole, name
    assert whole["page"] == "https://papers.example/papers/arxiv:2606.00001"
    voted = get(client, "/entries/arxiv:2606.00002")
    assert (voted["votes"], voted["sources"]) == (40, ["arxiv-rss", "hf-daily"])
    assert [each["value"] for each in voted["attention"]["votes"]] == [40]


def test_a_key_that_is_an_address(client: TestClient) -> None:
    path = entry_path(WEB_KEY).removeprefix("/api/v1")
    whole = get(client, path)
    assert (whole["key"], whole["url"]) == (WEB_KEY, None)
    assert get(client, whole["api"].removeprefix("https://papers.example/api/v1")) == whole
    assert get(client, f"{path}/related")["key"] == WEB_KEY


def test_what_is_related(client: TestClient) -> None:
    found = get(client, "/entries/doi:10.1/a/b/related", count=3)
    assert found["key"] == "arxiv:2606.00001"
    assert len(found["related"]) == 3
    assert all(each["entry"]["key"] != found["key"] for each in found["related"])


def test_a_day(client: TestClient) -> None:
    day = get(client, f"/daily/{DAY}", count=2)
    assert (day["listed"], day["total"], len(day["entries"])) == (12, 12, 2)
    assert keys(day)[0] == "arxiv:2606.00002"
    assert day["entries"][0]["trending"]
    assert (day["before"], day["after"]) == (str(DAY - timedelta(days=1)), None)
    assert {each["source"]: each["count"] for each in day["batches"]}["Hugging Face"] == 2
    assert len(keys(get(client, f"/daily/{DAY}", source="hf-daily"))) == 2
    assert get(client, f"/daily/{DAY + timedelta(days=3)}")["quiet"] == "future"


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/daily/2026-13-01", "day"),
        ("/daily/today", "day"),
        ("/daily/9999-12-31", "day"),
        (f"/daily/{DAY}?order=best", "order"),
        (f"/daily/{DAY}?count=0", "count"),
        (f"/daily/{DAY}?count=٣", "count"),
        (f"/daily/{DAY}?category={'x' * 300}", "category"),
        ("/entries?q=x&order=trending", "order"),
        ("/entries?q=x&offset=-1", "offset"),
    ],
)
def test_what_cannot_be_taken_is_told(client: TestClient, path: str, field: str) -> None:
    answer = client.get(f"/api/v1{path}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/entries/arxiv:9999.99999", 404),
        ("GET", "/entries/%00", 404),
        ("GET", f"/entries/{'x' * 3000}", 404),
        ("GET", "/nowhere", 404),
        ("DELETE", "/entries", 405),
        ("GET", "/subscriptions", 405),
    ],
)
def test_problems(client: TestClient, method: str, path: str, status: int) -> None:
    answer = client.request(method, f"/api/v1{path}")
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "typed",
    ["x" * 10_000, 'a"b ' * 2500, '- " AND OR NOT ( ) *', "\x00\x00", "a\x00b", "-survey", '"' * 500,
     "author: cat: org: source:", "\udcff".encode("utf-8", "surrogatepass").decode("latin-1"),
     "cat:" + "a." * 400, " ".join(f"w{n}" for n in range(900)), "\N{RIGHT-TO-LEFT OVERRIDE}" * 50],
)  # fmt: skip
def test_any_search_has_a_clear_answer(client: TestClient, typed: str) -> None:
    answer = get(client, "/entries", q=typed)
    assert len(answer["query"]) <= 500
    assert answer["problems"] or answer["total"] <= 1 or answer["loose"]
    assert client.get("/search", params={"q": typed}).status_code == 200
    assert client.get("/feeds/search.atom", params={"q": typed}).status_code in {200, 422}


def test_a_second_visit_is_a_304(client: TestClient) -> None:
    for path in ("/entries?q=part", "/entries/arxiv:2606.00001", f"/daily/{DAY}", "/openapi.json",
                 "/entries/arxiv:2606.00001/related"):  # fmt: skip
        first = client.get(f"/api/v1{path}")
        have = {"if-none-match": first.headers["etag"]}
        again = client.get(f"/api/v1{path}", headers=have)
        assert (again.status_code, again.content) == (304, b""), path


def test_a_browser_may_ask_from_anywhere(client: TestClient) -> None:
    asked = {"origin": "https://other.example", "access-control-request-method": "GET"}
    answer = client.options("/api/v1/entries/arxiv:1", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    refused = client.options("/api/v1/subscriptions", headers=asked)
    assert "access-control-allow-origin" not in refused.headers or refused.status_code == 405


def _request_for(path: str) -> Request:
    raw = path.encode()
    return Request(
        {"type": "http", "raw_path": raw, "path": "", "query_string": b"", "headers": []}
    )


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=60))
def test_any_key_comes_back_from_its_address(key: str) -> None:
    request = _request_for(entry_path(key))
    assert key_in(request, "/api/v1/entries/") == key
    assert key_in(request, "/api/v1/entries/", "/related") is None
    near = _request_for(f"{entry_path(key)}/related")
    assert key_in(near, "/api/v1/entries/", "/related") == key


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40))
def test_no_key_makes_it_fail(client: TestClient, key: str) -> None:
    for path in (f"/api/v1/entries/{quote(key, safe='')}", entry_path(key) + "/related"):
        assert client.get(path).status_code in {200, 404}


def test_the_description_has_every_address(stocked: App) -> None:
    told = {
        (path.replace("{key}", "{key:path}"), method.upper())
        for path, methods in document("https://x.example", "X")["paths"].items()
        for method in methods
        if not path.endswith("/related")
    }
    served = {
        (route.path, method)
        for route in create(stocked).routes
        if isinstance(route, Route) and route.path.startswith("/api/")
        for method in route.methods or ()
        if method not in {"HEAD", "OPTIONS"}
    }
    assert told == served


WISHES = {"email": "ada@example.org", "wishes": "graph transformers"}


def people(app: App) -> int:
    with app.sessions() as session:
        return session.scalar(select(func.count()).select_from(Subscriber)) or 0


def test_signing_up(client: TestClient, stocked: App) -> None:
    first = client.post("/api/v1/subscriptions", json=WISHES)
    again = client.post(
        "/api/v1/subscriptions",
        json={
            **WISHES, "wishes": ["graphs", "author:Hinton"], "cadence": "weekly", "weekday": 2,
            "hour": 6, "timezone": "Europe/Berlin", "max_papers": 5, "length": "full", "quiet_days": 7,
        },
    )  # fmt: skip
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert "access-control-allow-origin" not in first.headers
    with stocked.sessions() as session:
        [reader] = session.scalars(select(Subscriber)).all()
        assert (reader.email, reader.state, reader.timezone) == (
            "ada@example.org", "pending", "Europe/Berlin",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({}, {"email"}),
        ({"email": "nobody"}, {"email", "wishes"}),
        (WISHES | {"hour": 24}, {"hour"}),
        (WISHES | {"hour": "7", "colour": "red"}, {"hour", "colour"}),
        (WISHES | {"timezone": "Mars/Olympus"}, {"timezone"}),
        (WISHES | {"cadence": "hourly", "topics": "x"}, {"cadence", "topics"}),
        (WISHES | {"quiet_days": 500}, {"quiet_days"}),
        ([], {""}),
    ],
)
def test_each_wrong_field_is_told(
    client: TestClient, stocked: App, sent: object, fields: set[str]
) -> None:
    before = people(stocked)
    answer = client.post("/api/v1/subscriptions", json=sent)
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == fields
    assert all(error["message"] for error in answer.json()["errors"])
    assert people(stocked) == before


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 422),
        (b"[" * 5000, "application/json", 422),
        (b'{"email": "\\ud800"}', "application/json", 422),
        (b"email=ada@example.org", "application/x-www-form-urlencoded", 415),
        (b"{}", "text/plain", 415),
        (b"x" * (LARGEST_BODY + 1), "application/json", 413),
    ],
)
def test_bodies_that_are_none(client: TestClient, body: bytes, kind: str, status: int) -> None:
    answer = client.post("/api/v1/subscriptions", content=body, headers={"content-type": kind})
    assert answer.status_code == status


def test_whatever_is_asked_is_answered_as_described(stocked: App) -> None:
    described = schemathesis.openapi.from_asgi("/api/v1/openapi.json", create(stocked))
    for found in described.get_all_operations():
        operation = found.ok()
        has_rules = bool(len(operation.query) or len(operation.body))
        for mode in GenerationMode if has_rules else [GenerationMode.POSITIVE]:

            @settings(max_examples=12, suppress_health_check=list(HealthCheck))
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: Case) -> None:
                # No schema tells which addresses, wishes and keys there are.
                case.call_and_validate(excluded_checks=[positive_data_acceptance])

            ask()


def test_who_asks_too_often_is_told_when_to_come_again(stocked: App) -> None:
    site = create(stocked)
    with TestClient(site, client=("203.0.113.5", 1)) as hasty:
        answers = [hasty.post("/api/v1/subscriptions", json=WISHES) for _ in range(13)]
        assert [answer.status_code for answer in answers] == [202] * 12 + [429]
        assert answers[-1].headers["retry-after"] == "3600"
        searches = [hasty.get("/api/v1/entries?q=graphs") for _ in range(61)]
    assert {answer.status_code for answer in searches[:60]} == {200}
    assert searches[60].status_code == 429
    assert searches[60].headers["content-type"] == "application/problem+json"
    assert searches[60].headers["retry-after"] == "1"
    with TestClient(site, client=("203.0.113.9", 1)) as neighbour:
        told = neighbour.get("/search?q=graphs", headers={"accept-language": "de"})
    assert told.status_code == 429
    assert told.headers["content-type"].startswith("text/html")
