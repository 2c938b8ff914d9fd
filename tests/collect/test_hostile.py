"""Sources that lie: any value of a recorded answer replaced by any other, fields without end."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.collect.github import GitHub
from newsletter.collect.hackernews import HackerNews
from newsletter.collect.http import Answer
from newsletter.collect.port import Batch, Request
from newsletter.collect.registry import collector
from newsletter.errors import SourceError
from newsletter.model import Watched
from newsletter.store import merging
from tests import inputs
from tests.collect.cassettes import replies
from tests.collect.test_recorded import CONTROL, sound

NOW = datetime(2026, 3, 8, tzinfo=UTC)
OPENREVIEW = {
    "notes": [
        {
            "id": "aB1", "forum": "aB1", "cdate": 1772800000000, "pdate": None,
            "content": {
                "title": {"value": "A title"}, "abstract": {"value": "An abstract with $x<y$."},
                "authors": {"value": ["Ada Lovelace"]}, "keywords": {"value": ["maps"]},
                "TLDR": {"value": "Short."}, "pdf": {"value": "/pdf/1.pdf"},
                "venueid": {"value": "V/2026/Conference"},
            },
        }
    ],
    "count": 1,
}  # fmt: skip
KINDS = {  # kind: (settings, where its recorded answer lies)
    "biorxiv": ({}, "biorxiv/biorxiv_search.json"),
    "europepmc": ({"query": "x"}, "europepmc/europepmc_search.json"),
    "openalex": ({"query": "x"}, "openalex/openalex_search.json"),
    "crossref": ({"query": "x"}, "crossref/crossref_search.json"),
    "semantic-scholar": ({"query": "x"}, "semantic-scholar/test_search_paper.yaml"),
    "openreview": ({"venue": "V/2026/Conference"}, None),
    "hf-daily": ({}, "hf-daily-papers/2026-07-15.json"),
}
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**30, -1, 0, 1e308, float("inf"), float("nan"), "", "9" * 5000]),
    st.text(max_size=20),
    st.sampled_from(
        ["<b>x", "\x00\ud800", "$\\emph{", "http://[", "10.1/", "arXiv:", "&#0;", "2026-13-45"]
    ),
    st.sampled_from([[], {}, [[]], [None], {"a": [1]}, [{}], [{"value": 1}], {"value": None}]),
)


class Canned:
    """Stands in for the client: every request gets the same answer."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.asked = 0

    def get(self, url: str, params: Mapping[str, Any] | None = None, **_: object) -> Answer:
        self.asked += 1
        assert self.asked < 200, "asks for ever"
        return Answer(url, 200, self.body)

    def remembers(self, *_: object) -> bool:
        return False


@cache
def recorded(kind: str) -> Any:
    place = KINDS[kind][1]
    if place is None:
        return OPENREVIEW
    path = inputs.require("inputs", "sources", *place.split("/"))
    raw = replies(path)[0].body if path.suffix == ".yaml" else path.read_bytes()
    return short(json.loads(raw))


def short(value: Any) -> Any:
    """The document with at most three members of each list, so that a mutation hits what is read."""
    if isinstance(value, dict):
        return {name: short(member) for name, member in list(value.items())[:60]}
    return [short(member) for member in value[:3]] if isinstance(value, list) else value


def places(value: Any, path: tuple = ()) -> Iterator[tuple]:
    yield path
    members = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for name, member in members:
        yield from places(member, (*path, name))


def replaced(document: Any, path: tuple, value: Any) -> Any:
    if not path:
        return value
    document = copy.deepcopy(document)
    target = document
    for name in path[:-1]:
        target = target[name] if reaches(target, name) else {}
    if reaches(target, path[-1]):
        target[path[-1]] = value
    return document


def reaches(target: Any, name: Any) -> bool:
    return (
        name in target
        if isinstance(target, dict)
        else isinstance(target, list) and name in range(len(target))
    )


def clear(error: SourceError) -> None:
    """One line, in letters that a terminal can show."""
    assert 10 < len(str(error)) < 2000
    assert not CONTROL.search(str(error))


def collected(kind: str, body: bytes, more: dict | None = None) -> Batch | None:
    given_settings = KINDS[kind][0] if kind in KINDS else {}
    own = given_settings | ({} if kind == "hf-daily" else {"max_age_days": 0}) | (more or {})
    request = Request(own, date(2026, 3, 8), NOW)
    try:
        batches = list(collector(kind).collect(request, Canned(body)))  # type: ignore[arg-type]
    except SourceError as error:
        clear(error)
        return None
    batch = Batch(
        tuple(paper for each in batches for paper in each.listed),
        tuple(line for each in batches for line in each.problems),
        tuple(line for each in batches for line in each.notes),
    )
    sound(batch)
    for paper in batch.listed:
        merging.of_listed(paper).columns()
        assert all(len(key) <= 400 for key in paper.keys)
        json.dumps(paper.authors).encode()
        paper.title.encode(), paper.abstract.encode(), paper.url.encode()
    return batch


@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_itself_is_read(kind: str) -> None:
    batch = collected(kind, json.dumps(recorded(kind)).encode())
    assert batch is not None
    assert batch.listed or kind == "hf-daily" or batch.notes


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_value_may_be_any_other(kind: str, data: st.DataObject) -> None:
    document = recorded(kind)
    everywhere = list(places(document))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(everywhere))
        document = replaced(document, path, data.draw(JUNK))
    collected(kind, json.dumps(document).encode())


def test_a_control_character_as_the_status_is_no_part_of_the_error() -> None:
    assert collected("biorxiv", b'{"messages": [{"status": "\\u001f"}], "collection": []}') is None


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_value_of_a_signal_may_be_any_other(data: st.DataObject) -> None:
    story = {
        "url": "https://arxiv.org/abs/2603.00001",
        "points": 1,
        "num_comments": 2,
        "created_at_i": 5,
    }
    stars = {"items": [{"full_name": "a/b", "stargazers_count": 3}]}
    watched = [Watched(1, ("arxiv:2603.00001",), "", "https://github.com/a/b")]
    for place, document in ((HackerNews(), {"hits": [story]}), (GitHub(), stars)):
        path = data.draw(st.sampled_from(list(places(document))))
        body = json.dumps(replaced(document, path, data.draw(JUNK))).encode()
        try:
            found = place.observe(watched, Canned(body), NOW)  # type: ignore[arg-type]
        except SourceError as error:
            clear(error)
            continue
        assert all(type(each.value) is int and 0 <= each.value < 2**31 for each in found.observed)


@pytest.mark.parametrize("kind", [*KINDS, "pubmed", "dblp", "arxiv-rss", "feed"])
@pytest.mark.parametrize(
    "body",
    [b"{", b"[" * 100_000, b"\xff\xfe\x00", b'"text"', b"null", b"{}", b"9" * 5000, b" ", b"<a/>", b"<html><body>Log in"],
    ids=["cut", "deep", "binary", "text", "null", "empty", "number", "blank", "xml", "page"],
)  # fmt: skip
def test_what_is_no_answer_is_told_in_one_line(kind: str, body: bytes) -> None:
    own = {"pubmed": {"query": "x"}, "dblp": {"query": "x"}, "arxiv-rss": {"categories": "cs.AI"}}
    request = Request(
        own.get(kind, {"address": "https://x.example/f"} if kind == "feed" else KINDS.get(kind, ({},))[0]),
        date(2026, 3, 8), NOW,
    )  # fmt: skip
    with pytest.raises(SourceError, match=r"^https://\S+ ") as caught:
        list(collector(kind).collect(request, Canned(body)))  # type: ignore[arg-type]
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("kind", ["openalex", "crossref", "europepmc", "biorxiv", "openreview"])
def test_enormous_fields_are_cut(kind: str) -> None:
    def grown(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: grown(member, key) for key, member in value.items()}
        if isinstance(value, list):
            return [grown(member, name) for member in value] * (20_000 if name == "authors" else 1)
        long = isinstance(value, str) and name in {"title", "abstract", "value"}
        return value + " word" * 300_000 if long else value

    batch = collected(kind, json.dumps(grown(recorded(kind))).encode())
    for paper in batch.listed if batch else ():
        assert len(paper.title) <= 1000
        assert len(paper.abstract) <= 20_000
        assert len(paper.authors) <= 5000


def test_an_index_of_words_with_places_beyond_measure() -> None:
    words = {"far": [10**18, -5, True, "x", None], "near": [0], "": [1], "none": 7}
    document = replaced(recorded("openalex"), ("results", 0, "abstract_inverted_index"), words)
    batch = collected("openalex", json.dumps(document).encode())
    assert batch is not None
    assert batch.listed[0].abstract == "far near far far"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_pubmed_s_xml_with_pieces_missing(data: st.DataObject) -> None:
    raw = inputs.require("inputs", "sources", "pubmed", "pubmed_efetch.xml").read_bytes()
    at = data.draw(st.integers(200, len(raw)))
    many = data.draw(st.integers(1, 3000))
    body = raw[:at] + data.draw(st.binary(max_size=10)) + raw[at + many :]

    class Two(Canned):
        def get(self, url: str, params: Mapping[str, Any] | None = None, **_: object) -> Answer:
            found = b'{"esearchresult": {"count": "5", "idlist": ["1", "2", "3", "4", "5"]}}'
            return Answer(url, 200, found if "esearch" in url else body)

    request = Request({"query": "x", "max_age_days": 0}, date(2026, 6, 14), NOW)
    try:
        batches = list(collector("pubmed").collect(request, Two(b"")))  # type: ignore[arg-type]
    except SourceError as error:
        clear(error)
        return
    assert any(batch.listed or batch.problems for batch in batches)
