"""Whatever a paper says of itself, the pages that show it have no element, link or script of its making."""

from __future__ import annotations

import itertools
import json
from urllib.parse import urlsplit

from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from newsletter.app import App
from newsletter.model import Listed
from newsletter.render.cards import shown_title
from newsletter.render.plain import clean
from newsletter.store import entries, sources
from tests.factories import NOW, listed
from tests.render.hostile import ANY_TEXT, HOSTILE
from tests.render.mails import elements, text_of, tree

# What a database can hold; collecting leaves no more.
STORED = ANY_TEXT.map(lambda text: clean(text.encode("utf-8", "ignore").decode()))
_NUMBERS = itertools.count(200)
_OURS = frozenset(
    """html head meta title link script style body a header div nav form label input button main section
    h1 h2 h3 p ul ol li time article aside details summary pre dl dt dd b i sub sup span mark strong small
    code svg path circle figure figcaption table thead tbody tr th td abbr footer""".split()  # noqa: SIM905
)
_SHORT = st.sampled_from([clean(text)[:300] for text in HOSTILE[:5]])


def save(app: App, paper: Listed) -> None:
    with app.sessions.begin() as session:
        source = next(each for each in sources.all_sources(session) if each.name == "hf-daily")
        entries.save(session, source.id, [paper], NOW)


@given(STORED, STORED, _SHORT)
@example(clean(HOSTILE[0]), clean(HOSTILE[3]), clean(HOSTILE[2]))
@settings(max_examples=25)
def test_nothing_of_a_paper_is_alive(
    stocked: App, client: TestClient, title: str, abstract: str, name: str
) -> None:
    number = next(_NUMBERS)
    paper = listed(
        number, title=title, abstract=abstract, authors=(name, "Ada"), organisation=name, tldr=abstract,
        comment=abstract, keywords=(name,), categories=(name[:40],), url=name, votes=10**6 + number,
    )  # fmt: skip
    save(stocked, paper)
    key = f"arxiv:2606.{number:05}"
    for address in (f"/papers/{key}", "/daily/2026-06-10"):
        page = tree(client.get(address).text)
        scripts = []
        for each in elements(page):
            assert each.name in _OURS, each.name
            assert not any(attribute.startswith("on") for attribute in each.attrs)
            assert "style" not in each.attrs
            assert urlsplit(each.attrs.get("href") or "").scheme in {"", "http", "https", "data"}
            if each.name == "script":
                scripts.append(each)
        if "papers" in address:
            [script] = scripts
            assert script.attrs["type"] == "application/ld+json"
            linked = json.loads(text_of(script))
            assert linked["headline"] == shown_title(title)
            assert linked["author"][0]["name"] == clean(name)
        else:
            assert not scripts
