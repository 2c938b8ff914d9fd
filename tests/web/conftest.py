"""What tests of the public pages share: a site to put papers on, and one that is stocked, hostile ones among
them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from starlette.testclient import TestClient

from newsletter.app import App
from newsletter.model import Listed
from newsletter.store import entries, sources
from newsletter.web.site import create
from tests.factories import DAY, NOW, listed
from tests.operator import Operator

Save = Callable[..., None]
HOSTILE = (
    "<script>alert(1)</script> {{ 7*7 }} ]]> &amp; \x07\x00 \ufffe \N{RIGHT-TO-LEFT OVERRIDE}end"
)
WEB_KEY = "url:https://blog.example/a%20b/related?x=1&y=2#z"


@pytest.fixture
def site(app: App) -> Iterator[TestClient]:
    """An empty site."""
    with TestClient(create(app), follow_redirects=False) as client:
        yield client


@pytest.fixture
def save(app: App) -> Save:
    """Saves papers as a source of some kind and name brought them."""

    def put(*papers: Listed, kind: str = "samples", name: str = "papers") -> None:
        with app.sessions.begin() as session:
            known = {each.name: each.id for each in sources.all_sources(session)}
            source = known.get(name) or sources.add(session, name, kind, {}).id
            entries.save(session, source, papers, NOW - timedelta(minutes=30))

    return put


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """For a module that only reads: twelve papers of arXiv and two of Hugging Face, on SQLite; it is the evening of their day."""
    tmp_path = tmp_path_factory.mktemp("site")
    operator = Operator(tmp_path, f"sqlite:///{tmp_path / 'newsletter.sqlite3'}")
    app = operator.app()
    fill(app)
    with time_machine.travel(NOW + timedelta(hours=12), tick=False):
        yield app
    operator.close()


def fill(app: App) -> None:
    papers = [listed(n, abstract=f"Graphs and transformers, part {n}.") for n in range(1, 11)]
    papers.append(
        listed(11, keys=(WEB_KEY,), title="A post", authors=(), url="javascript:alert(1)")
    )
    papers.append(
        listed(
            12, title=HOSTILE.replace("\x00", ""), abstract=HOSTILE.replace("\x00", ""),
            authors=("<b>Eve</b>",), organisation="Google DeepMind",
        )
    )  # fmt: skip
    put(app, "arxiv-rss", *papers)
    put(app, "hf-daily", listed(2, votes=40, comments=9), listed(3, votes=3, comments=0))
    put(app, "crossref", listed(1, keys=("arxiv:2606.00001", "doi:10.1/a/b")))
    put(app, "arxiv-rss", listed(90, day=DAY - timedelta(days=1)))


def put(app: App, source: str, *papers: Listed) -> None:
    with app.sessions.begin() as session:
        known = {each.name: each.id for each in sources.all_sources(session)}
        if source not in known:
            known[source] = sources.add(session, source, source, {}).id
        entries.save(session, known[source], papers, NOW)


@pytest.fixture(scope="module")
def client(stocked: App) -> Iterator[TestClient]:
    """A visitor who is not limited."""
    with TestClient(create(stocked), base_url="https://papers.example") as client:
        yield client
