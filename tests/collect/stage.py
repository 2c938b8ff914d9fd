"""The collect stage on loopback: a feed of arXiv's form, a collector that does what it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from newsletter.collect.http import Http
from newsletter.collect.port import Batch, Request
from newsletter.model import Listed
from newsletter.stages.collect import CollectReport
from newsletter.stages.sources import add_source

NOW = datetime(2026, 6, 16, 6, tzinfo=UTC)
DAY = date(2026, 6, 16)
Sessions = sessionmaker[Session]
Run = Callable[..., CollectReport]

RSS = """<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:arxiv="http://arxiv.org/schemas/atom"><channel>
<pubDate>Tue, 16 Jun 2026 00:00:00 -0400</pubDate>{items}</channel></rss>"""
ITEM = """<item><title>Paper {n}</title><link>https://arxiv.org/abs/2606.{n:05}</link>
<description>arXiv:2606.{n:05}v1 Announce Type: {kind} \nAbstract: About {n}.</description>
<guid isPermaLink="false">oai:arXiv.org:2606.{n:05}v1</guid><category>cs.AI</category>
<arxiv:announce_type>{kind}</arxiv:announce_type><dc:creator>Ada Lovelace</dc:creator></item>"""


def rss(*papers: tuple[int, str]) -> bytes:
    return RSS.format(items="".join(ITEM.format(n=n, kind=kind) for n, kind in papers)).encode()


def add(sessions: Sessions, name: str, kind: str, **settings: Any) -> None:
    with sessions.begin() as session:
        add_source(session, name, kind, settings)


def count(sessions: Sessions, table: type) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@dataclass
class Scripted:
    """A collector that yields what it is told, and raises what is no batch."""

    script: list[Batch | Exception]
    cursors: list[Mapping[str, Any]]

    def check(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        return dict(settings)

    def collect(self, request: Request, http: Http) -> Iterator[Batch]:
        self.cursors.append(request.cursor)
        for step in self.script:
            if isinstance(step, Exception):
                raise step
            yield step


def listed(number: int) -> Listed:
    return Listed(keys=(f"arxiv:2606.{number:05}",), title=f"Paper {number}", day=DAY)
