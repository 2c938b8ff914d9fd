"""Hugging Face Daily Papers, by day (huggingface.co/api/daily_papers).

The day's list grows until its evening: a run in the morning asks for the days before as
well, whose votes are still growing: each change is kept as a signal.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from newsletter.collect import arxiv, checking, dates
from newsletter.collect.http import Answer, Http
from newsletter.collect.keys import arxiv_id, canonical_url, keys_of
from newsletter.collect.latex import readable
from newsletter.collect.port import Batch, Request
from newsletter.collect.reading import read_json
from newsletter.collect.text import counted, fold
from newsletter.errors import SourceError
from newsletter.model import Listed

_PAGE = 100  # the most that one page holds
_PAGES = 20  # no day has had more than two; a server that ignores `p` must not keep us forever


class HfDaily:
    """Settings: `days_back` (how many earlier days are asked for again), `base_url`."""

    def check(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """See `Collector.check`."""
        checking.only(settings, "days_back", "base_url")
        return {
            "days_back": checking.whole(settings, "days_back", 3, 0, 30),
            "base_url": checking.base(settings, "https://huggingface.co"),
        }

    def collect(self, request: Request, http: Http) -> Iterator[Batch]:
        """One Batch a day, the eldest day first."""
        settings = self.check(request.settings)
        for back in range(settings["days_back"], -1, -1):
            yield self._day(settings["base_url"], request.day - timedelta(days=back), http)

    def _day(self, base: str, day: date, http: Http) -> Batch:
        found: dict[str, Listed] = {}
        broken = Counter[str]()
        unchanged = True
        url = f"{base}/api/daily_papers"
        for page in range(_PAGES):
            answer = http.get(url, _page(day, page), readable=(400,))
            if answer.unchanged:
                if http.remembers(url, _page(day, page + 1)):  # the page was full the last time
                    continue
                break
            unchanged = False
            entries = _entries(answer)
            papers = [_listed(entry, day) for entry in entries]
            broken.update(paper for paper in papers if isinstance(paper, str))
            fresh = {p.keys[0]: p for p in papers if isinstance(p, Listed)}
            if len(entries) < _PAGE or fresh.keys() <= found.keys():
                found |= fresh
                break
            found |= fresh
        return _batch(day, found, broken, unchanged=unchanged)


def _page(day: date, page: int) -> dict[str, str | int]:
    return {"date": day.isoformat(), "limit": _PAGE, "p": page}


def _batch(
    day: date, found: Mapping[str, Listed], broken: Counter[str], *, unchanged: bool
) -> Batch:
    if unchanged:
        return Batch(unchanged=True)
    problems = tuple(
        f"{day}: {counted(n, 'entry', 'entries')} without {what} left out"
        for what, n in broken.items()
    )
    count = counted(len(found), "paper", "papers") if found or problems else "no papers"
    note = f"{day:%A %d %B %Y}: {count}"
    return Batch(tuple(found.values()), problems, (note,))


def _entries(answer: Answer) -> list[Any]:
    document = read_json(answer)
    if isinstance(document, dict) and "error" in document:
        raise SourceError(f"{answer.url} answered: {fold(str(document['error']))[:300]}")
    if not isinstance(document, list) or answer.status != 200:
        what = "an object" if isinstance(document, dict) else json.dumps(document)[:40]
        raise SourceError(f"{answer.url} answered {what} where a list of papers was expected")
    return document


def _listed(entry: Any, day: date) -> Listed | str:
    """The paper of one entry, or what the entry lacks. Fields come and go over the years."""
    if not isinstance(entry, dict):
        return "the shape of an object"
    paper = entry.get("paper")
    if not isinstance(paper, dict):
        return "a paper"
    name = fold(paper.get("id"))
    identity = arxiv_id(name)
    title = readable(fold(paper.get("title")) or fold(entry.get("title")))
    if not name:
        return "an id"
    if not title:
        return "a title"
    page = arxiv.page(identity[0]) if identity else f"https://huggingface.co/papers/{name}"
    organisation = paper.get("organization") or entry.get("organization") or {}
    return Listed(
        keys=keys_of(page),
        title=title,
        day=dates.day(paper.get("submittedOnDailyAt")) or day,
        abstract=readable(fold(paper.get("summary")) or fold(entry.get("summary"))),
        authors=_authors(paper.get("authors")),
        url=page,
        pdf_url=arxiv.pdf(identity[0]) if identity else None,
        code_url=_address(paper.get("githubRepo")),
        published_at=dates.moment(paper.get("publishedAt")),
        organisation=_organisation(organisation),
        tldr=fold(paper.get("ai_summary")) or None,
        keywords=_keywords(paper.get("ai_keywords")),
        votes=_count(paper.get("upvotes")),
        comments=_count(entry.get("numComments")),
    )


def _authors(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list):
        return ()
    shown = (each for each in given if isinstance(each, dict) and not each.get("hidden"))
    names = (readable(fold(each.get("name"))) for each in shown)
    return tuple(dict.fromkeys(name for name in names if name))


def _organisation(given: Any) -> str | None:
    if not isinstance(given, dict):
        return None
    return fold(given.get("fullname")) or fold(given.get("name")) or None


def _keywords(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list):
        return ()
    return tuple(dict.fromkeys(word for word in map(fold, given) if word))


def _address(given: Any) -> str | None:
    text = fold(given)
    return text if text and canonical_url(text) else None


def _count(given: Any) -> int | None:
    whole = isinstance(given, int) and not isinstance(given, bool) and 0 <= given < 2**31
    return given if whole else None
