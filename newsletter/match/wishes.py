"""Distinct wishes, each looked up once a day for all subscribers who have it."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import sparse

from newsletter.match.features import Day, known_terms
from newsletter.match.names import Names, Organisations
from newsletter.match.phrases import Shelf
from newsletter.match.space import Features
from newsletter.match.vocabulary import Floats
from subscribers.profile import Interest, Kind

# What a hit is worth, in spreads above an ordinary paper. A topic and a seed count by their likeness,
# which makes a good paper stand out by five or ten; a quoted phrase is a promise, so it counts as a good
# topic from the start, and so does a followed organisation; a followed person counts for more. A category
# says little about one paper: it fills places, no more.
PHRASE_WORTH = 6.0
AUTHOR_WORTH = 15.0
ORGANISATION_WORTH = 6.0
CATEGORY_WORTH = 0.5
# So many spreads are a likeness of 1: what a word that is new today counts by, for it is in no profile.
PER_LIKENESS = 25.0

# Below these cosines a likeness is noise: one ordinary word in common, a shared stock phrase. An example
# may speak for much, for the whole profile must be like the paper too (`score.FLOOR`).
TOPIC_FLOOR = 0.06
SEED_FLOOR = 0.02

_WISHES_KEPT = 32_768

Wish = tuple[Kind, str]
Seeds = Mapping[str, tuple[str, str]]
"""Canonical key -> (title, abstract) of the papers that readers gave as examples."""


@dataclass(frozen=True)
class WishScores:
    """What every distinct wish makes of every entry, both (wishes, entries) and sparse.

    `scores`: how strongly it speaks for the entry, 0 where it has nothing to say. `exact`: what no
    profile tells, in spreads: a phrase that stands there, a followed name, a category, a word that is
    new today. `features`: the wishes as the day's entries are compared with them.
    """

    index: dict[Wish, int]
    scores: sparse.csr_matrix
    exact: sparse.csr_matrix
    features: Features

    def row(self, wish: Wish) -> Floats:
        """The scores of one wish for all entries, dense, shape (entries,)."""
        # Read by hand: scipy's own slicing takes fifty times as long for one row.
        start, stop = self.scores.indptr[self.index[wish] :][:2]
        line = np.zeros(self.scores.shape[1], dtype=np.float32)
        line[self.scores.indices[start:stop]] = self.scores.data[start:stop]
        return line


def score_wishes(day: Day, wishes: Sequence[Wish], seeds: Seeds) -> WishScores:
    """Score distinct wishes against a day. A seed that is not among `seeds` matches nothing."""
    vectors = day.texts.vectors([text_of(wish, seeds) for wish in wishes])
    cosines = sparse.csr_matrix(vectors @ day.vectors.T)
    floors = np.array([_FLOORS.get(kind, np.inf) for kind, _ in wishes], dtype=np.float32)
    similar = _above(sparse.coo_matrix(cosines), floors)
    hits = _looked_up(day, wishes)
    is_phrase = np.array([kind is Kind.PHRASE for kind, _ in wishes], dtype=np.float32)
    exact_likeness = sparse.diags(is_phrase) @ cosines.multiply(hits > 0)
    worth = np.array([_EXACT.get(kind, 1.0) for kind, _ in wishes], dtype=np.float32)
    return WishScores(
        {wish: number for number, wish in enumerate(wishes)},
        _stored(similar + sparse.diags(worth / PER_LIKENESS) @ hits + exact_likeness),
        _stored(sparse.diags(worth) @ hits + _fresh(day, wishes, vectors)),
        day.space.features(known_terms(day.space, vectors)),
    )


def text_of(wish: Wish, seeds: Seeds) -> str:
    """What a wish says; of a seed that is not known, nothing."""
    kind, text = wish
    if kind is Kind.SEED:
        return "\n".join(seeds.get(text, ()))
    return text.strip('"') if kind is Kind.PHRASE else text


def _fresh(day: Day, wishes: Sequence[Wish], vectors: sparse.csr_matrix) -> sparse.csr_matrix:
    """What the day's new words among a topic's are worth, (wishes, entries)."""
    known = len(day.space.vocabulary.columns)
    is_topic = np.array([kind is Kind.TOPIC for kind, _ in wishes], dtype=np.float32)
    topics = sparse.diags(PER_LIKENESS * is_topic) @ vectors[:, known:]
    return sparse.csr_matrix(topics @ day.vectors[:, known:].T, dtype=np.float32)


def _stored(matrix: sparse.spmatrix) -> sparse.csr_matrix:
    """With nothing stored but what counts."""
    found = sparse.csr_matrix(matrix, dtype=np.float32)
    found.eliminate_zeros()
    return found


_FLOORS = {Kind.TOPIC: TOPIC_FLOOR, Kind.SEED: SEED_FLOOR}
_EXACT = {
    Kind.PHRASE: PHRASE_WORTH,
    Kind.AUTHOR: AUTHOR_WORTH,
    Kind.ORGANISATION: ORGANISATION_WORTH,
    Kind.CATEGORY: CATEGORY_WORTH,
}


def _above(cosines: sparse.coo_matrix, floors: Floats) -> sparse.csr_matrix:
    kept = cosines.data >= floors[cosines.row]
    return sparse.csr_matrix(
        (cosines.data[kept], (cosines.row[kept], cosines.col[kept])), shape=cosines.shape
    )


def _looked_up(day: Day, wishes: Sequence[Wish]) -> sparse.csr_matrix:
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    for number, (kind, text) in enumerate(wishes):
        if kind in _EXACT:
            hits = find(day, kind, text)
            rows.extend([number] * len(hits))
            columns.extend(hits)
            values.extend([1.0] * len(hits))
    return sparse.csr_matrix(
        (np.array(values, dtype=np.float32), (rows, columns)),
        shape=(len(wishes), len(day.entries)),
    )


def find(day: Day, kind: Kind, text: str) -> Sequence[int]:
    """The rows that hold an exact wish: a phrase, an author's or organisation's name, a category.

    A phrase in quotation marks is held to -ed and -ing, too (see `phrases.phrase_of`).
    """
    if kind is Kind.CATEGORY:
        return day.by_category.get(text.strip().lower(), [])
    return _looking(day)[kind](text)


_Looking = Mapping[Kind, Callable[[str], Sequence[int]]]
"""How a day's exact wishes are looked up; of many readers who wish the same, for the first."""

_kept: dict[int, _Looking] = {}


def _looking(day: Day) -> _Looking:
    """Made at the first look-up in a day, and kept as long as the day is."""
    if id(day) not in _kept:
        once = lru_cache(maxsize=_WISHES_KEPT)
        made = {
            Kind.PHRASE: once(Shelf(day.words, day.by_word).holding),
            Kind.AUTHOR: once(Names(day.by_author).rows),
            Kind.ORGANISATION: once(Organisations(day.by_organisation).rows),
        }
        _kept[id(day)] = made
        weakref.finalize(day, _kept.pop, id(day), None)
        return made
    return _kept[id(day)]


def wish_of(interest: Interest) -> Wish:
    """What is looked up for an interest; readers who word it alike share one look-up.

    A phrase keeps its quotation marks, for they say how exact it is.
    """
    text = " ".join(interest.text.split())
    return interest.kind, f'"{text}"' if interest.kind is Kind.PHRASE else text
