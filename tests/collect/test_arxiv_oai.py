"""arXiv by OAI-PMH: complete, resumable, and old papers never news."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from newsletter.collect.arxiv_oai import ArxivOai
from newsletter.collect.http import Http
from newsletter.collect.port import Batch, Request
from newsletter.errors import SourceError
from newsletter.model import Listed, ListingType
from tests import inputs, servers
from tests.collect.oai_server import Archive, Paper, oai_error
from tests.servers import Reply, Web

NOW = datetime(2026, 6, 16, 6, tzinfo=UTC)
MONDAY, TUESDAY, WEDNESDAY = date(2026, 6, 15), date(2026, 6, 16), date(2026, 6, 17)
Harvest = Callable[..., list[Batch]]


@pytest.fixture
def archive(web: Web) -> Archive:
    archive = Archive()
    web.put("/oai", archive)
    return archive


@pytest.fixture
def harvest(web: Web, http: Http) -> Harvest:
    def run(day: date = TUESDAY, cursor: dict | None = None, **settings: Any) -> list[Batch]:
        told = ArxivOai().check({"base_url": web.url, **settings})
        return list(ArxivOai().collect(Request(told, day, NOW, cursor or {}), http))

    return run


def papers(batches: list[Batch]) -> dict[str, Listed]:
    return {p.keys[0].removeprefix("arxiv:"): p for batch in batches for p in batch.listed}


def cursor(batches: list[Batch]) -> dict:
    return [dict(b.cursor) for b in batches if b.cursor is not None][-1]


def lines(batches: list[Batch]) -> list[str]:
    return [line for batch in batches for line in (*batch.problems, *batch.notes)]


def day_of(day: date, *numbers: int) -> list[Paper]:
    return [Paper(f"2606.{number:05}", day) for number in numbers]


def test_a_day_is_read_page_by_page_to_its_end(archive: Archive, harvest: Harvest) -> None:
    archive.papers = day_of(TUESDAY, *range(1, 6))
    batches = harvest()
    assert [len(batch.listed) for batch in batches if batch.listed] == [2, 2, 1]
    found = papers(batches)
    assert len(found) == 5
    paper = found["2606.00001"]
    assert (paper.type, paper.day, paper.version) == (ListingType.NEW, TUESDAY, 1)
    assert paper.authors == ("Ada Lovelace", "Charles Babbage", "Mary Somerville")
    assert paper.published_at == datetime(2026, 6, 15, 10, tzinfo=UTC)
    assert cursor(batches) == {
        "since": "2026-06-16", "highest": "2606.00005", "top": "2606.00005", "done": "2026-06-16",
    }  # fmt: skip
    assert lines(batches) == ["5 records changed from 2026-06-16 to 2026-06-16"]


def test_the_next_harvest_begins_where_the_last_one_ended(
    archive: Archive, harvest: Harvest
) -> None:
    archive.papers = day_of(MONDAY, 1, 2) + day_of(TUESDAY, 3) + day_of(WEDNESDAY, 4)
    done = cursor(harvest(MONDAY))
    archive.asked.clear()
    batches = harvest(WEDNESDAY, done)
    assert [asked["from"] for asked in archive.asked] == ["2026-06-15", "2026-06-16", "2026-06-17"]
    assert set(papers(batches)) == {f"2606.{n:05}" for n in (1, 2, 3, 4)}
    assert cursor(batches)["done"] == "2026-06-17"


def test_an_interrupted_harvest_goes_on_with_its_token(
    archive: Archive, harvest: Harvest, web: Web, http: Http
) -> None:
    archive.papers = day_of(TUESDAY, *range(1, 8))
    request = Request(ArxivOai().check({"base_url": web.url}), TUESDAY, NOW)
    begun: Iterator[Batch] = ArxivOai().collect(request, http)
    first = [next(begun), next(begun)]
    begun.close()
    archive.asked.clear()
    rest = harvest(TUESDAY, cursor(first))
    assert archive.asked[0] == {"verb": "ListRecords", "resumptionToken": "2026-06-16|4"}
    assert len(papers(first)) == 4
    assert set(papers(first)) | set(papers(rest)) == {f"2606.{n:05}" for n in range(1, 8)}
    assert not set(papers(first)) & set(papers(rest))


def test_an_expired_token_begins_the_day_anew_and_loses_nothing(
    archive: Archive, harvest: Harvest
) -> None:
    archive.papers = day_of(MONDAY, 1) + day_of(TUESDAY, *range(2, 8))
    archive.refuse = {"2026-06-16|4": 2}
    batches = harvest(TUESDAY, {"done": "2026-06-15", "since": "2026-06-15"})
    assert set(papers(batches)) == {f"2606.{n:05}" for n in range(1, 8)}
    assert lines(batches).count("2026-06-16: the list's token expired, the day is read again") == 2
    assert cursor(batches)["done"] == "2026-06-16"


def test_a_token_that_always_expires_is_an_error_and_the_cursor_stays(
    archive: Archive, web: Web, http: Http
) -> None:
    archive.papers = day_of(MONDAY, 1) + day_of(TUESDAY, *range(2, 8))
    archive.refuse = {"2026-06-16|2": 99}
    settings = ArxivOai().check({"base_url": web.url})
    batches: list[Batch] = []
    with pytest.raises(SourceError, match=r"expired .*begun 4 times"):
        batches += ArxivOai().collect(Request(settings, TUESDAY, NOW, {"done": "2026-06-15"}), http)
    assert len([asked for asked in archive.asked if asked.get("from") == "2026-06-16"]) == 4


def test_a_server_that_repeats_its_token_is_left(harvest: Harvest, web: Web) -> None:
    body = Archive(day_of(TUESDAY, 1, 2, 3))
    page = body(servers.Asked("/oai", {"from": "2026-06-16", "until": "2026-06-16"}, {}))
    web.put("/oai", page)
    with pytest.raises(SourceError, match="repeats its token"):
        harvest()


def test_a_list_that_grows_while_it_is_read(archive: Archive, harvest: Harvest) -> None:
    archive.papers = day_of(TUESDAY, *range(1, 6))

    def grow(token: str) -> None:
        if token == "2026-06-16|2":
            archive.papers += day_of(TUESDAY, 8, 9)

    archive.on_page = grow
    assert set(papers(harvest())) == {f"2606.{n:05}" for n in (1, 2, 3, 4, 5, 8, 9)}


def test_a_paper_that_changes_during_the_harvest_is_met_on_its_later_day(
    archive: Archive, harvest: Harvest
) -> None:
    archive.papers = day_of(MONDAY, 1, 2, 3, 4) + day_of(TUESDAY, 5)

    def change(token: str) -> None:
        if token == "2026-06-15|0":
            archive.papers[3].day = TUESDAY

    archive.on_page = change
    found = papers(harvest(TUESDAY, {"done": "2026-06-15", "since": "2026-06-15"}))
    assert set(found) == {f"2606.{n:05}" for n in range(1, 6)}


def test_no_records_are_nothing_but_an_unknown_set_is_an_error(
    archive: Archive, harvest: Harvest, web: Web
) -> None:
    batches = harvest()
    assert not papers(batches)
    assert cursor(batches)["done"] == "2026-06-16"
    assert lines(batches) == ["0 records changed from 2026-06-16 to 2026-06-16"]
    web.put("/oai", oai_error("noRecordsMatch", "Set argument doesn't match any sets."))
    with pytest.raises(SourceError, match="match any sets"):
        harvest(sets=["moo"])
    web.put("/oai", oai_error("badArgument", "from is wrong"))
    with pytest.raises(SourceError, match=r"from is wrong \(badArgument\)"):
        harvest()


def test_old_papers_that_changed_are_no_news(archive: Archive, harvest: Harvest) -> None:
    archive.papers = [
        Paper("2606.00009", TUESDAY),
        Paper("1204.00010", TUESDAY, ["Tue, 3 Apr 2012 10:00:00 GMT"]),
        Paper("math/0309136", TUESDAY, ["Mon, 8 Sep 2003 10:00:00 GMT"] * 2, "math.GT cs.AI"),
    ]
    found = papers(harvest(categories=["cs.AI"]))
    assert {key: paper.type for key, paper in found.items()} == {
        "2606.00009": ListingType.NEW,
        "1204.00010": ListingType.REPLACE,
        "math/0309136": ListingType.REPLACE_CROSS,
    }


def test_a_paper_that_moderation_held_for_weeks_is_news(archive: Archive, harvest: Harvest) -> None:
    """Its number, handed out when it is announced, is above all that were seen before."""
    archive.papers = day_of(MONDAY, 100)
    done = cursor(harvest(MONDAY))
    archive.papers = [
        Paper("2606.00200", TUESDAY, ["Tue, 5 May 2026 10:00:00 GMT"]),
        Paper("2605.00200", TUESDAY, ["Tue, 5 May 2026 10:00:00 GMT"]),
    ]
    found = papers(harvest(TUESDAY, done))
    assert found["2606.00200"].type == ListingType.NEW
    assert found["2606.00200"].day == TUESDAY
    assert found["2605.00200"].type == ListingType.REPLACE


def test_what_was_announced_in_an_outage_and_replaced_since_is_news_on_its_first_day(
    archive: Archive, harvest: Harvest
) -> None:
    archive.papers = [
        Paper(
            "2606.00300",
            TUESDAY,
            ["Tue, 9 Jun 2026 10:00:00 GMT", "Mon, 15 Jun 2026 09:00:00 GMT"],
        )
    ]
    done = {"done": "2026-06-08", "since": "2026-06-08", "highest": "2606.00200"}
    paper = papers(harvest(TUESDAY, done))["2606.00300"]
    assert (paper.type, paper.version) == (ListingType.NEW, 2)
    assert paper.day == date(2026, 6, 10)


def test_a_long_outage_is_read_in_several_runs_without_losing_what_was_news(
    archive: Archive, harvest: Harvest
) -> None:
    late = Paper("2605.00300", date(2026, 6, 14), ["Tue, 5 May 2026 10:00:00 GMT"] * 2)
    archive.papers = [late, *day_of(TUESDAY, 400)]
    start = {"done": "2026-05-04", "since": "2026-05-04", "highest": "2605.00100", "top": ""}
    batches = harvest(TUESDAY, start, days=40)
    assert "3 days still to be read" not in " ".join(lines(batches))
    assert "4 days still to be read by the next run" in lines(batches)
    assert cursor(batches)["highest"] == "2605.00100"
    found = papers(harvest(TUESDAY, cursor(batches), days=40))
    assert found["2605.00300"].type == ListingType.NEW


def test_categories_are_asked_for_by_their_sets(archive: Archive, harvest: Harvest) -> None:
    archive.papers = [
        Paper("2606.00001", TUESDAY, categories="cs.LG cs.AI"),
        Paper("2606.00002", TUESDAY, categories="hep-ex physics.ins-det"),
        Paper("2606.00003", TUESDAY, categories="cs.CV"),
    ]
    found = papers(harvest(categories=["cs.AI", "cs.LO", "hep-ex"]))
    assert {asked.get("set") for asked in archive.asked if "set" in asked} == {
        "cs", "physics:hep-ex",
    }  # fmt: skip
    assert {key: paper.type for key, paper in found.items()} == {
        "2606.00001": ListingType.CROSS,
        "2606.00002": ListingType.NEW,
    }


def test_deleted_records_are_told(archive: Archive, harvest: Harvest) -> None:
    archive.papers = [Paper("2606.00001", TUESDAY, deleted=True), *day_of(TUESDAY, 2)]
    batches = harvest()
    assert [key for batch in batches for key in batch.withdrawn] == ["arxiv:2606.00001"]
    assert set(papers(batches)) == {"2606.00002"}


def without_token(body: bytes) -> bytes:
    """The last page of the same list."""
    return re.sub(rb"<resumptionToken.*?</resumptionToken>", b"", body)


RECORDED = {  # records that can be read
    "ErrorResponseBadResumptionToken.xml": None,
    "ErrorResponseNoRecordsMatch.xml": None,
    "arXivRaw.ListRecordsResponse.xml": 6,
    "arxiv-physics-hep-ex.xml": 3,
    "arxiv_multi_20230125.xml": 3,
}


@pytest.mark.parametrize(
    "path", inputs.files("sources/arxiv-oai") or [None], ids=lambda p: p.name if p else "none"
)
def test_recorded_answers(path: Path | None, web: Web, harvest: Harvest) -> None:
    body = (path or inputs.require("inputs", "sources", "arxiv-oai")).read_bytes()
    if path.name == "arxiv_math_0306266.xml":  # a bare record
        body = body.replace(b'<?xml version="1.0" encoding="UTF-8"?>', b"")
        body = b"<ListRecords>%s</ListRecords>" % body
        body = b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">%s</OAI-PMH>' % body
    body = body.replace(b"GetRecord>", b"ListRecords>")
    end = without_token(body)
    web.put("/oai", Reply(body), Reply(end))
    if RECORDED.get(path.name, 1) is None:
        with pytest.raises(SourceError, match=r"badResumptionToken|noRecordsMatch"):
            harvest()
        return
    batches = harvest()
    found = papers(batches)
    for paper in found.values():
        assert paper.title and paper.abstract and paper.authors
        assert paper.published_at
        assert all(name != ":" for name in paper.authors)
    assert len(found) == RECORDED.get(path.name, 1)


def test_what_the_formats_tell(web: Web, harvest: Harvest) -> None:
    folder = inputs.require("inputs", "sources", "arxiv-oai")

    def read(name: str) -> dict[str, Listed]:
        body = (folder / name).read_bytes().replace(b"GetRecord>", b"ListRecords>")
        web.put("/oai", without_token(body))
        return papers(harvest())

    raw = read("arXivRaw.ListRecordsResponse.xml")["0704.0471"]
    assert raw.authors == ("D.V. Shetty", "S.J. Yennello", "G.A. Souliotis")
    assert raw.keys == (
        "arxiv:0704.0471", "doi:10.1103/physrevc.76.024606", "doi:10.1103/physrevc.76.039902",
    )  # fmt: skip
    assert raw.categories == ("nucl-ex", "nucl-th")
    crowd = read("sample_arxiv_record4.xml")["1603.05976"]
    assert crowd.authors[:3] == ("Keck Array", "BICEP2 Collaborations", "P. Ade")
    core = read("arxiv_multi_20230125.xml")["1009.1022"]
    assert core.authors == ("Robert Ralowski", "Szymon Zeberski")
    assert core.comment == "7 pages"


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"format": "marc"}, "format must be"),
        ({"format": "oai_dc", "categories": ["cs.AI"]}, "name no categories"),
        ({"sets": ["a b&c"]}, "is no set"),
        ({"since": "soon"}, "since must be a day"),
        ({"days": 0}, "days must be a whole number"),
    ],
)
def test_bad_settings(settings: dict, line: str) -> None:
    with pytest.raises(SourceError, match=line):
        ArxivOai().check(settings)
