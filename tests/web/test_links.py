"""Whoever follows links from the home page finds nothing that is not there, and made-up names find nothing."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

from starlette.testclient import TestClient

from newsletter.app import App
from newsletter.stages.finding import Finder
from tests.factories import listed
from tests.web.conftest import Save

_MOST = 400
_LINK = re.compile(r'<(?:a|link)\s[^>]*href="([^"]*)"|<form\s[^>]*action="([^"]*)"')


def links_of(page: str, text: str) -> set[str]:
    """The addresses of our own that a page leads to."""
    found = (unescape(first or second) for first, second in _LINK.findall(text))
    whole = (urljoin(page, address) for address in found if not address.startswith("data:"))
    return {each.partition("#")[0] for each in whole if urlsplit(each).netloc == "papers.example"}


def test_every_link_leads_somewhere(save: Save, site: TestClient) -> None:
    save(
        listed(1, votes=9, organisation="AC/DC & Sons", keys=("arxiv:2606.00001", "doi:10.1/a?b#c")),
        listed(2, keys=("url:https://example.org/a?b=c",), authors=("O'Neil, \"J\" <x>", "李雷")),
        kind="arxiv-rss",
        name="arxiv-rss:cs",
    )  # fmt: skip
    save(listed(1, votes=12), listed(3), kind="hf-daily", name="hf-daily")
    waiting, seen = ["https://papers.example/"], set[str]()
    while waiting and len(seen) < _MOST:
        address = waiting.pop(0)
        seen.add(address)
        answer = site.get(address)
        assert answer.status_code < 400, address
        if answer.status_code == 200 and "html" in answer.headers["content-type"]:
            waiting += links_of(address, answer.text) - seen - set(waiting)
        elif 300 <= answer.status_code < 400:
            waiting += {urljoin(address, answer.headers["location"])} - seen - set(waiting)
    kinds = {urlsplit(each).path.split("/")[1] for each in seen}
    assert len(seen) < _MOST
    assert kinds >= {"papers", "daily", "authors", "organisations", "categories", "search", "feeds"}


def test_keys_that_no_database_can_hold_are_nobodys(app: App, site: TestClient) -> None:
    for name in ("more", "less"):
        answer = site.post("/subscribe/preview", data={name: "doi:10.1/\0", "wishes": "graphs"})
        assert answer.status_code == 200
    assert Finder(app.sessions).find(["\0", "doi:10.1/\ud800"], []).by_key == {}


def test_a_language_that_was_chosen_stays_on_every_public_page(
    save: Save, site: TestClient
) -> None:
    save(listed(1, votes=9, organisation="AC/DC & Sons"), listed(2), listed(3))
    # Forms send the language along in a field of their own.
    elsewhere = re.compile(
        r"/(static|feeds|opensearch\.xml|(search|subscribe)$)|.*(\.bib|lang=en)$"
    )
    waiting, seen = ["https://papers.example/?lang=de"], set[str]()
    while waiting and len(seen) < 40:
        address = waiting.pop(0)
        seen.add(address)
        answer = site.get(address, follow_redirects=True)
        assert answer.headers["content-language"] == "de", address
        text = re.sub(r'<link rel="canonical"[^>]*>', "", answer.text)
        found = links_of(str(answer.url), text)
        led = {
            each
            for each in found
            if not elsewhere.match(each.removeprefix("https://papers.example"))
        }
        waiting += sorted(led - seen - set(waiting))
    assert {urlsplit(each).path.split("/")[1] for each in seen} >= {"papers", "daily", "authors"}
