"""Where papers are talked about: numbers that belong to a paper by id or address, never by a guess."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import get_args

import pytest
from sqlalchemy.orm import Session, sessionmaker

from newsletter.collect.foreign import Record
from newsletter.collect.github import GitHub, repository, stars_of
from newsletter.collect.hackernews import HackerNews, hosts_of
from newsletter.collect.http import Http
from newsletter.collect.reddit import Reddit
from newsletter.collect.signals import Observed
from newsletter.errors import SourceError
from newsletter.model import Listed, Watched
from newsletter.settings import Settings
from newsletter.stages.signals import PLACES, observe
from newsletter.store import entries, signals, sources
from newsletter.store.watched import recent
from tests import inputs
from tests.servers import Reply, Web

NOW = datetime(2026, 7, 13, 6, tzinfo=UTC)
PAPER = Watched(1, ("arxiv:2607.00001", "doi:10.1000/x"), "https://arxiv.org/abs/2607.00001")
STORIES = "/api/v1/search_by_date"


def story(url: object, points: object = 10, comments: object = 3, at: int = 1783900000) -> dict:
    return {"url": url, "points": points, "num_comments": comments, "created_at_i": at}


def hits(*found: object) -> bytes:
    return json.dumps({"hits": found, "nbHits": len(found)}).encode()


def test_hacker_news_matches_by_id_and_address(web: Web, http: Http) -> None:
    web.put(
        STORIES,
        hits(
            story("https://www.arxiv.org/pdf/2607.00001v2#page=3", 12, 4),
            story("http://arxiv.org/abs/2607.00001", 40, 2),
            story("https://arxiv.org/abs/2607.00002", 99, 99),
            story("https://example.org/about/2607.00001", 99, 99),
            story(None, 99, 99) | {"title": "arXiv:2607.00001 is great"},
        ),
        hits(),
    )
    found = HackerNews(web.url).observe([PAPER], http, NOW)
    assert found.observed == (Observed(1, "hn-points", 40), Observed(1, "hn-comments", 4))
    assert found.notes == ("5 stories of arxiv.org, huggingface.co/papers; 1 paper among them",)
    since = int((NOW - timedelta(days=14)).timestamp())
    assert web.asked[0].query["numericFilters"] == f"created_at_i>{since}"
    assert [asked.query["query"] for asked in web.asked] == ["arxiv.org", "huggingface.co/papers"]


def test_hacker_news_as_recorded(web: Web, http: Http) -> None:
    body = inputs.require("inputs", "sources", "hackernews", "hackernews_search.json").read_bytes()
    web.put(STORIES, body)
    urls = [hit["url"] for hit in json.loads(body)["hits"] if hit.get("url")]
    watched = [Watched(n, (f"url:{url.rstrip('/')}",), url) for n, url in enumerate(urls)]
    found = HackerNews(web.url).observe(watched, http, NOW)
    assert Observed(0, "hn-points", 1150) in found.observed
    assert Observed(0, "hn-comments", 360) in found.observed
    assert len(found.observed) >= 50


def test_hacker_news_goes_on_where_an_answer_is_full(web: Web, http: Http) -> None:
    first = [story(f"https://example.org/{n}", at=1783900000 - n) for n in range(1000)]
    last = story("https://arxiv.org/abs/2607.00001", 7, 1, at=1783890000)
    web.put(STORIES, hits(*first), hits(last), hits())
    found = HackerNews(web.url).observe([PAPER], http, NOW)
    assert Observed(1, "hn-points", 7) in found.observed
    assert web.asked[1].query["numericFilters"].endswith("created_at_i<=1783899001")


@pytest.mark.parametrize("bad", [b"[]", b'{"hits": 3}', b"<html>", b'{"hits": [1, null, {}]}'])
def test_hacker_news_answers_nonsense(bad: bytes, web: Web, http: Http) -> None:
    web.put(STORIES, bad)
    if b"null" in bad:
        assert not HackerNews(web.url).observe([PAPER], http, NOW).observed
    else:
        with pytest.raises(SourceError, match=web.url):
            HackerNews(web.url).observe([PAPER], http, NOW)


def test_hosts_are_those_of_the_papers() -> None:
    far = [Watched(n, (f"doi:10.1/{n}",), f"https://www.nature.com/{n}") for n in range(3)]
    here = Watched(9, ("url:https://127.0.0.1/a",), "http://127.0.0.1/a")
    assert hosts_of([here, *far]) == ["nature.com"]
    assert hosts_of([PAPER, *far]) == ["arxiv.org", "huggingface.co/papers", "nature.com"]


def test_github_stars_of_the_paper_s_own_repository(web: Web, http: Http) -> None:
    body = inputs.require("inputs", "sources", "github", "github_search.json").read_bytes()
    items = json.loads(body)["items"]
    web.put("/search/repositories", body)
    watched = [
        Watched(
            n,
            (f"arxiv:2607.{n:05}",),
            "",
            f"{item['html_url'].upper().replace('HTTPS', 'https')}.git",
        )
        for n, item in enumerate(items)
    ] + [Watched(99, ("arxiv:2607.09999",), "", "https://github.com/nobody/nothing")]
    found = GitHub(web.url).observe(watched, http, NOW)
    assert {o.entry_id: o.value for o in found.observed} == {
        n: item["stargazers_count"] for n, item in enumerate(items)
    }
    assert found.notes == (f"{len(items)} of {len(items) + 1} repositories found",)
    assert web.asked[0].query["q"].endswith("repo:nobody/nothing fork:true")


def test_github_s_record_of_one_repository() -> None:
    body = inputs.require("inputs", "sources", "github", "github_repo.json").read_bytes()
    document = json.loads(body)
    assert dict(stars_of(Record(document))) == {"cosmtrek/mindwalk": document["stargazers_count"]}


def test_github_knows_none_of_them_any_more(web: Web, http: Http) -> None:
    web.put("/search/repositories", Reply(b'{"message": "Validation Failed"}', 422))
    watched = [Watched(1, ("arxiv:2607.00001",), "", "https://github.com/a/b")]
    found = GitHub(web.url).observe(watched, http, NOW)
    assert (found.observed, found.notes) == ((), ("0 of 1 repositories found",))


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://github.com/A/b.c", "a/b.c"),
        ("https://www.github.com/a/b/tree/main/x", "a/b"),
        ("https://github.com/a", None),
        ("https://gist.github.com/a/b", None),
        ("https://github.com.evil.example/a/b", None),
        ("https://github.com/a%20b/c", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_repositories(address: str, name: str | None) -> None:
    assert repository(address) == name


def test_reddit_counts_posts_that_link_to_a_paper(web: Web, http: Http) -> None:
    def post(name: str, link: str) -> str:
        content = f'&lt;a href="{link}"&gt;[link]&lt;/a&gt;'
        return f"<entry><id>{name}</id><content type='html'>{content}</content></entry>"

    feed = "<feed xmlns='http://www.w3.org/2005/Atom'>{}</feed>"
    posts = post("t3_1", "https://arxiv.org/abs/2607.00001") + post("t3_2", "https://other.example")
    web.put("/domain/arxiv.org/new.rss", feed.format(posts).encode())
    other = post("t3_3", "https://huggingface.co/papers/2607.00001")
    web.put("/domain/huggingface.co/new.rss", feed.format(other).encode())
    found = Reddit(web.url).observe([PAPER], http, NOW)
    assert found.observed == (Observed(1, "reddit-posts", 2, at_least=True),)
    assert found.notes == ("3 posts, 1 paper among them",)


def test_reddit_as_recorded(web: Web, http: Http) -> None:
    folder = inputs.require("inputs", "sources", "reddit")
    web.put("/domain/arxiv.org/new.rss", (folder / "reddit_top.rss").read_bytes())
    web.put("/domain/huggingface.co/new.rss", (folder / "reddit_top.rss").read_bytes())
    assert Reddit(web.url).observe([PAPER], http, NOW).notes == ("25 posts, 0 papers among them",)
    web.put("/domain/arxiv.org/new.rss", (folder / "reddit_anthropic.json").read_bytes())
    with pytest.raises(SourceError, match="answered JSON where a feed was expected"):
        Reddit(web.url).observe([PAPER], http, NOW)


@pytest.fixture
def stored(sessions: sessionmaker[Session]) -> dict[str, int]:
    """Two papers of the last days and an old one, and one that ships with Paperround."""
    days = {"2607.00001": 12, "2607.00002": 11, "2606.00001": 1}
    with sessions.begin() as session:
        news = sources.add(session, "news", "hf-daily", {})
        ours = sources.add(session, "ours", "samples", {})
        listed = [
            Listed(keys=(f"arxiv:{name}",), title=name, day=date(2026, 7, day))
            for name, day in days.items()
        ]
        entries.save(session, news.id, listed, NOW)
        sample = Listed(keys=("arxiv:2607.00009",), title="ours", day=date(2026, 7, 12))
        entries.save(session, ours.id, [sample], NOW)
        return {paper.keys[0]: paper.entry_id for paper in recent(session, date(2026, 1, 1))}


def test_the_stage_watches_what_is_recent_and_writes_what_changed(
    web: Web, make_http: Callable[..., Http], sessions: sessionmaker[Session], stored: dict
) -> None:
    assert set(stored) == {"arxiv:2607.00001", "arxiv:2607.00002", "arxiv:2606.00001"}
    url = "https://arxiv.org/abs/{}"
    told = [story(url.format(name)) for name in ("2607.00001", "2606.00001", "2607.00009")]
    web.put(
        STORIES,
        hits(*told),
        hits(),
        hits(*told),
        hits(),
        hits(story(url.format("2607.00001"), 11)),
        hits(),
    )
    web.put("/domain/arxiv.org/new.rss", b"no feed")
    places = {"hackernews": lambda: HackerNews(web.url), "reddit": lambda: Reddit(web.url)}

    def run(now: datetime) -> tuple:
        return observe(sessions, make_http, list(places), now=now, days=7, places=places)

    first, broken = run(NOW)
    assert (first.observed, first.written) == (2, 2)
    assert "plain text where a feed was expected" in (broken.error or "")
    assert run(NOW + timedelta(hours=1))[0].written == 0
    assert run(NOW + timedelta(hours=2))[0].written == 1
    with sessions() as session:
        paper = stored["arxiv:2607.00001"]
        assert [value for _, value in signals.history(session, paper, "hn-points")] == [10, 11]
        assert not signals.latest(session, {stored["arxiv:2606.00001"]})


def test_nothing_is_asked_about_nothing(
    make_http: Callable[..., Http], sessions: sessionmaker[Session]
) -> None:
    assert observe(sessions, make_http, ["hackernews"], now=NOW, days=7) == ()
    with pytest.raises(SourceError, match="'myspace' is no place of signals"):
        observe(sessions, make_http, ["myspace"], now=NOW, days=7)


def test_a_place_that_breaks_costs_only_itself(
    make_http: Callable[..., Http], sessions: sessionmaker[Session], stored: dict
) -> None:
    class Broken:
        def observe(self, watched: object, http: object, now: object) -> None:
            raise ZeroDivisionError("oh")

    (report,) = observe(sessions, make_http, ["x"], now=NOW, days=7, places={"x": Broken})
    assert report.error == "it broke: ZeroDivisionError: oh"


def test_settings_name_the_places() -> None:
    names = get_args(get_args(Settings.model_fields["signals"].annotation)[0])
    assert set(names) == set(PLACES)
