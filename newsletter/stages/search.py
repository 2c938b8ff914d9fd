"""Searching: what was typed -> the page of papers to show, with what to mark in them.

Candidates come from the full-text index; where papers have places in the archive's space, how much each
is about the topic counts as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from newsletter.match.highlight import Piece, marked, snippet, sought
from newsletter.match.lookup import Lookup, lookup
from newsletter.match.names import listed_as
from newsletter.match.query import ClueKind, Query
from newsletter.model import Entry
from newsletter.stages.shelf import Shelf
from newsletter.store import reading, search
from newsletter.store.search import Asked, Candidate

MOST_RESULTS = 500
"""Of more papers than these the newest are ranked, and nothing behind them is shown."""

MOST_A_PAGE = 50
# How much likeness counts beside the words' own rank; see docs/search.md.
LIKENESS = 0.7
# With fewer papers than these that have all words, those that have some follow.
_FEW = 10
_MOST_NAMES = 3


class Order(StrEnum):
    """How found papers are sorted."""

    BEST = "best"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Found:
    """A found paper; its title and abstract in pieces of plain text, to be escaped like any other."""

    entry: Entry
    score: float
    title: tuple[Piece, ...]
    snippet: tuple[Piece, ...]

    @property
    def entry_id(self) -> int:
        """The paper's id."""
        return self.entry.id


@dataclass(frozen=True, slots=True)
class Results:
    """One page of what was found.

    `total`: how many papers there are to turn pages over, at most `MOST_RESULTS`; `cut`: there are more.
    `loose`: how many of them, the last, have some of the words only. `instead`: the names that were
    looked for in place of a misspelt one. `problems`: what is to be told besides, in plain words.
    """

    query: Query
    found: tuple[Found, ...] = ()
    total: int = 0
    cut: bool = False
    loose: int = 0
    instead: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Searcher:
    """Searches with the papers' places in memory."""

    shelf: Shelf

    def search(
        self,
        session: Session,
        query: Query,
        now: datetime,
        *,
        order: Order = Order.BEST,
        offset: int = 0,
        count: int = 20,
    ) -> Results:
        """The papers from `offset` on, at most `count` and `MOST_A_PAGE`; none behind `MOST_RESULTS`.

        A few milliseconds of work whatever is typed, and more only where days or sources leave out
        nearly all of what has the words.
        """
        if not query.asks:
            return Results(query, problems=query.problems)
        problems = (*query.problems, *_unknown_sources(session, query))
        hits = _all_words(session, query, order)
        if not hits.candidates and (meant := _meant(session, query)):
            hits = _all_words(session, query, order, meant)
        loose = _some_words(session, query, hits) if order is Order.BEST else []
        ranked = hits.candidates
        if order is Order.BEST:
            ranked = [
                *self._ranked(session, query, ranked, now),
                *self._ranked(session, query, loose, now),
            ]
        start = max(offset, 0)
        shown = ranked[start : start + min(max(count, 0), MOST_A_PAGE)]
        found = _shown(session, query, shown)
        return Results(
            query,
            found,
            total=len(ranked),
            cut=len(hits.candidates) == MOST_RESULTS,
            loose=len(loose),
            instead=_used(hits.meant, found),
            problems=problems,
        )

    def _ranked(
        self, session: Session, query: Query, candidates: Sequence[Candidate], now: datetime
    ) -> list[Candidate]:
        """The candidates by their words and by how much they are about the topic, the best first."""
        shelved = self.shelf.shelved(session, now) if query.topic and candidates else None
        if shelved is None:
            return sorted(candidates, key=lambda each: (-each.rank, -each.entry_id))
        likeness = shelved.about(query.topic, [each.entry_id for each in candidates]).tolist()
        highest = max(each.rank for each in candidates) or 1.0
        blended = [
            Candidate(each.entry_id, (1 - LIKENESS) * each.rank / highest + LIKENESS * like)
            for each, like in zip(candidates, likeness, strict=True)
        ]
        return sorted(blended, key=lambda each: (-each.rank, -each.entry_id))


@dataclass(frozen=True, slots=True)
class _Hits:
    """What has all of a search; `meant`: other spellings that were looked for."""

    candidates: list[Candidate]
    look: Lookup
    meant: dict[str, tuple[str, ...]]


def _all_words(
    session: Session,
    query: Query,
    order: Order,
    meant: dict[str, tuple[str, ...]] | None = None,
) -> _Hits:
    look = lookup(query, meant)
    ranked = order is Order.BEST
    found = search.candidates(session, query, Asked.all_of(look), MOST_RESULTS, ranked=ranked)
    return _Hits(found, look, meant or {})


def _some_words(session: Session, query: Query, hits: _Hits) -> list[Candidate]:
    """Papers with some of the words, where few have all."""
    if len(hits.candidates) >= _FEW or len(hits.look.words) < 2:
        return []
    known = {each.entry_id for each in hits.candidates}
    found = search.candidates(session, query, Asked.any_of(hits.look), MOST_RESULTS)
    return [each for each in found if each.entry_id not in known][: MOST_RESULTS - len(known)]


def _meant(session: Session, query: Query) -> dict[str, tuple[str, ...]]:
    """Other spellings of the names, and of the words, that stand in no paper, for a search that found
    nothing.
    """
    found: dict[str, tuple[str, ...]] = {}
    for clue in query.wanted:
        if clue.kind not in {ClueKind.AUTHOR, ClueKind.WORD}:
            continue
        near = search.spellings(session, clue.text)
        alone = Query(wanted=(clue,))
        if near and not search.candidates(
            session, alone, Asked.all_of(lookup(alone)), 1, ranked=False
        ):
            found[clue.text] = near
    return found


def _used(meant: dict[str, tuple[str, ...]], found: Sequence[Found]) -> tuple[str, ...]:
    """Which of the other spellings the papers' authors have, as they are listed."""
    listed = (
        name
        for names in meant.values()
        for each in names
        for hit in found
        if (name := listed_as(each, hit.entry.authors))
    )
    return tuple(dict.fromkeys(listed))[:_MOST_NAMES]


def _unknown_sources(session: Session, query: Query) -> list[str]:
    return [
        f"There is no source “{said}” here."
        for said in query.of(ClueKind.SOURCE)
        if not search.is_source(session, said)
    ]


def _shown(session: Session, query: Query, hits: Sequence[Candidate]) -> tuple[Found, ...]:
    entries = reading.entries_by_id(session, [each.entry_id for each in hits])
    what = sought(query)
    return tuple(
        Found(entry, each.rank, marked(entry.title, what), snippet(entry.abstract, what))
        for each in hits
        if (entry := entries.get(each.entry_id))
    )
