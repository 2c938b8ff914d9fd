"""Feeds as the web serves them: found from a page, in odd letters, huge, hostile, or not there."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from newsletter.collect.feed import Feed
from newsletter.collect.http import Http
from newsletter.collect.port import Batch, Request
from newsletter.errors import SourceError
from tests.collect.conftest import Collect
from tests.collect.test_recorded import sound
from tests.servers import Reply, Web, conditional, status

DAY = date(2026, 6, 16)
NOW = datetime(2026, 6, 16, 6, tzinfo=UTC)


def rss(*items: str, head: str = '<?xml version="1.0"?>') -> str:
    return f'{head}<rss version="2.0"><channel><title>F</title>{"".join(items)}</channel></rss>'


def item(title: str = "A title", link: str = "https://example.org/1", more: str = "") -> str:
    return f"<item><title>{title}</title><link>{link}</link>{more}</item>"


def page(*links: str) -> bytes:
    return f"<!doctype html><html><head>{''.join(links)}</head><body>Hi</body></html>".encode()


def link(href: str, kind: str = "application/rss+xml", title: str = "") -> str:
    return f'<link rel="alternate" type="{kind}" title="{title}" href="{href}">'


def visit(http: Http, address: str, cursor: dict | None = None) -> Batch:
    settings = {"address": address}
    (batch,) = Feed().collect(Request(settings, DAY, NOW, cursor or {}), http)
    return batch


def test_the_feed_of_a_page_is_found_and_remembered(web: Web, http: Http) -> None:
    links = link("/c.xml", title="Comments on all"), link("feeds/new.xml")
    address = web.put("/blog/", Reply(page(*links), headers={"ETag": '"p"'}))
    feed = web.put("/blog/feeds/new.xml", conditional(rss(item()).encode()))
    batch = visit(http, address)
    assert [paper.title for paper in batch.listed] == ["A title"]
    assert batch.notes == (f"{address} is a page; took its feed {feed}",)
    assert batch.cursor == {"page": address, "feed": feed}
    again = visit(http, address, dict(batch.cursor))
    assert again.unchanged
    assert [asked.path for asked in web.asked] == ["/blog/", *["/blog/feeds/new.xml"] * 2]


def test_a_feed_that_moved_is_found_again(web: Web, http: Http) -> None:
    address = web.put("/blog", Reply(page(link("/new.xml")), headers={"ETag": '"p"'}))
    web.put("/old.xml", status(410))
    web.put("/new.xml", rss(item()).encode())
    batch = visit(http, address, {"page": address, "feed": f"{web.url}/old.xml"})
    assert batch.cursor == {"page": address, "feed": f"{web.url}/new.xml"}
    assert len(batch.listed) == 1


@pytest.mark.parametrize(
    ("links", "line"),
    [
        ((), "answered an HTML page where a feed was expected, and the page names no feed"),
        ((link("javascript:alert(1)"),), "and the page names no feed"),
        ((link("http://["),), "and the page names no feed"),
        ((link("/style", "text/css"),), "and the page names no feed"),
        ((link("/blog"),), "/blog answered an HTML page where a feed was expected"),
        ((link("http://169.254.169.254/x"),), "169.254.169.254"),
    ],
)
def test_a_page_without_a_usable_feed_is_told(
    links: tuple[str, ...], line: str, web: Web, http: Http
) -> None:
    address = web.put("/blog", page(*links))
    with pytest.raises(SourceError, match=line):
        visit(http, address)


def test_base_and_other_kinds_of_feed(web: Web, collect: Collect) -> None:
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "items": [{"title": "J", "url": "a/b"}],
    }
    web.put("/x/f.json", json.dumps(document).encode())
    links = '<base href="/ignored">', f'<base href="{web.url}/x/">'
    address = web.put("/p", page(*links, link("f.json", "application/feed+json; charset=utf-8")))
    (paper,) = collect("feed", {"address": address}).listed
    assert paper.url == f"{web.url}/x/a/b"


@pytest.mark.parametrize(
    ("body", "title"),
    [
        (
            rss(item("高能物理"), head='<?xml version="1.0" encoding="gb2312"?>').encode("gb2312"),
            "高能物理",
        ),
        (
            rss(item("Größe"), head='<?xml version="1.0" encoding="utf-16"?>').encode("utf-16"),
            "Größe",
        ),
        (rss(item("Größe"), head="").encode("utf-16-le"), "Größe"),
        (rss(item("Größe"), head="").encode("utf-8"), "Größe"),
        (
            rss(item("Größe"), head='<?xml version="1.0" encoding="ascii"?>').encode("utf-8"),
            "Größe",
        ),
        (rss(item("Größe"), head="").encode("latin-1"), "Größe"),
        (b"\xef\xbb\xbf" + rss(item("Größe")).encode(), "Größe"),
    ],
    ids=["gb2312", "utf-16", "utf-16 without mark", "utf-8", "told wrongly", "latin-1", "mark"],
)
def test_letters(body: bytes, title: str, web: Web, collect: Collect) -> None:
    batch = collect("feed", {"address": web.put("/f", body)})
    assert [paper.title for paper in batch.listed] == [title]


def test_entries_without_ids_dates_or_absolute_links(web: Web, collect: Collect) -> None:
    address = web.put("/a/feed", rss(item("One", "b/c"), item("Two", ""), item("Two", "")).encode())
    batch = collect("feed", {"address": address})
    sound(batch)
    one, two = batch.listed
    assert one.keys == (f"url:https://127.0.0.1:{web.port}/a/b/c",)
    assert two.keys[0].startswith("feed:")
    assert {(paper.published_at, paper.day) for paper in batch.listed} == {(None, DAY)}


def test_an_entry_twice_is_one(web: Web, collect: Collect) -> None:
    more = "<guid>{}</guid>"
    items = (
        item(more=more.format(1)),
        item(link="https://example.org/1?utm_source=x", more=more.format(2)),
    )
    assert len(collect("feed", {"address": web.put("/f", rss(*items).encode())}).listed) == 1


def test_a_whole_page_as_description_is_cut(web: Web, collect: Collect) -> None:
    html = "&lt;p&gt;" + "word " * 200_000 + "&lt;/p&gt;&lt;script&gt;x()&lt;/script&gt;"
    body = rss(item(more=f"<description>{html}</description>")).encode()
    (paper,) = collect("feed", {"address": web.put("/f", body)}).listed
    assert 4000 < len(paper.abstract) <= 5001
    assert "script" not in paper.abstract


def test_ten_thousand_entries(web: Web, collect: Collect) -> None:
    items = [item(f"Paper {n}", f"https://example.org/{n}") for n in range(10_000)]
    batch = collect("feed", {"address": web.put("/f", rss(*items).encode())})
    assert len(batch.listed) == 2000
    assert batch.problems == ("10000 entries, only the first 2000 read (most)",)


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + "]>"
)
THIEF = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a9 SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("head", [BOMB, THIEF])
def test_entity_bombs_and_thieves(head: str, web: Web, collect: Collect) -> None:
    address = web.put(
        "/f", rss(item("&a9;"), item("Good", "https://example.org/2"), head=head).encode()
    )
    batch = collect("feed", {"address": address})
    assert all(len(paper.title) < 200 and "root:" not in paper.title for paper in batch.listed)
    assert batch.listed or batch.problems


@pytest.mark.parametrize("kind", ["pubmed", "dblp", "arxiv-rss"])
def test_entity_bombs_elsewhere(kind: str, web: Web, collect: Collect) -> None:
    root = {"pubmed": "PubmedArticleSet", "dblp": "result", "arxiv-rss": "rss"}[kind]
    body = f"{BOMB}<{root}>&a9;&a9;</{root}>".encode()
    found = b'{"esearchresult": {"count": "1", "idlist": ["1"]}}'
    web.put("/entrez/eutils/esearch.fcgi", found)
    for path in ("/entrez/eutils/efetch.fcgi", "/search/publ/api", "/rss/cs.AI"):
        web.put(path, body)
    settings = {"categories": "cs.AI"} if kind == "arxiv-rss" else {"query": "x"}
    with pytest.raises(SourceError, match=web.url):
        collect(kind, settings | {"base_url": web.url})
