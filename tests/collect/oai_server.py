"""An OAI-PMH server of as many made-up papers as a test needs, with the faults that real ones have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.servers import Asked, Reply

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">
<responseDate>2026-06-16T06:00:00Z</responseDate><request verb="ListRecords">x</request>
{body}</OAI-PMH>"""
RECORD = """<record><header><identifier>oai:arXiv.org:{id}</identifier><datestamp>{day}</datestamp>
<setSpec>cs</setSpec></header><metadata><arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/">
<id>{id}</id><submitter>A</submitter>{versions}<title>Paper {id}</title>
<authors>Ada Lovelace, Charles Babbage and Mary Somerville</authors>
<categories>{categories}</categories><comments>{comment}</comments>
<abstract>  About {id}, at some length. {abstract}
</abstract></arXivRaw></metadata></record>"""
DELETED = """<record><header status="deleted"><identifier>oai:arXiv.org:{id}</identifier>
<datestamp>{day}</datestamp></header></record>"""


@dataclass
class Paper:
    """One record. `versions`: the submission of each version."""

    id: str
    day: date
    versions: list[str] = field(default_factory=list)
    categories: str = "cs.AI"
    comment: str = "9 pages"
    abstract: str = ""
    deleted: bool = False

    def xml(self) -> str:
        if self.deleted:
            return DELETED.format(id=self.id, day=self.day)
        told = self.versions or [f"{self.day - timedelta(days=1):%a, %d %b %Y} 10:00:00 GMT"]
        versions = "".join(
            f'<version version="v{n}"><date>{when}</date></version>'
            for n, when in enumerate(told, 1)
        )
        return RECORD.format(
            id=self.id,
            day=self.day,
            versions=versions,
            categories=self.categories,
            comment=self.comment,
            abstract=self.abstract,
        )


@dataclass
class Archive:
    """Answers ListRecords. `refuse`: tokens that are answered as expired, as many times as given."""

    papers: list[Paper] = field(default_factory=list)
    page: int = 2
    refuse: dict[str, int] = field(default_factory=dict)
    on_page: Callable[[str], None] = lambda token: None
    asked: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Reply:
        query = dict(asked.query)
        self.asked.append(query)
        token = query.get("resumptionToken")
        if token is None:
            day, start = query["from"], 0
            assert query["from"] == query["until"]
        else:
            day, _, place = token.partition("|")
            start = int(place)
            if self.refuse.get(token, 0) > 0:
                self.refuse[token] -= 1
                return oai_error("badResumptionToken", "The resumptionToken has expired")
        found = sorted((p for p in self.papers if str(p.day) == day), key=lambda p: p.id)
        if not found:
            return oai_error("noRecordsMatch", "No records match")
        end = start + self.page
        rest = f"{day}|{end}" if end < len(found) else ""
        last = f'<resumptionToken cursor="{start}">{rest}</resumptionToken>'
        records = "".join(paper.xml() for paper in found[start:end])
        self.on_page(f"{day}|{start}")
        return Reply(
            HEAD.format(body=f"<ListRecords>{records}{last}</ListRecords>").encode(),
            headers={"Content-Type": "text/xml"},
        )


def oai_error(code: str, told: str) -> Reply:
    return Reply(HEAD.format(body=f'<error code="{code}">{told}</error>').encode())
