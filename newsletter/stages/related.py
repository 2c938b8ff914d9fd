"""The papers that are related to a paper, with dates and a line why."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from threading import Lock
from typing import NamedTuple

import numpy as np
from scipy import sparse
from sqlalchemy.orm import Session

from newsletter.match.features import text_words
from newsletter.match.related import Shared, is_same, shared
from newsletter.match.space import SMALLEST_ARCHIVE
from newsletter.match.vocabulary import Floats, Vocabulary
from newsletter.match.words import tokens
from newsletter.model import Entry
from newsletter.stages.placing import latent_of
from newsletter.stages.shelf import Shelf, Shelved
from newsletter.store import reading

MOST_RELATED = 20
# So many more are read, for some turn out to be the same paper.
_SPARE = 4
_KEPT = 10_000
# Less is no relation; a paper of its own kind has none to show.
_LOWEST = 0.1
_FEW_FOR = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Related:
    """A paper beside another. `day`: when it was published, or first listed where nobody told. `why`: in
    the language being spoken.
    """

    entry: Entry
    likeness: float
    day: date
    why: str


class _Chosen(NamedTuple):
    entry_id: int
    likeness: float
    shared: Shared


@dataclass(frozen=True)
class _Few:
    """The papers of an archive that is too small for a space, compared by their terms alone."""

    ids: list[int]
    vocabulary: Vocabulary
    vectors: sparse.csr_matrix

    def nearest(self, text: str, count: int) -> list[tuple[int, float]]:
        wanted = self.vocabulary.vectors([text_words(*text.split("\n", 1))])
        scores: Floats = np.asarray((self.vectors @ wanted.T).todense(), np.float32).ravel()
        best = np.argsort(-scores, kind="stable")[:count].tolist()
        return [(self.ids[at], float(scores[at])) for at in best]


@dataclass
class RelatedPapers:
    """Finds what is near to a paper. Which papers those are is kept until new ones come; threads may
    share it.
    """

    shelf: Shelf
    _found: OrderedDict[tuple[int, int], tuple[object, tuple[_Chosen, ...]]] = field(
        default_factory=OrderedDict, repr=False
    )
    _few: tuple[datetime, _Few] | None = field(default=None, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def related(
        self, session: Session, entry_id: int, now: datetime, count: int = 8
    ) -> tuple[Related, ...]:
        """The nearest papers, at most `count` and `MOST_RELATED`, the nearest first; without withdrawn
        ones and without the same paper again. () for an unknown paper.
        """
        entry = reading.entries_by_id(session, [entry_id]).get(entry_id)
        if entry is None:
            return ()
        chosen = self._chosen(session, entry, now, min(max(count, 0), MOST_RELATED))
        entries = reading.entries_by_id(session, [each.entry_id for each in chosen])
        return tuple(
            Related(found, each.likeness, _day(found), each.shared.line())
            for each in chosen
            if (found := entries.get(each.entry_id))
        )

    def _chosen(
        self, session: Session, entry: Entry, now: datetime, count: int
    ) -> tuple[_Chosen, ...]:
        shelved = self.shelf.shelved(session, now)
        among: Shelved | _Few = shelved or self._few_papers(session, now)
        place = (entry.id, count)
        with self._lock:
            kept = self._found.get(place)
        if kept is not None and kept[0] is among:
            return kept[1]
        chosen = _choose(session, entry, among, count)
        with self._lock:
            self._found[place] = (among, chosen)
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)
        return chosen

    def _few_papers(self, session: Session, now: datetime) -> _Few:
        with self._lock:
            if self._few is None or now - self._few[0] >= _FEW_FOR:
                papers = reading.archive_papers(session, now, SMALLEST_ARCHIVE)
                words = [text_words(*text.split("\n", 1)) for _, text in papers]
                vocabulary = Vocabulary.fit(words)
                ids = [id_ for id_, _ in papers]
                self._few = now, _Few(ids, vocabulary, vocabulary.vectors(words))
            return self._few[1]


def _choose(
    session: Session, entry: Entry, among: Shelved | _Few, most: int
) -> tuple[_Chosen, ...]:
    count = most + _SPARE + 1
    if isinstance(among, _Few):
        near = among.nearest(f"{entry.title}\n{entry.abstract}", count)
        vocabulary = among.vocabulary
    else:
        near = _near(entry, among, count)
        vocabulary = among.space.vocabulary
    near = [(id_, like) for id_, like in near if id_ != entry.id and like >= _LOWEST]
    entries = reading.standing_by_id(session, [id_ for id_, _ in near])
    titles: set[str] = set()  # two that are the same paper as each other
    chosen: list[_Chosen] = []
    for id_, likeness in near:
        other = entries.get(id_)
        if other is None or is_same(entry, other, likeness):
            continue
        title = " ".join(tokens(other.title))
        if title not in titles and len(chosen) < most:
            titles.add(title)
            chosen.append(_Chosen(id_, likeness, shared(entry, other, vocabulary)))
    return tuple(chosen)


def _near(entry: Entry, among: Shelved, count: int) -> list[tuple[int, float]]:
    [row] = among.papers.rows([entry.id]).tolist()
    if row >= 0:
        latent = among.papers.latent[row].astype(np.float32)
        semantic = among.papers.semantic[row].astype(np.float32)
    else:  # too new to have been placed
        latent = latent_of(among.space, [f"{entry.title}\n{entry.abstract}"])[0]
        semantic = np.zeros(among.papers.semantic.shape[1], np.float32)
    return among.papers.nearest(latent, semantic, count)


def _day(entry: Entry) -> date:
    return entry.published_at.date() if entry.published_at else entry.first_listed_on
