"""What the pages of the people part ask about papers and digests, answered from the database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy.orm import Session

from newsletter.match.shared import ShareOf, Titled, groups
from newsletter.render.cards import shown_title
from newsletter.render.plain import clean, clip, web_url
from newsletter.stages.forgetting import forget
from newsletter.stages.origins import origin_of
from newsletter.store import personal, sources
from subscribers.feedback import VoteGiven
from subscribers.library import Common, Paper, PastDigest, Shared, SourceShown

# Of more votes the older ones are told together: a page must stay small.
_MOST_VOTES = 60

_SOURCES_KEPT = timedelta(minutes=1)


class PaperLibrary:
    """Answers for one process. `share_of`: how common a phrase is among recent papers. `now`: the clock."""

    def __init__(self, share_of: ShareOf, now: Callable[[], datetime]) -> None:
        self._share_of = share_of
        self._now = now
        self._sources: tuple[datetime, list[SourceShown]] | None = None
        self._kept: Callable[..., tuple[Shared, ...]] = lru_cache(maxsize=4096)(self._grouped)

    def papers(self, session: Session, keys: Collection[str]) -> Mapping[str, Paper]:
        """The papers of these keys; unknown ones are absent."""
        return {key: _paper(row) for key, row in personal.titled(session, keys).items()}

    def beside(self, session: Session, subscriber_id: int, entry_id: int) -> Sequence[Paper]:
        """The papers of the digest in which this one was sent to somebody, in its order."""
        return [_paper(row) for row in personal.digest_of(session, subscriber_id, entry_id)]

    def shared(self, session: Session, votes: Sequence[VoteGiven]) -> Sequence[Shared]:
        """Somebody's votes by what their papers share, most votes first."""
        latest = sorted(votes, key=lambda vote: (vote.at, vote.entry_key), reverse=True)
        told, older = latest[:_MOST_VOTES], latest[_MOST_VOTES:]
        rows = personal.titled(session, [vote.entry_key for vote in told])
        papers = tuple(
            (vote.value, Titled(vote.entry_key, clip(clean(row.title), 200), tuple(row.authors)))
            for vote in told
            if (row := rows.get(vote.entry_key)) is not None
        )
        found = list(self._kept(papers))
        unknown = [vote for vote in told if vote.entry_key not in rows]
        for value in (1, -1):
            keys = tuple(v.entry_key for v in (*unknown, *older) if v.value == value)
            if keys:
                found.append(Shared(value, Common.OLDER, "", keys))
        return found

    def sources(self, session: Session) -> Sequence[SourceShown]:
        """The sources that papers come from."""
        now = self._now()
        if self._sources is None or now - self._sources[0] > _SOURCES_KEPT:
            found = [
                SourceShown(each.name, _label(each.name, each.kind))
                for each in sources.all_sources(session, enabled_only=True)
            ]
            self._sources = (now, found)
        return self._sources[1]

    def digests(self, session: Session, subscriber_id: int, most: int) -> Sequence[PastDigest]:
        """Somebody's latest digests, the latest first."""
        return [
            PastDigest(number, day, papers, at)
            for number, day, at, papers in personal.digests(session, subscriber_id, most)
        ]

    def held(self, session: Session, subscriber_id: int) -> dict[str, Any]:
        """Digests with their papers, other mails, and what came back of them."""
        return personal.held(session, subscriber_id)

    def forget(self, session: Session, email: str) -> None:
        """Drop an address from what came back."""
        forget(session, email)

    def _grouped(self, papers: tuple[tuple[int, Titled], ...]) -> tuple[Shared, ...]:
        found: list[Shared] = []
        for value in (1, -1):
            here = [paper for way, paper in papers if way == value]
            several = groups(here, self._share_of)
            found += [
                Shared(value, Common.AUTHOR if g.is_author else Common.WORDS, g.name, g.keys)
                for g in several
            ]
            grouped = {key for group in several for key in group.keys}
            found += [
                Shared(value, Common.PAPER, paper.title, (paper.key,))
                for paper in here
                if paper.key not in grouped
            ]
        return tuple(sorted(found, key=lambda each: (-len(each.keys), -each.value)))


def _paper(row: personal.TitledRow) -> Paper:
    title = shown_title(row.title)
    return Paper(row.entry_id, row.key, title, web_url(row.url))


def _label(name: str, kind: str) -> str:
    known = origin_of(kind, name).name
    return name if known.lower() in name.lower() else f"{known} ({name})"
