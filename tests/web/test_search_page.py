"""The search page and the pages of names: marked, told, and turned into wishes in one press."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from tests.factories import listed
from tests.web.conftest import Save
from tests.web.test_days import link, titles

SHIPS = listed(
    1,
    title="Ships & sails",
    abstract="A harbour of <b>ships</b> and $n^2$ masts.",
    authors=("Grace Hopper",),
)
BREAD = listed(2, title="Bread", abstract="Flour, yeast, and <script>alert(1)</script>.", organisation="Bakers",
               authors=("Anna O'Neil/Smith", 'Jürgen "J" Müller'), categories=("cs.CV",))  # fmt: skip


def wishes_of(text: str) -> str:
    """What the form asks for to which a page leads."""
    found = re.search(r'href="/subscribe\?wishes=([^"]+)"', text)
    assert found
    return unescape(found[1])


def test_what_is_found_is_marked(save: Save, site: TestClient) -> None:
    save(SHIPS, BREAD)
    text = site.get("/search", params={"q": "ships"}).text
    assert "<mark>Ships</mark> &amp; sails" in text
    assert "&lt;b&gt;<mark>ships</mark>&lt;/b&gt;" in text
    assert "<i>n</i><sup>2</sup>" in text
    assert "1 paper" in text
    assert 'value="ships"' in text
    assert 'href="/feeds/search.atom?q=ships"' in text
    assert 'content="noindex, follow"' in text


def test_a_search_becomes_wishes_in_the_form(save: Save, site: TestClient) -> None:
    save(SHIPS)
    text = site.get(
        "/search", params={"q": 'fast ships "dry dock" author:Hopper -survey after:2026-01'}
    ).text
    form = site.get(f"/subscribe?wishes={wishes_of(text)}").text
    shown = unescape(form.partition("<textarea")[2].partition(">")[2].partition("</textarea>")[0])
    assert shown.strip().splitlines() == ["fast ships", '"dry dock"', "author:Hopper", "-survey"]


def test_orders_keep_the_search(save: Save, site: TestClient) -> None:
    save(*(listed(n, title=f"Ships {n}") for n in range(1, 31)))
    best = site.get("/search", params={"q": "ships"}).text
    newest = site.get(link(best, "Newest first")).text
    assert 'aria-current="true">Newest first' in newest
    assert "1 to 20 of 30" in newest
    rest = site.get(link(newest, "Next page")).text
    assert len(titles(rest)) == 10
    assert 'aria-current="true">Newest first' in rest


def test_problems_and_other_spellings_are_told(save: Save, site: TestClient) -> None:
    save(SHIPS)
    told = site.get("/search", params={"q": "ships after:yesterday"}).text
    assert "a date is needed" in told
    instead = site.get("/search", params={"q": "author:Hoper"}).text
    assert "these are papers of Grace Hopper" in instead
    nothing = site.get("/search", params={"q": "zeppelins"}).text
    assert "No paper has that." in nothing
    assert "Mail me when one comes" in nothing


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        "-ships",
        "x" * 10_000,
        '"' * 99,
        "\x00",
        "AND OR NOT",
        "<script>",
        "\ud800".encode("utf-8", "replace").decode(),
    ],
)
def test_any_search_has_a_clear_answer(save: Save, site: TestClient, query: str) -> None:
    save(SHIPS)
    answer = site.get("/search", params={"q": query})
    assert answer.status_code == 200
    assert "<script>" not in answer.text


def test_without_a_search_the_page_tells_how(site: TestClient) -> None:
    text = site.get("/search").text
    assert "What you can type" in text
    assert 'href="/search?q=author%3AHinton"' in text


def test_some_of_the_words_come_last_under_their_own_heading(save: Save, site: TestClient) -> None:
    save(listed(1, title="Fast ships"), listed(2, title="Slow ships"))
    text = site.get("/search", params={"q": "fast ships"}).text
    assert (
        text.index("<mark>Fast</mark>")
        < text.index("Papers with some of the words")
        < text.index("Slow")
    )


NAMES = {
    "/authors/Grace%20Hopper": ("Papers by", "Grace Hopper", "author:Grace Hopper"),
    f"/authors/{quote(chr(74) + 'ürgen ' + chr(34) + 'J' + chr(34) + ' Müller', safe='')}": (
        "Papers by", "Jürgen", "",
    ),
    "/organisations/Bakers": ("Papers from", "Bakers", "org:Bakers"),
    "/categories/cs.CV": ("Papers in", "cs.CV", "cat:cs.CV"),
    "/categories/cs": ("Papers in", "cs", "cat:cs"),
}  # fmt: skip


@pytest.mark.parametrize(("path", "told"), NAMES.items())
def test_the_papers_of_a_name_are_followed_in_one_press(
    save: Save, site: TestClient, path: str, told: tuple[str, str, str]
) -> None:
    save(SHIPS, BREAD)
    text = site.get(path).text
    kicker, name, wish = told
    assert kicker in text
    assert name in text
    assert titles(text)
    if wish:
        form = site.get(f"/subscribe?wishes={wishes_of(text)}").text
        assert f"{wish}</textarea>" in form


def test_every_name_in_a_list_leads_to_its_papers(save: Save, site: TestClient) -> None:
    save(SHIPS)
    day = site.get("/").text
    assert titles(site.get(link(day, "Grace Hopper")).text) == ["Ships &amp; sails"]
    assert titles(site.get(link(day, "cs.CL")).text) == ["Ships &amp; sails"]


@pytest.mark.parametrize(
    "path",
    [
        "/authors/Nobody",
        "/organisations/x",
        "/categories/nonsense!",
        "/authors/%00",
        "/authors/" + "x" * 999,
    ],
)
def test_a_name_without_papers(save: Save, site: TestClient, path: str) -> None:
    save(SHIPS)
    answer = site.get(path)
    assert answer.status_code == 404
    assert "We have no papers of that name" in answer.text


def test_the_form_takes_no_more_than_it_should_from_an_address(site: TestClient) -> None:
    text = site.get(
        "/subscribe", params={"wishes": "</textarea><script>" + "x" * 9000, "email": "a@b.c"}
    ).text
    assert "<script>x" not in text
    assert "x" * 2001 not in text
    assert "a@b.c" not in text
