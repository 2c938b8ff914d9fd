"""Posts on Reddit that link to a paper. Optional: its feeds often answer 429 to shared addresses.

The JSON needs a login since 2026, and the feeds tell no points: what is counted is posts.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from lxml import etree

from newsletter.collect.http import Http
from newsletter.collect.reading import ATOM, child_text, read_xml
from newsletter.collect.signals import Index, Observation, Observed
from newsletter.collect.text import counted
from newsletter.model import Watched

_LINK = re.compile(r"""<a href="([^"<>]{1,2000})">\[link\]</a>""")
_DOMAINS = ("arxiv.org", "huggingface.co")


class Reddit:
    """Observes `reddit-posts`: how many posts linked to the paper while they were new."""

    def __init__(self, base_url: str = "https://www.reddit.com") -> None:
        self._base = base_url

    def observe(self, watched: Sequence[Watched], http: Http, now: datetime) -> Observation:  # noqa: ARG002
        """See `SignalSource`."""
        index = Index(watched)
        posts: dict[int, set[str]] = defaultdict(set)
        seen: set[str] = set()
        for domain in _DOMAINS:
            answer = http.get(
                f"{self._base}/domain/{domain}/new.rss", {"limit": 100}, conditional=False
            )
            for post, address in links(read_xml(answer, f"{ATOM}feed")):
                seen.add(post)
                entry_id = index.find(address)
                if entry_id is not None:
                    posts[entry_id].add(post)
        observed = tuple(
            Observed(entry_id, "reddit-posts", len(found), at_least=True)
            for entry_id, found in posts.items()
        )
        papers = counted(len(posts), "paper", "papers")
        note = f"{counted(len(seen), 'post', 'posts')}, {papers} among them"
        return Observation(observed, notes=(note,))


def links(feed: etree._Element) -> Iterator[tuple[str, str]]:
    """The posts of a feed and the address that each links to."""
    for entry in feed.iterfind(f"{ATOM}entry"):
        found = _LINK.search(child_text(entry, f"{ATOM}content") or "")
        post = child_text(entry, f"{ATOM}id")
        if found and post:
            yield post.strip(), html.unescape(found[1])
