"""Every recorded answer, byte for byte over loopback: papers, or one clear line, and never silence."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest

from newsletter.collect.port import Batch
from newsletter.errors import SourceError
from newsletter.model import Listed, ListingType
from tests import inputs
from tests.collect.conftest import Collect
from tests.servers import Reply, Web, charset_of

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
FEED_GROUPS = ("feeds-journals", "feeds-blogs", "feeds-encoding", "feeds-odd", "feedparser")
NOT_FEEDS = {  # what each of these is, as the error must name it
    "e379dc5d4d4c416ee999e4b32339d5e8.xml": "an HTML page titled 'Validate User'",
    "ScriptingNews.json": "JSON that is no JSON Feed",
    "unknown.json": "JSON that is no JSON Feed",
    "iso88591_utf8_mismatch.xml": "XML where a feed was expected",
    "rss_empty_document.xml": "where a feed was expected",
}


def recorded(*groups: str) -> list:
    found = [path for group in groups for path in inputs.files(f"sources/{group}")]
    return [pytest.param(path, id="/".join(path.parts[-2:])) for path in found] or [
        pytest.param(None, id="no recorded inputs")
    ]


def given(path: Path | None) -> Path:
    return path or inputs.require("inputs", "sources")


def sound(batch: Batch) -> None:
    """What every paper of every source must be, and that nothing is passed over in silence."""
    assert batch.listed or batch.problems or batch.notes
    for paper in batch.listed:
        assert paper.title
        assert paper.keys
        assert len(set(paper.keys)) == len(paper.keys)
        texts = [paper.title, paper.abstract, *paper.authors, *paper.categories, *paper.keywords]
        for text in [*texts, paper.comment or "", paper.tldr or "", paper.url]:
            assert not CONTROL.search(text), text
            assert text == " ".join(text.split())
        assert all(paper.authors)
        assert paper.published_at is None or paper.published_at.tzinfo


@pytest.mark.parametrize("path", recorded("arxiv-rss"))
def test_arxiv_rss(path: Path | None, web: Web, collect: Collect) -> None:
    body = given(path).read_bytes()
    for form in ("rss", "atom"):
        web.put(f"/{form}/cs.AI+cs.LG", body)
    batch = collect("arxiv-rss", {"categories": ["cs.AI", "cs.LG"], "base_url": web.url})
    sound(batch)
    counts = {"arxiv_rss_example.xml": 7, "arxiv_weekend_empty.xml": 0}
    assert len(batch.listed) == counts.get(path.name, 3)
    if not batch.listed:
        assert batch.notes == ("nothing announced on Saturday 01 August 2026",)
        assert not batch.problems


def test_arxiv_rss_reads_types_versions_days_and_names(web: Web, collect: Collect) -> None:
    folder = inputs.require("inputs", "sources", "arxiv-rss")
    web.put("/atom/cs.AI", (folder / "arxiv_rss_example.xml").read_bytes())
    web.put("/rss/cs.CL", (folder / "arxiv_cs_cl.xml").read_bytes())
    atom = collect("arxiv-rss", {"categories": "cs.AI", "format": "atom", "base_url": web.url})
    assert [paper.type for paper in atom.listed].count(ListingType.CROSS) == 5
    assert {paper.day for paper in atom.listed} == {date(2025, 8, 20)}
    assert atom.notes == ("batch of 2025-08-20: 2 new, 5 cross",)
    first = atom.listed[0]
    assert first.keys == ("arxiv:2508.13426",)
    assert first.version == 1
    assert first.authors == ("Chunhua Liu", "Kabir Manandhar Shrestha", "Sukai Huang")
    assert first.abstract.startswith("As large language models (LLMs) increasingly mediate")
    rss = collect("arxiv-rss", {"categories": "cs.CL", "base_url": web.url})
    assert rss.listed[0].authors[2] == "Deepti"
    assert {paper.day for paper in rss.listed} == {date(2026, 4, 27)}


ARXIV_API = {  # papers expected; an empty result says why
    "arxiv_transformer.xml": 5,
    "id_0808.05394_s0_m100_7b0c7d0a7cdd.json": 0,
    "id_1605.08386_s0_m100_199195aa31ad.json": 1,
    "id_2104.12255v1_s0_m100_6ae69987ffe1.json": 1,
    "id_astro-ph_0601001_s0_m100_3150dca9dc76.json": 1,
    "q_testing_s0_m100_cfe7536492ca.json": 100,
    "q_testing_s5_m10_c0e94a259d4a.json": 10,
    "test-data.xml": 10,
}


@pytest.mark.parametrize("path", recorded("arxiv-api"))
def test_arxiv_api(path: Path | None, web: Web, collect: Collect) -> None:
    raw = given(path).read_bytes()
    if path.suffix == ".json":
        taped = json.loads(raw)
        reply = Reply(taped["body"].encode(), taped["status_code"])
    else:
        reply = Reply(raw)
    web.put("/api/query", reply)
    ids = path.name.startswith("id_")
    wanted = path.name.split("_")[1].replace("astro-ph", "astro-ph/0601001") if ids else ""
    most = ARXIV_API.get(path.name, 1) or 1
    settings = {"ids": [wanted]} if ids else {"search": "all:testing", "most": most, "page": most}
    settings |= {"base_url": web.url}
    if "_abc_" in path.name:
        settings["ids"] = ["2101.00001"]
        with pytest.raises(SourceError, match="incorrect id format for abc"):
            collect("arxiv-api", settings)
        return
    batch = collect("arxiv-api", settings)
    sound(batch)
    assert len(batch.listed) == ARXIV_API[path.name]
    if not batch.listed:
        assert batch.problems == ("arXiv knows no paper 0808.05394",)


def test_a_paper_titled_0_is_a_paper(web: Web, collect: Collect) -> None:
    name = "id_2104.12255v1_s0_m100_6ae69987ffe1.json"
    taped = json.loads(inputs.require("inputs", "sources", "arxiv-api", name).read_text("utf-8"))
    web.put("/api/query", taped["body"].encode())
    paper = collect("arxiv-api", {"ids": ["2104.12255"], "base_url": web.url}).listed[0]
    assert paper.title == "0"
    assert "$35,000" in paper.abstract


def test_ids_whose_pages_bring_nothing_new_are_asked_for_no_further(
    web: Web, collect: Collect
) -> None:
    name = "id_2104.12255v1_s0_m100_6ae69987ffe1.json"
    taped = json.loads(inputs.require("inputs", "sources", "arxiv-api", name).read_text("utf-8"))
    promised = re.sub(r"(:totalResults[^>]*>)\d+<", r"\g<1>90<", taped["body"])
    assert promised != taped["body"]
    web.put("/api/query", promised.encode())
    batch = collect("arxiv-api", {"ids": ["2104.12255"], "base_url": web.url})
    assert len(batch.listed) == 1 and not batch.problems
    assert len(web.asked) == 2


def test_old_ids_affiliations_and_comments(web: Web, collect: Collect) -> None:
    name = "id_astro-ph_0601001_s0_m100_3150dca9dc76.json"
    taped = json.loads(inputs.require("inputs", "sources", "arxiv-api", name).read_text("utf-8"))
    web.put("/api/query", taped["body"].encode())
    paper = collect("arxiv-api", {"ids": ["astro-ph/0601001"], "base_url": web.url}).listed[0]
    assert paper.keys[0] == "arxiv:astro-ph/0601001"
    assert paper.comment
    assert not any("(" in name for name in paper.authors)


def test_overlapping_pages_give_each_paper_once(web: Web, collect: Collect) -> None:
    folder = inputs.require("inputs", "sources", "arxiv-api")
    first = json.loads((folder / "q_testing_s0_m100_cfe7536492ca.json").read_text("utf-8"))
    second = json.loads((folder / "q_testing_s5_m10_c0e94a259d4a.json").read_text("utf-8"))
    web.put("/api/query", first["body"].encode(), second["body"].encode())
    settings = {"search": "testing", "most": 110, "page": 100, "base_url": web.url}
    batch = collect("arxiv-api", settings)
    assert len({paper.keys[0] for paper in batch.listed}) == len(batch.listed) == 100
    assert batch.problems == ("214881 papers found, only the first 110 read (most)",)


HF = {
    "2024-05-27.json": 13,
    "2024-06-28.json": None,
    "2024-12-11.json": 0,
    "2025-01-21.json": 1,
    "2026-07-15.json": 2,
}


@pytest.mark.parametrize("path", recorded("hf-daily-papers"))
def test_hf_daily(path: Path | None, web: Web, collect: Collect) -> None:
    body = given(path).read_bytes()
    if path.suffix == ".xml":
        batch = collect("feed", {"address": web.put("/hf.xml", body), "max_age_days": 0})
        sound(batch)
        assert len(batch.listed) == 50
        return
    web.put("/api/daily_papers", body)
    day = date(2026, 6, 12) if "sotawhat" in path.name else date.fromisoformat(path.stem)
    batch = collect("hf-daily", {"days_back": 0, "base_url": web.url}, day)
    sound(batch)
    entries = json.loads(body)
    if path.name == "2024-12-11.json":
        assert batch.problems == (
            f"2024-12-11: {len(entries)} entries without the shape of an object left out",
        )
        return
    assert len(batch.listed) == len({entry["paper"]["id"] for entry in entries})
    assert not batch.problems
    assert all(paper.keys[0].startswith("arxiv:") for paper in batch.listed)
    assert web.asked[-1].query == {"date": day.isoformat(), "limit": "100", "p": "0"}


def hf_day(web: Web, collect: Collect, day: str) -> dict[str, Listed]:
    web.put(
        "/api/daily_papers",
        inputs.require("inputs", "sources", "hf-daily-papers", f"{day}.json").read_bytes(),
    )
    batch = collect("hf-daily", {"days_back": 0, "base_url": web.url}, date.fromisoformat(day))
    return {paper.keys[0]: paper for paper in batch.listed}


def test_what_looks_like_markup_stays_text(web: Web, collect: Collect) -> None:
    abstracts = [paper.abstract for paper in hf_day(web, collect, "2024-06-28").values()]
    assert sum("<picture of a man>" in abstract for abstract in abstracts) == 1


def test_hf_counts_keywords_organisations_and_crowds(web: Web, collect: Collect) -> None:
    papers = hf_day(web, collect, "2026-06-16")
    assert len(papers["arxiv:2606.15007"].authors) == 573
    assert papers["arxiv:2606.14777"].votes == 150
    assert (
        papers["arxiv:2606.14777"].code_url
        == "https://github.com/jd-opensource/JoyAI-VL-Interaction"
    )
    assert papers["arxiv:2606.14777"].keywords
    assert any(paper.organisation for paper in papers.values())
    assert {paper.day for paper in papers.values()} == {date(2026, 6, 16)}
    assert "arxiv:2606.11176" in papers
    assert "arxiv:2606.11176" in hf_day(web, collect, "2026-06-10")


@pytest.mark.parametrize("path", recorded(*FEED_GROUPS))
def test_feeds(path: Path | None, web: Web, collect: Collect) -> None:
    body = given(path).read_bytes()
    kind = charset_of(body)
    address = web.put("/feed", Reply(body, headers={"Content-Type": kind} if kind else {}))
    settings = {"address": address, "max_age_days": 0}
    if path.name in NOT_FEEDS:
        with pytest.raises(SourceError, match=re.escape(NOT_FEEDS[path.name])) as caught:
            collect("feed", settings)
        assert address in str(caught.value)
        return
    batch = collect("feed", settings)
    sound(batch)
