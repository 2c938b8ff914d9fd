"""Stars on GitHub (api.github.com), for papers whose source named their repository."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from newsletter.collect.foreign import Record, as_record
from newsletter.collect.http import Http
from newsletter.collect.reading import described
from newsletter.collect.signals import Observation, Observed
from newsletter.errors import SourceError
from newsletter.model import Watched

_GROUP = 25  # repositories that one search names
_SEARCHES = 8  # of the ten a minute that GitHub allows without a login
_NAME = re.compile(r"/([\w.-]{1,39})/([\w.-]{1,100}?)(?:\.git)?(?:/.*)?", re.ASCII)


class GitHub:
    """Observes `stars`."""

    def __init__(self, base_url: str = "https://api.github.com") -> None:
        self._url = f"{base_url}/search/repositories"

    def observe(self, watched: Sequence[Watched], http: Http, now: datetime) -> Observation:  # noqa: ARG002
        """See `SignalSource`."""
        entries: dict[str, list[int]] = {}
        for paper in watched:
            name = repository(paper.code_url or "")
            if name:
                entries.setdefault(name, []).append(paper.entry_id)
        names = list(entries)[: _GROUP * _SEARCHES]
        problems = []
        if len(entries) > len(names):
            problems.append(f"{len(entries)} repositories, only the newest {len(names)} asked for")
        stars: dict[str, int] = {}
        for start in range(0, len(names), _GROUP):
            stars |= self._stars(names[start : start + _GROUP], http)
        observed = [
            Observed(entry_id, "stars", stars[name])
            for name in names
            for entry_id in entries[name]
            if name in stars
        ]
        notes = (f"{len(stars)} of {len(names)} repositories found",) if names else ()
        return Observation(tuple(observed), tuple(problems), notes)

    def _stars(self, names: Sequence[str], http: Http) -> dict[str, int]:
        query = " ".join(f"repo:{name}" for name in names)
        answer = http.get(
            self._url,
            {"q": f"{query} fork:true", "per_page": 100},
            conditional=False,
            readable=(422,),
        )
        if answer.status == 422 and described(answer) == "JSON":  # none of them is there any more
            return {}
        if answer.status != 200:
            raise SourceError(f"{answer.url} answered {answer.status}")
        document = as_record(answer)
        document.members(answer, "items")
        return dict(stars_of(document))


def stars_of(document: Record) -> Iterator[tuple[str, int]]:
    """The repositories of a search, or the one that the document is, with their stars."""
    for each in [document, *document.records("items")]:
        name, stars = each.text("full_name").lower(), each.count("stargazers_count")
        if name and stars is not None:
            yield name, stars


def repository(address: str) -> str | None:
    """`owner/name`, lower-cased, of an address on github.com; None for any other."""
    try:
        parts = urlsplit(address.strip())
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return None
    found = _NAME.fullmatch(parts.path) if host == "github.com" else None
    return f"{found[1]}/{found[2]}".lower() if found else None
