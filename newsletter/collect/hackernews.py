"""Points and comments on Hacker News (hn.algolia.com), for stories that link to a paper.

One request a host, not one a paper: all recent stories of arxiv.org come in one answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from newsletter.collect.foreign import Record, ask
from newsletter.collect.http import Http
from newsletter.collect.signals import Index, Observation, highest
from newsletter.collect.text import counted
from newsletter.model import Watched

_DAYS = 14  # how far back stories are asked for; a paper is talked about in its first days
_MOST = 1000  # stories that one answer holds, and all that Algolia gives of one query
_ANSWERS = 5  # of one host; what was posted before the newest 5,000 stories is left out
_HOSTS = 12
_ALWAYS = ("arxiv.org", "huggingface.co/papers")


class HackerNews:
    """Observes `hn-points` and `hn-comments`; of several stories about one paper, the highest."""

    def __init__(self, base_url: str = "https://hn.algolia.com") -> None:
        self._url = f"{base_url}/api/v1/search_by_date"

    def observe(self, watched: Sequence[Watched], http: Http, now: datetime) -> Observation:
        """See `SignalSource`."""
        index = Index(watched)
        since = int((now - timedelta(days=_DAYS)).timestamp())
        hosts = hosts_of(watched)
        stories = [story for host in hosts for story in self._stories(host, since, http)]
        found = [
            (entry_id, numbers_of(story))
            for story in stories
            if (entry_id := index.find(story.text("url"))) is not None
        ]
        papers = counted(len({entry_id for entry_id, _ in found}), "paper", "papers")
        many = counted(len(stories), "story", "stories")
        note = f"{many} of {', '.join(hosts)}; {papers} among them"
        return Observation(highest(found), notes=(note,) if hosts else ())

    def _stories(self, host: str, since: int, http: Http) -> Iterator[Record]:
        until: int | None = None
        for _ in range(_ANSWERS):
            span = f"created_at_i>{since}" + (f",created_at_i<={until}" if until else "")
            answer, document = ask(
                http,
                self._url,
                {
                    "query": host, "restrictSearchableAttributes": "url", "tags": "story",
                    "numericFilters": span, "hitsPerPage": _MOST, "typoTolerance": "false",
                },
            )  # fmt: skip
            hits = [Record(hit) for hit in document.members(answer, "hits")]
            yield from hits
            times = [time for hit in hits if (time := hit.count("created_at_i"))]
            if len(hits) < _MOST or not times or min(times) == until:
                return
            until = min(times)


def numbers_of(story: Record) -> dict[str, int]:
    """The points and comments of a story, as far as it tells them."""
    told = {"hn-points": story.count("points"), "hn-comments": story.count("num_comments")}
    return {kind: value for kind, value in told.items() if value is not None}


def hosts_of(watched: Sequence[Watched]) -> list[str]:
    """The hosts that stories are asked for: arXiv's, and where the other papers mostly live."""
    arxiv = any(key.startswith("arxiv:") for paper in watched for key in paper.keys)
    others = Counter(
        host
        for paper in watched
        if not any(key.startswith("arxiv:") for key in paper.keys) and (host := _host(paper.url))
    )
    found = [*(_ALWAYS if arxiv else ()), *(host for host, _ in others.most_common(_HOSTS))]
    return list(dict.fromkeys(found))


def _host(address: str) -> str:
    try:
        host = (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
    return host if "." in host and host.rpartition(".")[2].isalpha() else ""
