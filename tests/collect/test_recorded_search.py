"""The recorded answers of the sources that are asked by query, over loopback."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from newsletter.collect.registry import collector
from newsletter.collect.specs import read_spec
from newsletter.errors import SourceError
from newsletter.model import ListingType
from tests import inputs
from tests.collect.cassettes import replies
from tests.collect.conftest import Collect
from tests.collect.test_recorded import sound
from tests.servers import Reply, Web

ANY_AGE = {"max_age_days": 0}


def recording(*parts: str) -> Path:
    return inputs.require("inputs", "sources", *parts)


def search(web: Web, query: str = "attention mechanism", **more: object) -> dict:
    return {"query": query, "base_url": web.url} | ANY_AGE | more


def test_biorxiv_tells_versions_and_withdrawals_apart(web: Web, collect: Collect) -> None:
    body = recording("biorxiv", "biorxiv_search.json").read_bytes()
    path = "/details/biorxiv/2024-12-29/2024-12-31"
    web.put(f"{path}/0/json", body)
    settings = {"base_url": web.url, "most": 100} | ANY_AGE
    batch = collect("biorxiv", settings, date(2024, 12, 31))
    sound(batch)
    assert len(batch.listed) == 98
    assert batch.notes == ("2 papers taken back",)
    assert batch.problems == ("60568 found, only the first 100 read (most)",)
    first = batch.listed[0]
    assert first.keys == ("doi:10.1101/029900",)
    assert (first.version, first.type) == (3, ListingType.REPLACE)
    assert first.authors[:2] == ("K. M. Wright", "A. Gaudinier")
    assert (first.day, first.published_at) == (date(2024, 12, 16), None)  # the day of version 3
    assert first.organisation == "Harvard University"
    assert {paper.type for paper in batch.listed} == {ListingType.REPLACE}
    assert not any(paper.title.startswith("WITHDRAWN") for paper in batch.listed)


def test_biorxiv_by_category(web: Web, collect: Collect) -> None:
    body = recording("biorxiv", "biorxiv_search.json").read_bytes()
    wanted = [each for each in json.loads(body)["collection"] if each["category"] == "neuroscience"]
    web.put("/details/medrxiv/2024-12-29/2024-12-31/0/json", body)
    settings = {"server": "medrxiv", "categories": "neuroscience", "base_url": web.url, "most": 100}
    batch = collect("biorxiv", settings | ANY_AGE, date(2024, 12, 31))
    assert 0 < len(batch.listed) <= len(wanted)
    assert {paper.categories for paper in batch.listed} == {("neuroscience",)}


def test_pubmed_reads_titles_labelled_abstracts_and_ids(web: Web, collect: Collect) -> None:
    web.put("/entrez/eutils/esearch.fcgi", recording("pubmed", "pubmed_esearch.json").read_bytes())
    web.put("/entrez/eutils/efetch.fcgi", recording("pubmed", "pubmed_efetch.xml").read_bytes())
    batch = collect("pubmed", search(web, "artificial intelligence", most=5), date(2026, 6, 14))
    sound(batch)
    asked = web.asked[0].query
    assert (asked["mindate"], asked["maxdate"]) == ("2026/06/09", "2026/06/14")
    assert web.asked[1].query["id"].startswith("42286391,")
    first = batch.listed[0]
    assert first.title.startswith("Early timepoint 99mTc-DPD whole body")
    assert first.title.endswith("cardiac ATTR amyloidosis")
    assert first.abstract.startswith("Background: Cardiac transthyretin amyloidosis")
    assert " Results: 50 patients undergoing 99mTc-DPD scintigraphy" in first.abstract
    assert "p < 0.001" in first.abstract
    assert first.keys == (
        "doi:10.1186/s13550-026-01466-0",
        "url:https://pubmed.ncbi.nlm.nih.gov/42286391",
    )
    assert first.authors[0] == "Stephan Settelmeier"
    assert len(batch.listed) == 5


def test_europepmc(web: Web, collect: Collect) -> None:
    web.put(
        "/webservices/rest/search", recording("europepmc", "europepmc_search.json").read_bytes()
    )
    batch = collect("europepmc", search(web, most=3), date(2026, 3, 8))
    sound(batch)
    assert web.asked[0].query["cursorMark"] == "*"
    assert len(batch.listed) == 3
    first = batch.listed[0]
    assert first.title == "Object tracking algorithm based on deformable attention mechanism"
    assert first.keys[0] == "doi:10.1038/s41598-026-43147-x"
    assert first.published_at == datetime(2026, 3, 6, tzinfo=UTC)
    assert first.day == date(2026, 3, 7)


def test_dblp(web: Web, collect: Collect) -> None:
    web.put("/search/publ/api", recording("dblp", "dblp_search.xml").read_bytes())
    batch = collect("dblp", search(web, most=3), date(2025, 3, 8))
    sound(batch)
    assert len(batch.listed) == 2  # two of the three hits have the same DOI
    first = batch.listed[0]
    assert first.title.endswith("Fine-grained Visual Classification")
    assert first.authors[0] == "Xiaohui Wang"
    assert (first.published_at, first.abstract) == (None, "")
    assert first.day == date(2025, 3, 8)
    late = collect("dblp", search(web, most=3), date(2026, 3, 8))
    assert late.problems[0] == "3 entries without a date in 2026 left out"


def test_openalex(web: Web, collect: Collect) -> None:
    web.put("/works", recording("openalex", "openalex_search.json").read_bytes())
    batch = collect("openalex", search(web), date(2026, 3, 8))
    sound(batch)
    assert len(batch.listed) == 3
    assert batch.problems == ("4013744 promised, but the pages ended after 3",)
    assert any(len(paper.abstract) > 200 for paper in batch.listed)
    first = batch.listed[0]
    assert first.keys[0] == "doi:10.1016/j.neucom.2021.03.091"
    assert first.title == "A review on the attention mechanism of deep learning"
    assert first.published_at == datetime(2021, 4, 1, tzinfo=UTC)
    old = collect("openalex", search(web, max_age_days=90), date(2026, 3, 8))
    assert old.notes == ("3 papers published more than 90 days ago left out",)


def test_crossref_searches(web: Web, collect: Collect) -> None:
    web.put("/works", recording("crossref", "crossref_search.json").read_bytes())
    batch = collect("crossref", search(web), date(2025, 4, 24))
    sound(batch)
    assert len(batch.listed) == 3
    first = batch.listed[0]
    assert first.title.startswith("Face Attention Tracker")
    assert not first.abstract.startswith("<")
    assert first.published_at is not None
    assert first.day == date(2025, 4, 23)


def test_crossref_pages_by_cursor(web: Web, collect: Collect) -> None:
    end = b'{"status":"ok","message":{"total-results":20,"items":[]}}'
    web.put("/works", *replies(recording("crossref", "test_cursor.yaml")), end)
    batch = collect("crossref", search(web, "widget"))
    sound(batch)
    assert len(batch.listed) == 20
    assert web.asked[0].query["cursor"] == "*"
    assert web.asked[1].query["cursor"] not in {"*", ""}


@pytest.mark.parametrize(
    ("name", "published", "abstract"),
    [
        ("test_2_abstract.json", datetime(2014, 2, 27, tzinfo=UTC), True),
        ("tasc.2017.2776938.json", None, False),
    ],
)
def test_crossref_single_works(
    name: str, published: datetime | None, abstract: bool, web: Web, collect: Collect
) -> None:
    body = recording("crossref", name).read_bytes()
    number = json.loads(body)["message"]["DOI"]
    web.put(f"/works/{number}", body)
    batch = collect("crossref", {"dois": [number], "base_url": web.url} | ANY_AGE)
    sound(batch)
    (paper,) = batch.listed
    assert paper.keys == (f"doi:{number.lower()}",)
    assert (paper.published_at, bool(paper.abstract)) == (published, abstract)


def test_semantic_scholar_searches(web: Web, collect: Collect) -> None:
    web.put(
        "/graph/v1/paper/search", *replies(recording("semantic-scholar", "test_search_paper.yaml"))
    )
    batch = collect("semantic-scholar", search(web, "turing", most=100))
    sound(batch)
    assert len(batch.listed) == 100
    assert batch.problems == ("70499 found, only the first 100 read (most)",)
    assert batch.listed[4].title == "Neural Turing Machines"


def test_semantic_scholar_without_titles_is_told(web: Web, collect: Collect) -> None:
    taped = replies(recording("semantic-scholar", "test_search_paper_year.yaml"))
    web.put("/graph/v1/paper/search", *taped)
    batch = collect("semantic-scholar", search(web, "turing"))
    assert batch.problems == ("21 entries without a title left out",)


def test_semantic_scholar_recommends(web: Web, collect: Collect) -> None:
    taped = replies(recording("semantic-scholar", "test_get_recommended_papers.yaml"))
    web.put("/recommendations/v1/papers/forpaper/10.2139/ssrn.2250500", *taped)
    settings = {"seeds": ["10.2139/ssrn.2250500"], "base_url": web.url}
    batch = collect("semantic-scholar", settings)
    sound(batch)
    assert len(batch.listed) == 100
    assert not batch.problems


def test_semantic_scholar_by_id_and_batch(web: Web, collect: Collect) -> None:
    missing = replies(recording("semantic-scholar", "test_not_found.yaml"))[0]
    (batch_of_three,) = replies(
        recording("semantic-scholar", "test_get_papers_not_found_warning.yaml")
    )
    web.put("/graph/v1/paper/0", missing)
    web.put("/graph/v1/paper/CorpusId:470667", batch_of_three)
    settings = {"ids": ["0", "CorpusId:470667"], "base_url": web.url} | ANY_AGE
    batch = collect("semantic-scholar", settings)
    sound(batch)
    assert batch.problems == (
        "Semantic Scholar knows no paper 0",
        "1 entry without the shape of an object left out",
    )
    titles = [paper.title for paper in batch.listed]
    assert titles[0] == "How Much Should We Trust Differences-in-Differences Estimates?"
    assert len(titles) == 3
    assert batch.listed[0].keys[0] == "doi:10.2139/ssrn.288970"


def test_semantic_scholar_is_asked_again_after_429(web: Web, collect: Collect) -> None:
    good = replies(recording("semantic-scholar", "test_search_paper.yaml"))
    web.put("/graph/v1/paper/search", Reply(b'{"code":"429"}', 429), *good)
    assert len(collect("semantic-scholar", search(web, "turing", most=100)).listed) == 100


def test_a_refusal_is_told_in_the_source_s_own_words(web: Web, collect: Collect) -> None:
    web.put("/graph/v1/paper/search", Reply(b'{"error":"Unrecognized fields: [x]"}', 400))
    with pytest.raises(SourceError, match=r"answered 400: Unrecognized fields: \[x\]"):
        collect("semantic-scholar", search(web, "turing"))


def test_biorxiv_s_first_version_is_news_and_its_day_its_own(web: Web, collect: Collect) -> None:
    first = {"title": "A", "doi": "10.1101/2026.06.14.1", "date": "2026-6-5", "version": "1",
             "type": "new results", "authors": "Ng, A.", "server": "bioRxiv"}  # fmt: skip
    second = first | {"version": "2", "date": "2026-06-15", "title": "A, revised"}
    answer = {"messages": [{"status": "ok", "total": "2"}], "collection": [first, second]}
    end = {"messages": [{"status": "no posts found"}], "collection": []}
    web.put("/details/biorxiv/2026-06-14/2026-06-16/0/json", json.dumps(answer).encode())
    web.put("/details/biorxiv/2026-06-14/2026-06-16/2/json", json.dumps(end).encode())
    batch = collect("biorxiv", {"base_url": web.url})
    told = [(paper.version, paper.type, paper.day) for paper in batch.listed]
    assert told == [
        (1, ListingType.NEW, date(2026, 6, 5)),
        (2, ListingType.REPLACE, date(2026, 6, 15)),
    ]
    assert not batch.problems


def test_openreview_of_both_apis(web: Web, collect: Collect) -> None:
    new = {
        "id": "n1", "forum": "aB1_-x", "pdate": 1781481600000, "tcdate": 1781568000000,
        "content": {
            "title": {"value": "On $O(n^2)$ maps of <T>"}, "abstract": {"value": "We \\emph{map}."},
            "authors": {"value": ["Ada Lovelace", "Emmy Noether"]}, "pdf": {"value": "/pdf/1.pdf"},
            "TLDR": {"value": "Maps."}, "venueid": {"value": "V/2026/Conference"},
        },
    }  # fmt: skip
    old = {"id": "n2", "content": {"title": "Plain", "authors": ["Ada Lovelace"], "TL;DR": "Short"}}
    gone = {
        "id": "n3",
        "content": {"title": "G", "venueid": "V/2026/Conference/Withdrawn_Submission"},
    }
    web.put("/notes", json.dumps({"notes": [new, old, gone], "count": 3}).encode())
    batch = collect("openreview", {"venue": "V/2026/Conference", "base_url": web.url})
    sound(batch)
    first, second = batch.listed
    assert first.keys == ("url:https://openreview.net/forum?id=aB1_-x",)
    assert first.title == "On $O(n^2)$ maps of <T>"
    assert (first.abstract, first.tldr) == ("We map.", "Maps.")
    assert first.pdf_url == "https://openreview.net/pdf/1.pdf"
    assert first.published_at == datetime(2026, 6, 15, tzinfo=UTC)
    assert (first.day, second.day) == (date(2026, 6, 16), date(2026, 6, 16))
    assert (second.published_at, second.tldr) == (None, "Short")
    assert batch.notes == ("1 paper taken back",)
    assert web.asked[0].query["content.venueid"] == "V/2026/Conference"


@pytest.mark.parametrize(
    ("kind", "settings", "line"),
    [
        ("pubmed", {}, "query must say what to search for"),
        ("pubmed", {"query": " "}, "query must say"),
        ("crossref", {"query": "x" * 1001}, "at most 1000 printable"),
        ("crossref", {"query": "x", "dois": ["10.1/x"]}, "one of query or dois"),
        ("crossref", {"dois": ["nothing"]}, "'nothing' is no DOI"),
        ("semantic-scholar", {"query": "x", "seeds": ["y"]}, "one of query, ids or seeds"),
        ("semantic-scholar", {"seeds": []}, "seeds names no paper"),
        ("biorxiv", {"server": "chemrxiv"}, "must be biorxiv or medrxiv"),
        ("openalex", {"query": "x", "page": 500}, "page must be a whole number from 1 to 200"),
        ("openreview", {"venue": "a\x00"}, "printable"),
        ("dblp", {"query": "x", "colour": 1}, "unknown setting 'colour'"),
        ("europepmc", {"query": "x", "base_url": "ftp://x"}, "base_url must be an http"),
    ],
)
def test_settings_that_cannot_work_are_refused(kind: str, settings: dict, line: str) -> None:
    with pytest.raises(SourceError, match=line):
        collector(kind).check(settings)


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        (
            "pubmed:gut microbiome AND 2026[dp]",
            ("pubmed", {"query": "gut microbiome AND 2026[dp]"}),
        ),
        ("openreview:V/2026/Conference", ("openreview", {"venue": "V/2026/Conference"})),
        (
            "biorxiv:cell_biology+genomics",
            ("biorxiv", {"categories": ["cell_biology", "genomics"]}),
        ),
        ("biorxiv", ("biorxiv", {})),
    ],
)
def test_specs_in_one_word(spec: str, found: tuple) -> None:
    kind, settings = read_spec(spec)
    assert (kind, settings) == found
    collector(kind).check(settings)
