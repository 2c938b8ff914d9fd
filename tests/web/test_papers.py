"""A paper's page: by any of its names, with all that is known of it, and nothing of its text alive."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from starlette.testclient import TestClient

from newsletter.app import App
from newsletter.model import Listed
from newsletter.render.addresses import paper_path
from newsletter.store import entries, sources
from newsletter.web.site import create
from tests.e2e.site import serving
from tests.factories import NOW, listed
from tests.operator import Operator

HOSTILE = "<script>alert(1)</script> {{ 7*7 }} & \"quoted\" 'more' <img src=x onerror=y>"


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    operator = Operator(tmp_path, f"sqlite:///{tmp_path / 'newsletter.sqlite3'}")
    yield operator
    operator.close()


@pytest.fixture
def app(operator: Operator) -> App:
    return operator.app()


@pytest.fixture
def site(app: App) -> Iterator[TestClient]:
    with TestClient(create(app), follow_redirects=False) as client:
        yield client


def save(app: App, *papers: Listed) -> None:
    with app.sessions.begin() as session:
        known = [each.id for each in sources.all_sources(session)]
        source = known[0] if known else sources.add(session, "papers", "samples", {}).id
        entries.save(session, source, papers, NOW - timedelta(minutes=30))


def test_a_paper_by_its_key(app: App, site: TestClient) -> None:
    paper = listed(
        7, authors=("Ada Lovelace", "Emmy Noether"), organisation="Analytical Society",
        pdf_url="https://arxiv.org/pdf/2606.00007", code_url="https://github.com/a/b", votes=12,
        tldr="It weaves.", comment="12 pages",
    )  # fmt: skip
    save(app, paper)
    answer = site.get("/papers/arxiv:2606.00007")
    assert answer.status_code == 200
    for told in (
        *("Paper number 7", "Ada Lovelace", "Emmy Noether", "Analytical Society", "cs.CL"),
        *("12 upvotes", "What paper number 7 is about.", "It weaves.", "TL;DR from the source"),
        *("https://arxiv.org/pdf/2606.00007", "https://github.com/a/b", "12 pages"),
    ):
        assert told in answer.text, told


KEYS = [
    "arxiv:2606.00001",
    "arxiv:math/0309136",
    "doi:10.1000/x(1)<2>#3?4%20",
    "url:https://example.org/a/b%20c?d=e&f=%2F",
    "url:https://example.org/refs.bib",
]


@pytest.mark.enable_socket
def test_every_key_comes_back_from_its_address(app: App) -> None:
    # By the real server: Starlette's client decodes a path twice.
    save(app, *(listed(n, keys=(key,), title=f"The one {n}") for n, key in enumerate(KEYS)))
    with serving(app) as base:
        for number, key in enumerate(KEYS):
            answer = httpx2.get(f"{base}{paper_path(key)}")
            assert answer.status_code == 200, key
            assert f"The one {number}" in answer.text


def test_a_proxy_that_makes_one_slash_of_two(app: App, site: TestClient) -> None:
    save(app, listed(1, keys=("url:https://example.org/a",)))
    assert site.get("/papers/url:https:/example.org/a").status_code == 200


def test_other_names_lead_to_the_canonical_one(app: App, site: TestClient) -> None:
    save(app, listed(1, keys=("arxiv:2606.00001", "doi:10.1/x")))
    for name in ("doi:10.1/x", "2606.00001", "2606.00001v3", "ARXIV:2606.00001"):
        answer = site.get(f"/papers/{name}")
        assert answer.status_code == 301, name
        assert answer.headers["location"] == "/papers/arxiv:2606.00001"


@pytest.mark.parametrize(
    "name", ["arxiv:2606.99999", "x", "%00", "a" * 5000, "url:https://x/%ED%A0%80"]
)
def test_an_unknown_paper(site: TestClient, name: str) -> None:
    answer = site.get(f"/papers/{name}")
    assert answer.status_code == 404
    assert "We do not know this paper" in answer.text


def test_nothing_of_a_paper_is_alive(app: App, site: TestClient) -> None:
    save(app, replace(
        listed(1), title=HOSTILE, abstract=HOSTILE, authors=(HOSTILE,), categories=(HOSTILE,),
        organisation=HOSTILE, tldr=HOSTILE, comment=HOSTILE, url="javascript:alert(1)",
        pdf_url="javascript:alert(1)", code_url="data:text/html,x",
    ))  # fmt: skip
    text = site.get("/papers/arxiv:2606.00001").text
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "javascript:" not in text
    assert "{{ 7*7 }}" in text


def test_related_papers_lead_on(app: App, site: TestClient) -> None:
    ships = [
        listed(n, title=f"Ships {n}", abstract=f"Harbour sails masts anchor {n}.") for n in (1, 2)
    ]
    bread = [listed(n, title=f"Bread {n}", abstract=f"Flour oven yeast dough {n}.") for n in (3, 4)]
    save(app, *ships, *bread)
    text = site.get("/papers/arxiv:2606.00001").text
    assert 'href="/papers/arxiv:2606.00002"' in text
    assert re.search(r"10 Jun 2026</time> · <span dir=.auto.>(Also by|Both speak of|About) ", text)
    assert "Bread" not in text
