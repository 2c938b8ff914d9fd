"""The public JSON: its models, from which the OpenAPI document is made, and how they are filled."""

from __future__ import annotations

from datetime import date, datetime
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from newsletter.model import Summary, SummaryKind
from newsletter.render.addresses import paper_path
from newsletter.render.plain import clean, web_url
from newsletter.stages.browsed import Batch, DayPage, PaperPage, Shown
from newsletter.stages.related import Related
from newsletter.stages.search import Results


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True)


class Tldr(_Document):
    """A sentence or two. `by`: whose words; `model`: its name, where a language model wrote them."""

    text: str
    by: SummaryKind
    model: str | None = None


class EntryDocument(_Document):
    """A paper. `key`: its canonical key, such as `arxiv:2404.06395` or `doi:10.1000/182`."""

    key: str
    title: str
    abstract: str
    tldr: Tldr
    authors: list[str]
    organisation: str | None
    categories: list[str]
    published: datetime | None
    first_listed: date
    page: str = Field(description="Its page on this site.")
    api: str = Field(description="All that is known of it, from here.")
    url: str | None = Field(description="Where the paper itself is.")
    pdf_url: str | None
    code_url: str | None
    sources: list[str] = Field(description="The kinds of sources that listed it.")
    votes: int
    comments: int
    hacker_news_points: int
    stars: int
    trending: bool = Field(description="More is said of it than is ordinary; told in daily lists.")


class ListingDocument(_Document):
    """That a source listed a paper on a day."""

    source: str
    day: date
    type: str
    votes: int | None
    comments: int | None


class VersionDocument(_Document):
    """A later version. `changed`: the fields that differ."""

    version: int
    seen: datetime
    changed: list[str]


class ObservedDocument(_Document):
    """How a number stood at a moment."""

    at: datetime
    value: int


class WholeEntry(EntryDocument):
    """A paper with all that is known of it. `parts`: what a language model (`parts_by`) wrote of it."""

    keys: list[str]
    version: int | None
    comment: str | None
    keywords: list[str]
    withdrawn: datetime | None
    listings: list[ListingDocument]
    versions: list[VersionDocument]
    attention: dict[str, list[ObservedDocument]]
    parts: dict[str, str]
    parts_by: str | None


class FoundEntries(_Document):
    """What a search found. `more`: there are more than `total`, which cannot be turned over.

    `problems`: what of the search could not be taken; `instead`: names that were looked for in place of a
    misspelt one; `loose`: how many of `total`, the last, have some of the words only.
    """

    query: str
    total: int
    more: bool
    loose: int
    offset: int
    problems: list[str]
    instead: list[str]
    entries: list[EntryDocument]


class RelatedEntry(_Document):
    """A paper beside another. `likeness`: up to 1; `day`: when it came out; `why`: what they share."""

    entry: EntryDocument
    likeness: float
    day: date
    why: str


class RelatedEntries(_Document):
    """The papers nearest to one, the nearest first."""

    key: str
    related: list[RelatedEntry]


class BatchDocument(_Document):
    """What a place brought of a day. `complete`: null where nobody knows."""

    source: str
    count: int
    complete: bool | None
    missing: int
    failed: bool


class FacetDocument(_Document):
    """What a day can be filtered by."""

    value: str
    name: str
    count: int


class DayDocument(_Document):
    """A day's papers. `quiet`: why there are none, or none from arXiv."""

    day: date
    order: str
    total: int = Field(description="How many meet the filters.")
    listed: int = Field(description="How many the day has.")
    offset: int
    before: date | None
    after: date | None
    quiet: str | None
    collected: datetime | None
    batches: list[BatchDocument]
    categories: list[FacetDocument]
    sources: list[FacetDocument]
    entries: list[EntryDocument]


def entry_path(key: str) -> str:
    """An entry in the API: whatever means something in an address is encoded, slashes too."""
    return f"/api/v1/entries/{quote(key, safe=':', errors='replace')}"


def entry_document(shown: Shown, base_url: str) -> EntryDocument:
    """A paper of a list."""
    return EntryDocument(**_fields(shown, base_url))


def whole_entry(page: PaperPage, base_url: str) -> WholeEntry:
    """A paper by itself."""
    return WholeEntry(
        **_fields(page.shown, base_url),
        keys=list(page.keys),
        version=page.version,
        comment=clean(page.comment or "") or None,
        keywords=[clean(each) for each in page.keywords],
        withdrawn=page.withdrawn_at,
        listings=[
            ListingDocument(
                source=each.place, day=each.day, type=each.type, votes=each.votes,
                comments=each.comments,
            )
            for each in page.listings
        ],
        versions=[
            VersionDocument(version=each.version, seen=each.seen_at, changed=list(each.changed))
            for each in page.versions
        ],
        attention={
            kind: [ObservedDocument(at=at, value=value) for at, value in line]
            for kind, line in page.attention.items()
        },
        parts=dict(page.parts),
        parts_by=page.parts_by or None,
    )  # fmt: skip


def found_entries(
    results: Results, shown: tuple[Shown, ...], offset: int, base_url: str
) -> FoundEntries:
    """A page of what a search found."""
    return FoundEntries(
        query=results.query.text,
        total=results.total,
        more=results.cut,
        loose=results.loose,
        offset=offset,
        problems=list(results.problems),
        instead=list(results.instead),
        entries=[entry_document(each, base_url) for each in shown],
    )


def related_entries(
    key: str, found: tuple[Related, ...], shown: tuple[Shown, ...], base_url: str
) -> RelatedEntries:
    """What is near to a paper; `shown`: the same papers as lists show them."""
    by_id = {each.entry.id: each for each in shown}
    return RelatedEntries(
        key=key,
        related=[
            RelatedEntry(
                entry=entry_document(by_id[each.entry.id], base_url),
                likeness=round(each.likeness, 4), day=each.day, why=each.why,
            )
            for each in found
            if each.entry.id in by_id
        ],
    )  # fmt: skip


def day_document(page: DayPage, base_url: str) -> DayDocument:
    """A part of a day."""
    return DayDocument(
        day=page.day,
        order=page.order.value,
        total=page.total,
        listed=page.listed,
        offset=page.offset,
        before=page.before,
        after=page.after,
        quiet=page.quiet.value if page.quiet else None,
        collected=page.collected_at,
        batches=[_batch(each) for each in page.batches],
        categories=[
            FacetDocument(value=each.value, name=each.name, count=each.count)
            for each in page.categories
        ],
        sources=[
            FacetDocument(value=each.value, name=each.name, count=each.count)
            for each in page.sources
        ],
        entries=[entry_document(each, base_url) for each in page.papers],
    )


def _batch(each: Batch) -> BatchDocument:
    return BatchDocument(
        source=each.place, count=each.count, complete=each.complete, missing=each.missing,
        failed=each.failed,
    )  # fmt: skip


def _fields(shown: Shown, base_url: str) -> dict[str, object]:
    entry, base = shown.entry, base_url.rstrip("/")
    return {
        "key": entry.key,
        "title": clean(entry.title) or "Untitled",
        "abstract": clean(entry.abstract),
        "tldr": _tldr(shown.tldr),
        "authors": [name for each in entry.authors if (name := clean(each))],
        "organisation": clean(entry.organisation or "") or None,
        "categories": [clean(each) for each in entry.categories],
        "published": entry.published_at,
        "first_listed": entry.first_listed_on,
        "page": f"{base}{paper_path(entry.key)}",
        "api": f"{base}{entry_path(entry.key)}",
        "url": web_url(entry.url) or None,
        "pdf_url": web_url(entry.pdf_url) or None,
        "code_url": web_url(entry.code_url) or None,
        "sources": list(entry.sources),
        "votes": entry.votes,
        "comments": entry.comments,
        "hacker_news_points": entry.points,
        "stars": shown.stars,
        "trending": shown.hot,
    }


def _tldr(told: Summary) -> Tldr:
    return Tldr(text=clean(told.text), by=told.kind, model=told.by or None)
