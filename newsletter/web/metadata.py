"""What programs read of a paper's page: Zotero and Scholar, search engines, whoever shows a link. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from newsletter.model import Entry
from newsletter.render.addresses import paper_path
from newsletter.render.cards import shown_title
from newsletter.render.plain import clean, clip, web_url
from newsletter.stages.browsed import PaperPage

MOST_AUTHORS = 100
_DESCRIPTION = 300


def citation(page: PaperPage, base_url: str) -> Iterator[tuple[str, str]]:
    """Names and contents of the meta tags that Zotero and Google Scholar read."""
    entry = page.entry
    yield "citation_title", shown_title(entry.title)
    for name in entry.authors[:MOST_AUTHORS]:
        yield "citation_author", clean(name)
    yield "citation_publication_date", f"{_day(entry):%Y/%m/%d}"
    if page.version and page.versions:
        yield "citation_online_date", f"{page.versions[0].seen_at:%Y/%m/%d}"
    for key in page.keys:
        kind, _, name = key.partition(":")
        if kind in {"arxiv", "doi"}:
            yield f"citation_{kind}_id" if kind == "arxiv" else "citation_doi", name
    if pdf := web_url(entry.pdf_url):
        yield "citation_pdf_url", pdf
    yield "citation_abstract_html_url", f"{base_url}{paper_path(entry.key)}"
    if entry.abstract:
        yield "citation_abstract", clean(entry.abstract)
    for word in page.keywords[:20]:
        yield "citation_keywords", clean(word)


def description(page: PaperPage) -> str:
    """The paper in a sentence or two."""
    return clip(clean(page.shown.tldr.text or page.entry.abstract), _DESCRIPTION)


def open_graph(page: PaperPage, base_url: str, site: str) -> list[tuple[str, str]]:
    """Properties and contents of the meta tags that say how a link to the page is shown."""
    entry = page.entry
    return [
        ("og:type", "article"),
        ("og:site_name", site),
        ("og:title", shown_title(entry.title)),
        ("og:description", description(page)),
        ("og:url", f"{base_url}{paper_path(entry.key)}"),
        ("article:published_time", _day(entry).isoformat()),
        *(("article:author", clean(name)) for name in entry.authors[:5]),
    ]


def linked_data(page: PaperPage, base_url: str) -> dict[str, Any]:
    """The paper as schema.org's ScholarlyArticle, for JSON-LD."""
    entry = page.entry
    told: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "ScholarlyArticle",
        "headline": shown_title(entry.title),
        "author": [
            {"@type": "Person", "name": clean(name)} for name in entry.authors[:MOST_AUTHORS]
        ],
        "datePublished": _day(entry).isoformat(),
        "url": f"{base_url}{paper_path(entry.key)}",
        "identifier": list(page.keys),
        "description": description(page),
    }
    if address := web_url(entry.url):
        told["sameAs"] = address
    if entry.organisation:
        told["sourceOrganization"] = {"@type": "Organization", "name": clean(entry.organisation)}
    if page.keywords:
        told["keywords"] = [clean(word) for word in page.keywords[:20]]
    if page.version:
        told["version"] = str(page.version)
    return told


def _day(entry: Entry) -> date:
    return entry.published_at.date() if entry.published_at else entry.first_listed_on
