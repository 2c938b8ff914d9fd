"""What a reader wants, as vectors: from the words they typed and the papers they gave or liked.

A reader's vector is a kernel ridge in closed form: each text they stand for is a point whose value is 1,
the likeness of two texts is the kernel, and the weight of a point is how much it can be trusted. Texts
that tell the same thing thus share their weight, and no paper counts twice for having a twin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from newsletter.match.features import Day
from newsletter.match.space import Space
from newsletter.match.vocabulary import Floats, unit_rows

# How these were picked, and what they gain on held-out profiles: benchmarks/tune_match.py.
WORDS_WEIGHT = 2.0  # typed words, counted in liked papers
RIDGE = 5.0
RELATED = 10  # how many of the archive's papers nearest to the typed words stand in for likes
RELATED_WEIGHT = 0.018
HALF_LIFE_DAYS = 150.0


@dataclass(frozen=True, slots=True)
class Taste:
    """What a profile is learned from: rows of the texts that all readers of a block share, and weights.

    `topics`: the reader's own words; `examples`: papers that they gave or liked, at most 1 each.
    """

    topics: tuple[tuple[int, float], ...]
    examples: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Profiles:
    """One row a reader: `terms` (readers, terms), `latent` (readers, dimensions).

    A reader's likeness to an entry is `share * terms + (1 - share) * latent` products, and both parts
    are scaled so that the whole vector has length 1.
    """

    terms: sparse.csr_matrix
    latent: Floats
    share: float

    def likeness(self, day: Day) -> Floats:
        """How much each entry is like what each reader wants: (readers, entries), 1 at most."""
        found: Floats = self.share * np.asarray((self.terms @ day.vectors.T).todense(), np.float32)
        if self.latent.shape[1]:
            found += (1 - self.share) * (self.latent @ day.latent.T)
        return found


def fade(age_days: float) -> float:
    """How much a like still says after a time."""
    return float(0.5 ** (max(age_days, 0.0) / HALF_LIFE_DAYS))


def learn(space: Space, texts: sparse.csr_matrix, tastes: Sequence[Taste]) -> Profiles:
    """Profiles of a block of readers. `texts`: unit term vectors, which the tastes point into."""
    latent = space.project(texts)
    words = unit_rows(_weighted([taste.topics for taste in tastes], texts.shape[0]) @ texts)
    # Where these words stand together, in papers, is more than the words: their latent vector is
    # that of the text, whatever the weights.
    word_latent = space.project(words)
    asked = np.diff(words.indptr) > 0
    own = np.zeros(len(tastes), np.float32)
    weights: list[tuple[tuple[int, float], ...]] = []
    for row, taste in enumerate(tastes):
        places = [place for place, _ in taste.examples]
        trust = [weight for _, weight in taste.examples]
        if asked[row]:
            texts_of = sparse.vstack([words[row], texts[places]], format="csr")
            latent_of = np.vstack([word_latent[row : row + 1], latent[places]])
            found = ridge(kernel(space, texts_of, latent_of), [WORDS_WEIGHT, *trust])
            own[row], found = found[0], found[1:]
        else:
            found = ridge(kernel(space, texts[places], latent[places]), trust)
        weights.append(tuple(zip(places, map(float, found), strict=True)))
    mixed = _weighted(weights, texts.shape[0])
    counts = np.array([len(taste.examples) for taste in tastes], np.float32)
    related = _related(space, words, word_latent, asked * RELATED_WEIGHT / (1 + counts))
    return _unit(
        space,
        sparse.csr_matrix(sparse.diags(own) @ words + mixed @ texts)
        + _wide(related @ space.vectors, texts.shape[1]),
        own[:, None] * word_latent + mixed @ latent + related @ space.latent,
    )


def kernel(space: Space, texts: sparse.csr_matrix, latent: Floats) -> Floats:
    """How like each other texts are, (texts, texts)."""
    found = space.terms_share * np.asarray((texts @ texts.T).todense())
    return np.asarray(found + (1 - space.terms_share) * (latent @ latent.T), np.float32)


def ridge(likeness: Floats, trust: Sequence[float]) -> Floats:
    """The weights of kernel ridge regression on points of value 1 that are trusted so much."""
    if not len(trust):
        return np.zeros(0, np.float32)
    loose = np.diag(RIDGE / np.maximum(np.array(trust, np.float32), 1e-3))
    return np.asarray(np.linalg.solve(likeness + loose, np.ones(len(trust))), np.float32)


def _related(
    space: Space, words: sparse.csr_matrix, word_latent: Floats, weight: Floats
) -> sparse.csr_matrix:
    """The archive's papers that are nearest to the typed words, (readers, archive), weighted.

    They know how people who write about it say it: what a reader could have typed as well.
    """
    count = space.vectors.shape[0]
    if not count:
        return sparse.csr_matrix((words.shape[0], 0), dtype=np.float32)
    known = words[:, : space.vectors.shape[1]]
    likeness = space.terms_share * np.asarray((known @ space.vectors.T).todense(), np.float32)
    if space.latent.shape[1]:
        likeness += (1 - space.terms_share) * (word_latent @ space.latent.T)
    nearest = np.argsort(-likeness, axis=1, kind="stable")[:, :RELATED]
    rows = np.repeat(np.arange(len(nearest)), nearest.shape[1])
    data = np.repeat(weight, nearest.shape[1]).astype(np.float32)
    return sparse.csr_matrix((data, (rows, nearest.ravel())), shape=(len(nearest), count))


def _weighted(rows: Sequence[Sequence[tuple[int, float]]], width: int) -> sparse.csr_matrix:
    starts = np.cumsum([0, *(len(row) for row in rows)])
    columns = [place for row in rows for place, _ in row]
    data = np.array([weight for row in rows for _, weight in row], np.float32)
    return sparse.csr_matrix((data, columns, starts), shape=(len(rows), width))


def _wide(matrix: sparse.csr_matrix, width: int) -> sparse.csr_matrix:
    """The same rows with empty columns behind."""
    shape = (matrix.shape[0], width)
    return sparse.csr_matrix((matrix.data, matrix.indices, matrix.indptr), shape=shape)


def _unit(space: Space, terms: sparse.csr_matrix, latent: Floats) -> Profiles:
    share = space.terms_share
    squares = share * np.asarray(terms.multiply(terms).sum(axis=1)).ravel()
    if latent.shape[1]:
        squares = squares + (1 - share) * (latent * latent).sum(axis=1)
    scale = 1 / np.sqrt(np.where(squares > 0, squares, 1))
    scaled = sparse.csr_matrix(sparse.diags(scale.astype(np.float32)) @ terms, dtype=np.float32)
    return Profiles(scaled, np.asarray(scale[:, None] * latent, np.float32), share)
