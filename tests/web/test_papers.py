"""A paper's page: by any of its names, with all that is known of it, and nothing of its text alive."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser

import httpx2
import pytest
from starlette.testclient import TestClient

from newsletter import clock
from newsletter.app import App
from newsletter.model import SummaryState
from newsletter.render.addresses import paper_path
from newsletter.store import reading, signals
from newsletter.store.summaries import text_mark
from newsletter.store.tables import Entry
from newsletter.store.written import Summary
from subscribers.tables import Subscriber, Vote
from tests.e2e.site import serving
from tests.factories import NOW, listed
from tests.operator import add_readers
from tests.web.conftest import Save

HOSTILE = "<script>alert(1)</script> {{ 7*7 }} & \"quoted\" 'more' <img src=x onerror=y>"


def test_a_paper_by_its_key(save: Save, site: TestClient) -> None:
    paper = listed(
        7, authors=("Ada Lovelace", "Emmy Noether"), organisation="Analytical Society",
        pdf_url="https://arxiv.org/pdf/2606.00007", code_url="https://github.com/a/b", votes=12,
        tldr="It weaves.", comment="12 pages",
    )  # fmt: skip
    save(paper)
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
def test_every_key_comes_back_from_its_address(app: App, save: Save) -> None:
    # By the real server: Starlette's client decodes a path twice.
    save(*(listed(n, keys=(key,), title=f"The one {n}") for n, key in enumerate(KEYS)))
    with serving(app) as base:
        for number, key in enumerate(KEYS):
            answer = httpx2.get(f"{base}{paper_path(key)}")
            assert answer.status_code == 200, key
            assert f"The one {number}" in answer.text


def test_a_proxy_that_makes_one_slash_of_two(save: Save, site: TestClient) -> None:
    save(listed(1, keys=("url:https://example.org/a",)))
    assert site.get("/papers/url:https:/example.org/a").status_code == 200


def test_other_names_lead_to_the_canonical_one(save: Save, site: TestClient) -> None:
    save(listed(1, keys=("arxiv:2606.00001", "doi:10.1/x")))
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


def test_nothing_of_a_paper_is_alive(save: Save, site: TestClient) -> None:
    save(replace(
        listed(1), title=HOSTILE, abstract=HOSTILE, authors=(HOSTILE,), categories=(HOSTILE,),
        organisation=HOSTILE, tldr=HOSTILE, comment=HOSTILE, url="javascript:alert(1)",
        pdf_url="javascript:alert(1)", code_url="data:text/html,x",
    ))  # fmt: skip
    text = site.get("/papers/arxiv:2606.00001").text
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "javascript:" not in text
    assert "{{ 7*7 }}" in text


def test_related_papers_lead_on(save: Save, site: TestClient) -> None:
    ships = [
        listed(n, title=f"Ships {n}", abstract=f"Harbour sails masts anchor {n}.") for n in (1, 2)
    ]
    bread = [listed(n, title=f"Bread {n}", abstract=f"Flour oven yeast dough {n}.") for n in (3, 4)]
    save(*ships, *bread)
    text = site.get("/papers/arxiv:2606.00001").text
    assert 'href="/papers/arxiv:2606.00002"' in text
    assert re.search(r"10 Jun 2026</time> · <span dir=.auto.>(Also by|Both speak of|About) ", text)
    assert "Bread" not in text


class Head(HTMLParser):
    """Reads what programs read of a page: its meta tags, its data, and which scripts could run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.metas: dict[str, list[str]] = {}
        self.scripts: list[str | None] = []
        self.data = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        told = dict(attributes)
        if tag == "meta" and (name := told.get("name") or told.get("property")):
            self.metas.setdefault(name, []).append(told.get("content") or "")
        if tag == "script":
            self.scripts.append(told.get("type"))
        assert "style" not in told, "style attributes are blocked"

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script":
            self.data += data.strip()


def test_programs_read_who_wrote_what_and_when(save: Save, site: TestClient) -> None:
    published = datetime(2026, 5, 30, 12, tzinfo=UTC)
    hostile = '</script><script>alert(1)</script> & "so" <b>'
    save(listed(
        1, keys=("arxiv:2606.00001", "doi:10.1/x"), title=hostile, authors=("Ada King", "Émilie du Châtelet"),
        published_at=published, pdf_url="https://arxiv.org/pdf/2606.00001", abstract="It weaves. " * 30,
    ))  # fmt: skip
    answer = site.get("/papers/arxiv:2606.00001")
    head = Head(answer.text)
    assert head.metas["citation_title"] == [hostile]
    assert head.metas["citation_author"] == ["Ada King", "Émilie du Châtelet"]
    assert head.metas["citation_publication_date"] == ["2026/05/30"]
    assert head.metas["citation_arxiv_id"] == ["2606.00001"]
    assert head.metas["citation_doi"] == ["10.1/x"]
    assert head.metas["citation_pdf_url"] == ["https://arxiv.org/pdf/2606.00001"]
    [address] = head.metas["citation_abstract_html_url"]
    assert address == "https://papers.example/papers/arxiv:2606.00001" == head.metas["og:url"][0]
    assert head.metas["og:title"] == [hostile]
    assert 0 < len(head.metas["description"][0]) <= 300
    # Only data, which no browser runs.
    assert head.scripts == ["application/ld+json"]
    linked = json.loads(head.data)
    assert linked["headline"] == hostile
    assert linked["author"][1] == {"@type": "Person", "name": "Émilie du Châtelet"}
    assert "script-src" not in answer.headers["content-security-policy"]


def test_bibtex_on_the_page_and_as_a_file(save: Save, site: TestClient) -> None:
    save(listed(1, title="Weaving"))
    page = unescape(site.get("/papers/arxiv:2606.00001").text)
    file = site.get("/papers/arxiv:2606.00001.bib")
    assert file.headers["content-type"].startswith("application/x-bibtex")
    assert file.text.startswith("@misc{lovelace2026weaving,")
    assert file.text in page


def test_what_a_model_wrote_is_marked(app: App, save: Save, site: TestClient) -> None:
    save(listed(1))
    assert "Machine-made" not in site.get("/papers/arxiv:2606.00001").text
    with app.sessions.begin() as session:
        entry = session.query(Entry).one()
        parts = {
            "tldr": "In short.",
            "overview": "All of it.",
            "critical_analysis": "But <b>why</b>?",
        }
        session.add(Summary(
            entry_id=entry.id, text_mark=text_mark(entry.title, entry.abstract),
            state=SummaryState.WRITTEN, model="tiny-model", parts=parts, settled_at=NOW,
        ))  # fmt: skip
    text = site.get("/papers/arxiv:2606.00001").text
    for told in ("Machine-made", "tiny-model", "Overview", "All of it.", "Critical analysis"):
        assert told in text
    assert "But &lt;b&gt;why&lt;/b&gt;?" in text
    assert "Plain English" not in text


def test_attention_is_drawn_and_said(app: App, save: Save, site: TestClient) -> None:
    save(listed(1, votes=3))
    with app.sessions.begin() as session:
        entry_id = reading.ids_by_key(session, ["arxiv:2606.00001"])["arxiv:2606.00001"]
        signals.record(session, {(entry_id, "votes"): 41}, NOW + timedelta(days=2))
    text = site.get("/papers/arxiv:2606.00001").text
    assert 'aria-label="Upvotes: from 3 on 10 Jun 2026 to 41 on ' in text
    assert '<svg role="img"' in text


def test_a_withdrawn_paper_says_so(save: Save, site: TestClient) -> None:
    save(listed(1, withdrawn=True))
    assert "Withdrawn." in site.get("/papers/arxiv:2606.00001").text


def test_more_like_this_fills_in_the_form(save: Save, site: TestClient) -> None:
    save(
        listed(1),
        listed(2, keys=("url:https://example.org/a",), title="Ships, and sails"),
        listed(3, keys=("doi:10.1234/sails.7",)),
    )
    for key, wish in (
        ("arxiv:2606.00001", "arxiv:2606.00001"),
        ("doi:10.1234/sails.7", "doi:10.1234/sails.7"),
        ("url:https://example.org/a", "Ships and sails"),
    ):
        text = site.get(paper_path(key)).text
        found = re.search(r'href="(/subscribe\?(?:wishes|seed)=[^"]+)"', text)
        assert found
        form = site.get(unescape(found[1]))
        assert re.search(rf">\s*{re.escape(wish)}</textarea>", form.text)


def votes_on(app: App, key: str) -> tuple[str, str]:
    """The two vote tokens of the one reader for a paper."""
    with app.sessions() as session:
        who = session.query(Subscriber).one()
        entry_id = reading.ids_by_key(session, [key])[key]
        made = app.signer.make_votes(who.id, who.links_version, [entry_id], now=clock.now())
        return made[entry_id]


def test_a_reader_who_came_by_their_link_can_vote(app: App, save: Save, site: TestClient) -> None:
    add_readers(app, ["ships"])
    save(listed(1), listed(2))
    more, less = votes_on(app, "arxiv:2606.00001")
    answer = site.get(f"/papers/arxiv:2606.00001?v={more}")
    assert answer.headers["cache-control"] == "no-store"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert f'action="/vote/{more}"' in answer.text
    assert f'action="/vote/{less}"' in answer.text
    with app.sessions() as session:
        assert not session.query(Vote).count(), "looking is no vote"
    voted = site.post(f"/vote/{more}").text
    assert f'href="/papers/arxiv%3A2606.00001?v={more}"' in voted
    stands = site.get(f"/papers/arxiv:2606.00001?v={less}").text
    assert "You asked for more like this" in stands
    assert 'name="action" value="undo"' in stands


def test_other_tokens_show_what_everybody_sees(app: App, save: Save, site: TestClient) -> None:
    add_readers(app, ["ships"])
    save(listed(1), listed(2))
    more, _less = votes_on(app, "arxiv:2606.00002")
    for token in (more, "", "x.y", more[:-1], "é"):
        answer = site.get("/papers/arxiv:2606.00001", params={"v": token})
        assert answer.status_code == 200
        assert "/vote/" not in answer.text
        assert "noindex" not in answer.headers.get("x-robots-tag", "")
    revoked = votes_on(app, "arxiv:2606.00001")[0]
    with app.sessions.begin() as session:
        session.query(Subscriber).one().links_version += 1
    assert "/vote/" not in site.get(f"/papers/arxiv:2606.00001?v={revoked}").text


def test_a_second_visit_costs_a_304(save: Save, site: TestClient) -> None:
    save(listed(1))
    first = site.get("/papers/arxiv:2606.00001")
    again = site.get("/papers/arxiv:2606.00001", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    save(listed(1, votes=99), name="others")
    changed = site.get("/papers/arxiv:2606.00001", headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200


def test_a_page_stays_small(save: Save, site: TestClient) -> None:
    authors = tuple(f"Somebody With A Long Name {n}" for n in range(3000))
    save(listed(1, authors=authors, abstract="A long sentence about ships. " * 300))
    answer = site.get("/papers/arxiv:2606.00001")
    style = site.get("/static/style.css")
    assert len(answer.content) + len(style.content) < 80_000
    assert "and 2800 more" in answer.text
