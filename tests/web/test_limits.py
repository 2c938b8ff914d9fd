"""Rate limits by network: fair to many, clear to one in a hurry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from newsletter.web.buckets import Buckets
from newsletter.web.limits import Limits

NOW = datetime(2026, 6, 10, tzinfo=UTC)


def test_a_burst_then_the_rate() -> None:
    buckets = Buckets(rate=2, burst=3)
    assert [buckets.wait("a", NOW) for _ in range(4)] == [0, 0, 0, 0.5]
    assert buckets.wait("b", NOW) == 0
    assert buckets.wait("a", NOW + timedelta(seconds=0.5)) == 0
    assert buckets.wait("a", NOW - timedelta(days=1)) > 0
    assert [buckets.wait("a", NOW + timedelta(days=1)) for _ in range(4)] == [0, 0, 0, 0.5]


@given(st.lists(st.floats(0, 5), min_size=1, max_size=60))
def test_never_more_than_the_burst_and_the_rate(pauses: list[float]) -> None:
    buckets, now, passed = Buckets(rate=2, burst=5), NOW, 0
    for pause in pauses:
        now += timedelta(seconds=pause)
        wait = buckets.wait("a", now)
        passed += not wait
        if wait:
            assert buckets.wait("a", now + timedelta(seconds=wait + 1e-3)) == 0
            now += timedelta(seconds=wait + 1e-3)
            passed += 1
    assert passed <= 5 + 2 * (now - NOW).total_seconds() + 1e-6


def test_memory_has_a_bound() -> None:
    buckets = Buckets(rate=1, burst=1)
    for number in range(50_010):
        buckets.wait(str(number), NOW)
    assert len(buckets._left) == 50_000


async def _site(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(Request(scope).url.path)(scope, receive, send)


def _refuse(_: Scope, seconds: int) -> Response:
    return PlainTextResponse(f"again in {seconds} s", 429)


def test_pages_and_searches_have_limits_of_their_own() -> None:
    now = [NOW]
    limits = Limits(_site, now=lambda: now[0], refuse=_refuse)
    client = TestClient(limits, client=("203.0.113.5", 1))
    neighbour = TestClient(limits, client=("203.0.113.6", 1))
    stranger = TestClient(limits, client=("198.51.100.5", 1))
    assert {client.get("/search?q=x").status_code for _ in range(60)} == {200}
    refused = neighbour.get("/api/v1/entries?q=x")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert stranger.get("/search?q=x").status_code == 200
    assert {client.get("/papers/arxiv:1").status_code for _ in range(240)} == {200}
    assert client.get("/").status_code == 429
    assert client.get("/feeds/day.atom").status_code == 429
    for path in ("/preferences/token", "/unsubscribe/token", "/healthz", "/static/style.css"):
        assert client.get(path).status_code == 200, path
    now[0] += timedelta(seconds=1)
    assert client.get("/").status_code == 200


def test_no_spelling_of_an_address_goes_round_them() -> None:
    limits = Limits(_site, now=lambda: NOW, refuse=_refuse)
    client = TestClient(limits, client=("203.0.113.5", 1))
    paths = ("/search?q=x", "/search%0A?q=x", "/subscribe?wishes=x", "/subscribe/preview%0A")
    assert {client.get(path).status_code for path in paths * 15} == {200}
    assert {client.get(path).status_code for path in paths} == {429}
    assert {client.get("/feeds/author/a%0Ab.atom").status_code for _ in range(240)} == {200}
    for path in ("/feeds/author/a%0Ab.atom", "/%0A", "/daily%0A"):
        assert client.get(path).status_code == 429, path
