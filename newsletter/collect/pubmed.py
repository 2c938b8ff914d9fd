"""PubMed by query (NCBI's E-utilities): a search gives the numbers, a second request the papers."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from newsletter.collect import checking, searching
from newsletter.collect.foreign import ask
from newsletter.collect.http import Http
from newsletter.collect.port import Batch, Request
from newsletter.collect.reading import child_text, read_xml
from newsletter.collect.searching import Found, Page
from newsletter.collect.text import fold
from newsletter.errors import SourceError

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_RECORDS = ("PubmedArticle", "PubmedBookArticle")


class Pubmed:
    """Settings: `query`, in PubMed's own language."""

    spec = "query"

    def check(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """See `Collector.check`."""
        shared = searching.settings_of(
            settings, "https://eutils.ncbi.nlm.nih.gov", "query", page=200
        )
        return {"query": checking.query(settings)} | shared

    def collect(self, request: Request, http: Http) -> Iterator[Batch]:
        """One Batch a page of what PubMed took in during the days asked for."""
        settings = self.check(request.settings)
        yield from searching.batches(_pages(settings, request, http), settings, request)


def _pages(settings: Mapping[str, Any], request: Request, http: Http) -> Iterator[Page]:
    numbers, total = _search(settings, request, http)
    for start in range(0, len(numbers), settings["page"]):
        asked = numbers[start : start + settings["page"]]
        answer = http.get(
            f"{settings['base_url']}/entrez/eutils/efetch.fcgi",
            {"db": "pubmed", "retmode": "xml", "id": ",".join(asked)},
            conditional=False,
        )
        root = read_xml(answer, "PubmedArticleSet", expected="a set of PubMed articles")
        records = [element for element in root if element.tag in _RECORDS]
        if not records:
            raise SourceError(f"{answer.url} answered none of the {len(asked)} papers asked for")
        yield Page([_paper(record, request) for record in records], total)


def _search(settings: Mapping[str, Any], request: Request, http: Http) -> tuple[list[str], int]:
    since, until = searching.window(settings, request)
    answer, document = ask(
        http,
        f"{settings['base_url']}/entrez/eutils/esearch.fcgi",
        {
            "db": "pubmed", "retmode": "json", "term": settings["query"],
            "retmax": settings["most"], "datetype": "edat",
            "mindate": f"{since:%Y/%m/%d}", "maxdate": f"{until:%Y/%m/%d}",
        },
    )  # fmt: skip
    refused = fold(document.text("esearchresult", "ERROR"))
    if refused:
        raise SourceError(f"{answer.url} answered: {refused[:300]}")
    given = document.members(answer, "esearchresult", "idlist")
    numbers = [each for each in given if isinstance(each, str) and each.isdecimal()]
    return numbers, document.count("esearchresult", "count") or len(numbers)


def _paper(record: etree._Element, request: Request) -> Found:
    citation = record.find("MedlineCitation")
    citation = record.find("BookDocument") if citation is None else citation
    if citation is None:
        return "a citation"
    article = citation.find("Article")
    article = citation if article is None else article
    number = (child_text(citation, "PMID") or "").strip()
    page = f"https://pubmed.ncbi.nlm.nih.gov/{number}" if number.isdecimal() else ""
    taken_in = _date(record.find("PubmedData/History/PubMedPubDate[@PubStatus='entrez']"))
    found = searching.paper(
        request,
        plain=True,
        names=[*_dois(record, article), page],
        title=_title(article),
        appeared=taken_in.date() if taken_in else None,
        published=_date(article.find("ArticleDate")) or _date(_printed(article)),
        authors=map(_name, article.iterfind("AuthorList/Author")),
        categories=(_text(each) for each in citation.iterfind("KeywordList/Keyword")),
        abstract=_abstract(article),
        url=page,
    )
    types = {_text(each) for each in article.iterfind("PublicationTypeList/PublicationType")}
    return searching.marked(found, taken_back="Retracted Publication" in types)


def _printed(article: etree._Element) -> etree._Element | None:
    return article.find("Journal/JournalIssue/PubDate")


def _dois(record: etree._Element, article: etree._Element) -> list[str]:
    """The paper's own DOIs; the lists of references hold those of other papers."""
    found = article.findall("ELocationID[@EIdType='doi']")
    found = [each for each in found if each.get("ValidYN") != "N"]
    found += record.findall("PubmedData/ArticleIdList/ArticleId[@IdType='doi']")
    return [_text(each) for each in found]


def _title(article: etree._Element) -> str:
    """The title; PubMed puts a translated one between brackets."""
    found = article.find("ArticleTitle")
    found = article.find("BookTitle") if found is None else found
    title = searching.without_stop(fold(_text(found)))
    return title[1:-1] if title.startswith("[") and title.endswith("]") else title


def _abstract(article: etree._Element) -> str:
    """The parts of the abstract, each behind its label where it has one."""
    parts = []
    for part in article.iterfind("Abstract/AbstractText"):
        label = fold(part.get("Label", "")).capitalize()
        parts.append(f"{label}: {_text(part)}" if label else _text(part))
    return " ".join(parts)


def _name(author: etree._Element) -> str:
    parts = (child_text(author, name) for name in ("ForeName", "LastName", "Suffix"))
    return " ".join(part for part in parts if part) or child_text(author, "CollectiveName") or ""


def _text(element: etree._Element | None) -> str:
    return "" if element is None else "".join(str(text) for text in element.itertext())


def _date(element: etree._Element | None) -> datetime | None:
    """A whole date; a year, or a year and a month, is none."""
    if element is None:
        return None
    year, month, day = ((child_text(element, name) or "").strip() for name in
                        ("Year", "Month", "Day"))  # fmt: skip
    try:
        number = _MONTHS.get(month[:3].lower()) or int(month)
        return datetime(int(year), number, int(day), tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
