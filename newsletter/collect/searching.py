"""What the sources that are asked by query share: their settings, papers, pages, and last word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from newsletter.collect import arxiv, checking
from newsletter.collect.foreign import Record
from newsletter.collect.http import Answer
from newsletter.collect.keys import arxiv_id, canonical_url, keys_of
from newsletter.collect.latex import readable
from newsletter.collect.port import Batch, Request
from newsletter.collect.text import counted, fold, from_escaped, from_html
from newsletter.model import Listed

_ABSTRACT = 20_000  # characters; the longest honest one in the recordings has 4,000
_NAME = 300  # characters of an author's name or a category
_AUTHORS = 5_000  # the largest collaborations sign with about 3,000
_TITLE = 1_000
_FRUITLESS = 3  # pages in a row that only repeat, or that nothing can be read of


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A paper that the source shows as withdrawn or retracted."""

    paper: Listed


Found = Listed | TakenBack | str


@dataclass(frozen=True, slots=True)
class Page:
    """What one answer held: papers, or what an entry lacks that is none.

    `total`: how many entries the source promises over all pages, if it says. `read`: how many the
    page had, where not all of them were wanted.
    """

    found: Sequence[Found]
    total: int | None = None
    read: int | None = None


def settings_of(
    settings: Mapping[str, Any],
    base_url: str,
    *own: str,
    days_back: int = 5,
    page: int = 100,
    largest: int = 1000,
    most: int = 500,
) -> dict[str, Any]:
    """The checked settings that all these kinds share; `own` are those that the kind checks."""
    shared = ("days_back", "max_age_days", "most", "page", "base_url")
    checking.only(settings, *own, *shared)
    return {
        "days_back": checking.whole(settings, "days_back", days_back, 0, 366),
        "max_age_days": checking.whole(settings, "max_age_days", 90, 0, 36_500),
        "most": checking.whole(settings, "most", most, 1, 10_000),
        "page": checking.whole(settings, "page", min(page, largest), 1, largest),
        "base_url": checking.base(settings, base_url),
    }


def window(settings: Mapping[str, Any], request: Request) -> tuple[date, date]:
    """The first and the last day that are asked for."""
    return request.day - timedelta(days=settings["days_back"]), request.day


def read_all(items: Iterable[Any], make: Callable[[Record], Found]) -> list[Found]:
    """Each member of a foreign list made into a paper, or what it lacks."""
    return [
        make(Record(item)) if isinstance(item, dict) else "the shape of an object" for item in items
    ]


def by_cursor(
    ask: Callable[[str], tuple[Answer, Record]],
    make: Callable[[Record], Found],
    *,
    items: Sequence[str],
    total: Sequence[str],
    following: Sequence[str],
) -> Iterator[Page]:
    """The pages of a source that hands out a cursor; the paths say where its answer holds what."""
    cursor = "*"
    while cursor:
        answer, document = ask(cursor)
        yield Page(read_all(document.members(answer, *items), make), document.count(*total))
        cursor = document.text(*following)


def paper(
    request: Request,
    *,
    names: Iterable[str],
    title: str,
    appeared: date | None,
    published: datetime | None,
    authors: Iterable[str] = (),
    categories: Iterable[str] = (),
    plain: bool = False,
    **texts: str | None,
) -> Found:
    """One record as a paper, or what it lacks. Texts are HTML or JATS unless they are `plain`.

    `names`: ids, DOIs and addresses that are this paper's and no other's.
    `appeared`: when the source took it in; a paper without it belongs to the day asked for.
    `texts`: abstract, url, pdf_url, tldr, organisation, as far as there are any.
    """
    prose = _plain if plain else _marked_up
    heading = without_stop(prose(title))[:_TITLE].strip()
    keys = keys_of(*map(fold, names))
    if not heading:
        return "a title"
    if not keys:
        return "an id or address"
    identity = arxiv_id(keys[0])
    page = arxiv.page(identity[0]) if identity else _address(texts.get("url"))
    pdf = arxiv.pdf(identity[0]) if identity else _address(texts.get("pdf_url"))
    return Listed(
        keys=keys,
        title=heading,
        day=min(appeared or request.day, request.day),
        abstract=prose(texts.get("abstract"))[:_ABSTRACT].strip(),
        authors=_distinct(map(prose, authors))[:_AUTHORS],
        categories=_distinct(map(prose, categories))[:20],
        url=page or "",
        pdf_url=pdf,
        published_at=published,
        organisation=prose(texts.get("organisation")) or None,
        tldr=prose(texts.get("tldr")) or None,
    )


def marked(found: Found, *, taken_back: bool) -> Found:
    """The paper as it is, or as one that the source took back."""
    return TakenBack(found) if taken_back and isinstance(found, Listed) else found


def _marked_up(value: object) -> str:
    return readable(from_html(value))


def _plain(value: object) -> str:
    return readable(from_escaped(value))


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    cleaned = (text[:_NAME].strip() for text in texts)
    return tuple(dict.fromkeys(text for text in cleaned if text))


def without_stop(title: str) -> str:
    """A title without the full stop that some indexes put at its end."""
    return title[:-1].rstrip() if title.endswith(".") and not title.endswith("..") else title


def _address(value: str | None) -> str | None:
    text = fold(value)
    return text if text and canonical_url(text) else None


def batches(
    pages: Iterable[Page], settings: Mapping[str, Any], request: Request
) -> Iterator[Batch]:
    """One batch a page, each paper once over all of them, and a last one that tells the rest."""
    reader = _Reader(settings["most"], settings["max_age_days"], request.day)
    for page in pages:
        batch = reader.take(page)
        if batch.listed or batch.problems or batch.notes:
            yield batch
        if reader.finished or not (page.found or page.read):
            break
    yield reader.closing(f"from {window(settings, request)[0]} to {request.day}")


class _Reader:
    """Counts what the pages bring."""

    def __init__(self, most: int, max_age_days: int, day: date) -> None:
        self._most = most
        self._oldest = day - timedelta(days=max_age_days) if max_age_days else None
        self._max_age = max_age_days
        self._seen: set[tuple[str, int | None]] = set()
        self._read = self._total = self._old = self._told = 0
        self._fruitless = 0

    @property
    def finished(self) -> bool:
        return self._fruitless >= _FRUITLESS or self._read >= self._most

    def take(self, page: Page) -> Batch:
        self._total = max(self._total, page.total or 0)
        entries = page.found[: self._most - self._read]
        self._read += len(entries) if page.read is None else page.read
        taken = [entry.paper for entry in entries if isinstance(entry, TakenBack)]
        papers = [entry for entry in entries if isinstance(entry, Listed)]
        broken = Counter(entry for entry in entries if isinstance(entry, str))
        self._told += broken.total() + len(taken)
        fresh: dict[tuple[str, int | None], Listed] = {}
        for entry in papers:
            place = entry.keys[0], entry.version
            if place not in self._seen:
                fresh.setdefault(place, entry)
        self._fruitless = 0 if fresh or not entries else self._fruitless + 1
        self._seen.update(fresh)
        news = [entry for entry in fresh.values() if not self._is_old(entry)]
        self._old += len(fresh) - len(news)
        back = tuple(key for each in taken for key in each.keys)
        said = (f"{counted(len(taken), 'paper', 'papers')} taken back",) if taken else ()
        return Batch(tuple(news), problems_of(broken), said, withdrawn=back)

    def _is_old(self, found: Listed) -> bool:
        at = found.published_at
        return bool(self._oldest and at and at.date() < self._oldest)

    def closing(self, span: str) -> Batch:
        problems, notes = [], []
        if self._fruitless >= _FRUITLESS:
            problems.append(f"{_FRUITLESS} pages in a row brought no other paper; reading stopped")
        elif self._total > self._read >= self._most:
            problems.append(f"{self._total} found, only the first {self._most} read (most)")
        elif self._total > self._read:
            problems.append(f"{self._total} promised, but the pages ended after {self._read}")
        if self._old:
            many = counted(self._old, "paper", "papers")
            notes.append(f"{many} published more than {self._max_age} days ago left out")
        if not self._seen and not self._told:
            notes.append(f"nothing found {span}")
        return Batch(problems=tuple(problems), notes=tuple(notes))


def problems_of(broken: Counter[str]) -> tuple[str, ...]:
    """One line for each thing that entries lacked."""
    return tuple(
        f"{counted(count, 'entry', 'entries')} without {what} left out"
        for what, count in broken.items()
    )
