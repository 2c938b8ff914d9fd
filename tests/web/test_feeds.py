"""Feeds, the map of the site, the form for frames: valid, read back by others, alive nowhere."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from sqlalchemy import update
from starlette.testclient import TestClient

from newsletter.app import App
from newsletter.model import Summary, SummaryKind
from newsletter.render.addresses import paper_path
from newsletter.render.feeds import ATOM, Feed, atom, json_feed
from newsletter.store import mapping
from newsletter.store.tables import Entry
from tests.factories import NOW, entry
from tests.web.conftest import WEB_KEY

FEEDS = ["/feeds/daily", "/feeds/category/cs.CL", "/feeds/author/Ada%20Lovelace",
         "/feeds/organisation/DeepMind", "/feeds/search"]  # fmt: skip
SITE = "https://papers.example"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def read(client: TestClient, path: str) -> Any:
    """A feed as feedparser reads it, after the rules of RFC 4287 were looked at."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/atom+xml")
    assert answer.headers["access-control-allow-origin"] == "*"
    check(answer.content)
    found = feedparser.parse(answer.content)
    assert not found.bozo, found.get("bozo_exception")
    return found


def check(body: bytes) -> None:
    """What RFC 4287 wants of a feed and of each entry (sections 4.1.1 and 4.1.2)."""
    root = etree.fromstring(body)
    assert root.tag == f"{{{ATOM}}}feed"
    for node in (root, *root.findall(f"{{{ATOM}}}entry")):
        for name in ("id", "title", "updated"):
            assert len(node.findall(f"{{{ATOM}}}{name}")) == 1, name
        updated = node.findtext(f"{{{ATOM}}}updated")
        assert datetime.strptime(str(updated), "%Y-%m-%dT%H:%M:%S%z").tzinfo == UTC
        kinds = [(x.get("rel"), x.get("type")) for x in node.findall(f"{{{ATOM}}}link")]
        assert len(kinds) == len(set(kinds))
        assert ("alternate", "text/html") in kinds
    assert len(root.findall(f"{{{ATOM}}}link[@rel='self']")) == 1
    assert len(root.findall(f"{{{ATOM}}}author")) == 1
    ids = [each.text for each in root.iterfind(f"{{{ATOM}}}entry/{{{ATOM}}}id")]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", FEEDS)
def test_a_feed_is_read_back_in_both_forms(client: TestClient, path: str) -> None:
    query = "?q=transformers" if "search" in path else ""
    found = read(client, f"{path}.atom{query}")
    answer = client.get(f"{path}.json{query}")
    assert answer.headers["content-type"] == "application/feed+json"
    said = answer.json()
    assert said["version"] == "https://jsonfeed.org/version/1.1"
    assert [each["id"] for each in said["items"]] == [each.id for each in found.entries]
    assert [each["title"] for each in said["items"]] == [each.title for each in found.entries]
    assert [each["content_text"] for each in said["items"]] == [
        each.content[0].value for each in found.entries
    ]
    assert found.feed.links[0].href == f"{SITE}{path}.atom{query}"
    assert said["feed_url"] == f"{SITE}{path}.json{query}"
    assert found.entries


def test_the_day_is_the_day(client: TestClient) -> None:
    day = client.get("/api/v1/daily/2026-06-10").json()
    found = read(client, "/feeds/daily.atom")
    assert [each.id for each in found.entries] == [each["page"] for each in day["entries"]]
    assert [each.title for each in found.entries] == [each["title"] for each in day["entries"]]
    assert found.feed.links[1].href == f"{SITE}/daily/2026-06-10"
    first = found.entries[0]
    assert first.published_parsed[:5] == (2026, 6, 10, 6, 30)
    assert [author.name for author in first.authors] == ["Ada Lovelace"]
    assert [tag.term for tag in first.tags] == ["cs.CL"]


def test_hostile_texts_are_texts(client: TestClient) -> None:
    found = read(client, "/feeds/organisation/DeepMind.atom")
    [paper] = found.entries
    assert paper.title_detail.type == "text/plain"
    assert paper.title.startswith("<script>alert(1)</script> {{ 7*7 }} ]]> &amp;")
    assert "\x07" not in paper.title
    assert paper.authors[0].name == "<b>Eve</b>"
    post = next(
        each for each in read(client, "/feeds/daily.atom").entries if each.title == "A post"
    )
    assert [link.rel for link in post.links] == ["alternate"]
    assert post.link == f"{SITE}{paper_path(WEB_KEY)}"


@settings(max_examples=40)
@given(title=st.text(max_size=40), name=st.text(max_size=20), key=st.text(min_size=1, max_size=30))
def test_any_text_makes_a_valid_feed(title: str, name: str, key: str) -> None:
    paper = entry(title=title, authors=(name,), categories=(name,), key=f"url:https://{key}")
    feed = Feed(
        title=title, address=f"{SITE}/feeds/x.atom", page=SITE, site="S", base_url=SITE,
        papers=[(paper, Summary(title, SummaryKind.EXTRACT))],
    )  # fmt: skip
    check(atom(feed))
    assert len(feedparser.parse(atom(feed)).entries) == 1
    [item] = json.loads(json_feed(feed))["items"]
    assert item["id"].isascii()


def test_a_feed_of_nothing(client: TestClient) -> None:
    assert read(client, "/feeds/author/Nobody%20Atall.atom").entries == []
    for path in (
        "/feeds/search.atom",
        "/feeds/author/%00.atom",
        f"/feeds/category/{'x' * 300}.json",
    ):
        answer = client.get(path)
        assert answer.status_code == 422, path
        assert answer.headers["content-type"] == "application/problem+json"
    assert client.get("/feeds/none.atom").status_code == 404


def test_a_reader_that_comes_again_gets_a_304(client: TestClient) -> None:
    for path in ("/feeds/daily.atom", "/sitemap.xml", "/robots.txt", "/opensearch.xml"):
        tag = client.get(path).headers["etag"]
        assert client.get(path, headers={"if-none-match": tag}).status_code == 304, path


def addresses(client: TestClient, path: str) -> list[str]:
    answer = client.get(path)
    assert answer.headers["content-type"].startswith("application/xml")
    return [str(each.text) for each in etree.fromstring(answer.content).iter(f"{MAP}loc")]


def test_the_map_has_every_paper(client: TestClient) -> None:
    found = addresses(client, "/sitemap.xml")
    assert found[0] == f"{SITE}/"
    assert len(found) == 1 + 13
    assert f"{SITE}{paper_path(WEB_KEY)}" in found
    for each in found:
        if "%25" not in each:  # which the test client would decode twice
            assert client.get(each.removeprefix(SITE)).status_code == 200, each


def test_a_large_map_is_in_parts(
    client: TestClient, stocked: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapping, "STRETCH", 5)
    parts = addresses(client, "/sitemap.xml")
    assert parts == [f"{SITE}/sitemaps/{number}.xml" for number in (1, 2, 3)]
    papers = [each for part in parts for each in addresses(client, part.removeprefix(SITE))]
    assert len(papers) == len(set(papers)) == 13
    for number in ("4", "0", "-1", "9" * 5000, "²"):
        assert client.get(f"/sitemaps/{number}.xml").status_code == 404
    tags = [client.get(part.removeprefix(SITE)).headers["etag"] for part in parts]
    with stocked.sessions.begin() as session:
        session.execute(update(Entry).where(Entry.id == 6).values(updated_at=NOW.replace(hour=8)))
    again = [client.get(part.removeprefix(SITE)).headers["etag"] for part in parts]
    assert [old == new for old, new in zip(tags, again, strict=True)] == [True, False, True]


def test_robots_keep_away_from_readers_pages(client: TestClient) -> None:
    lines = client.get("/robots.txt").text.splitlines()
    for path in ("/preferences/", "/unsubscribe/", "/vote/", "/search"):
        assert f"Disallow: {path}" in lines
    assert lines[-1] == f"Sitemap: {SITE}/sitemap.xml"
    assert not any(
        line.endswith(path) for line in lines for path in ("/papers/", "/daily/", "/feeds/")
    )


def test_a_browser_learns_how_to_search(client: TestClient) -> None:
    root = etree.fromstring(client.get("/opensearch.xml").content)
    templates = [each.get("template") or "" for each in root if each.get("template")]
    assert templates[0] == f"{SITE}/search?q={{searchTerms}}"
    for each in templates:
        path = each.removeprefix(SITE).replace("{searchTerms}", "transformers")
        assert client.get(path).status_code == 200


def test_only_the_small_form_may_be_framed(client: TestClient) -> None:
    small, whole = client.get("/embed"), client.get("/subscribe")
    assert "frame-ancestors *" in small.headers["content-security-policy"]
    assert "script-src" not in small.headers["content-security-policy"]
    assert "x-frame-options" not in small.headers
    assert "frame-ancestors 'none'" in whole.headers["content-security-policy"]
    assert whole.headers["x-frame-options"] == "DENY"


def test_the_small_form_signs_up(client: TestClient) -> None:
    sent = {"email": "grace@example.org", "wishes": "compilers"}
    assert 'action="/subscribe" target="_blank"' in client.get("/embed").text
    answer = client.post("/subscribe", data=sent)
    assert answer.status_code == 200
    assert "grace@example.org" in answer.text
    assert client.post("/subscribe", data={"email": "grace"}).status_code == 422
