"""What a reader wants, as vectors: from the words they typed and the papers they gave, liked or disliked.

A reader's vector is a kernel ridge in closed form: each text they stand for is a point whose value is 1
(-1 where they want less of it), the likeness of two texts is the kernel, and the weight of a point is how
much it can be trusted. Texts that tell the same thing thus share their weight, and no paper counts twice
for having a twin.

It is solved twice: alone, and against the background, papers that all readers share as examples of
worth nothing. The more evidence there is, the more the second counts: with few likes it would take away
what they have in common with their whole field, and that is most of what they say.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from newsletter.match.points import Points, Taste, parts, rows_of
from newsletter.match.profiles import Profiles, added_up
from newsletter.match.space import Features, Space, unit_dense
from newsletter.match.topk import top_k
from newsletter.match.vocabulary import Floats, unit_rows

# How these were picked, and what they gain on held-out profiles: benchmarks/tune_match.py.
WORDS_WEIGHT = 1.5  # typed words, counted in liked papers
RIDGE = 2.0
RELATED = 10  # how many of the archive's papers nearest to the typed words stand in for likes
RELATED_WEIGHT = 0.3
HALF_LIFE_DAYS = 150.0
EVIDENCE = 10.0  # with so many likes, the background counts half


def fade(age_days: float) -> float:
    """How much a like still says after a time."""
    return float(0.5 ** (max(age_days, 0.0) / HALF_LIFE_DAYS))


def learn(
    space: Space, texts: sparse.csr_matrix, semantic: Floats | None, tastes: Sequence[Taste]
) -> Profiles:
    """Profiles of readers. `texts`: unit term vectors, which the tastes point into; `semantic`: the
    encoder's vectors of the same texts, where there is an encoder.
    """
    return Profiles.joined([_learn(space, texts, semantic, part) for part in parts(tastes)])


def _learn(
    space: Space, texts: sparse.csr_matrix, semantic: Floats | None, tastes: Sequence[Taste]
) -> Profiles:
    rows = rows_of(tastes)
    papers = space.features(texts[rows], None if semantic is None else semantic[rows])
    asked, has_words = _words(space, texts, semantic, tastes)
    known = Features(
        sparse.csr_matrix(sparse.vstack([papers.terms, asked.terms])),
        np.vstack([papers.dense, asked.dense]),
    )
    points = Points.of(tastes, {row: at for at, row in enumerate(rows)}, has_words, WORDS_WEIGHT)
    background = space.background
    told = None if background is None else np.ascontiguousarray(background.unlike(known).T)
    alone, against = points.solve(known, told, RIDGE)
    weights = alone.weights / alone.lengths[:, None]
    count = np.array([len(taste.examples) for taste in tastes], np.float32)
    trusted = RELATED_WEIGHT * has_words / (1 + count) / alone.lengths
    behind = None
    if background is not None and told is not None and against is not None:
        share = np.asarray(points.evidence / (points.evidence + EVIDENCE), np.float32)
        more = against.weights * (share / against.lengths)[:, None]
        weights = weights * (1 - share)[:, None] + more
        trusted = trusted * (1 - share)
        behind = -background.weights((sparse.csr_matrix(more) @ told).T).T
    return added_up(
        space,
        known,
        sparse.csr_matrix(weights),
        _related(space, asked, np.asarray(trusted, np.float32)),
        behind=behind,
        own=points.own(),
        lent=[taste.lent for taste in tastes],
    )


def _words(
    space: Space, texts: sparse.csr_matrix, semantic: Floats | None, tastes: Sequence[Taste]
) -> tuple[Features, NDArray[np.bool_]]:
    """Each reader's words as one text, and who has any.

    Where these words stand together, in papers, is more than the words: what is latent in them is that
    of the text, whatever the weights.
    """
    weights = _rows([taste.topics for taste in tastes], texts.shape[0])
    words = unit_rows(weights @ texts)
    meant = None if semantic is None else unit_dense(np.asarray(weights @ semantic, np.float32))
    return space.features(words, meant), np.diff(weights.indptr) > 0


def _related(space: Space, asked: Features, weight: Floats) -> sparse.csr_matrix:
    """The archive's papers that are nearest to the typed words, (readers, archive), weighted.

    They know how people who write about it say it: what a reader could have typed as well.
    """
    count = len(space.archive)
    if not count:
        return sparse.csr_matrix((len(asked), 0), dtype=np.float32)
    nearest = top_k(asked.likeness(space.archive), RELATED).columns
    rows = np.repeat(np.arange(len(nearest)), nearest.shape[1])
    data = np.repeat(weight, nearest.shape[1]).astype(np.float32)
    return sparse.csr_matrix((data, (rows, nearest.ravel())), shape=(len(nearest), count))


def _rows(rows: Sequence[Sequence[tuple[int, float]]], width: int) -> sparse.csr_matrix:
    starts = np.cumsum([0, *(len(row) for row in rows)])
    columns = [place for row in rows for place, _ in row]
    data = np.array([weight for row in rows for _, weight in row], np.float32)
    return sparse.csr_matrix((data, columns, starts), shape=(len(rows), width))
