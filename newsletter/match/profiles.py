"""Readers' vectors, added up from what was learned, and how like each is to ordinary papers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from newsletter.match import company
from newsletter.match.space import Features, Space, widened
from newsletter.match.vocabulary import Floats

# How these were picked, and what they gain on held-out profiles: benchmarks/tune_match.py.
KEPT_TERMS = 1000

# A reader's own texts are at least so many spreads above an ordinary paper, even where what they want is
# a third of everything.
OWN_ABOVE = 4.0
# Where no background tells what is ordinary: the mean likeness of two papers, and its spread.
ORDINARY_MEAN, ORDINARY_SPREAD = 0.02, 0.04


@dataclass(frozen=True)
class Profiles:
    """One row a reader, compared like a text (`Features.likeness`).

    `mean`, `spread`: of a reader's likeness to ordinary papers, both (readers,); what makes a likeness
    mean about the same for everyone.
    """

    features: Features
    mean: Floats
    spread: Floats

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, rows: Sequence[int] | slice) -> Profiles:
        return Profiles(self.features[rows], self.mean[rows], self.spread[rows])

    @classmethod
    def joined(cls, parts: Sequence[Profiles]) -> Profiles:
        """The profiles of all parts, of which there is one at least, behind each other."""
        return cls(
            Features(
                sparse.csr_matrix(sparse.vstack([part.features.terms for part in parts])),
                np.vstack([part.features.dense for part in parts]),
            ),
            np.concatenate([part.mean for part in parts]),
            np.concatenate([part.spread for part in parts]),
        )


def added_up(
    space: Space,
    known: Features,
    weights: sparse.csr_matrix,
    related: sparse.csr_matrix,
    *,
    behind: Floats | None,
    own: sparse.csr_matrix,
    lent: Sequence[Floats | None],
) -> Profiles:
    """Add up what each reader's vector is made of, and see how like it is to ordinary papers.

    `weights`: of the known texts, (readers, known); `own`: the same for the mean of those that a reader
    wants more like.
    """
    terms = weights @ known.terms
    dense = weights @ known.dense
    if len(space.archive):
        terms = terms + related @ space.archive.terms
        dense = dense + related @ space.archive.dense
    if behind is None or space.background is None:
        found = Features(strongest(sparse.csr_matrix(terms)), np.asarray(dense, np.float32))
        empty = np.ones(len(found), np.float32)
        return Profiles(found, ORDINARY_MEAN * empty, ORDINARY_SPREAD * empty)
    papers = space.background.papers
    common = sparse.csr_matrix(behind @ space.background.common_terms)
    terms = terms + widened(common, terms.shape[1])
    dense = np.asarray(dense + behind @ papers.dense, np.float32)
    found = Features(strongest(sparse.csr_matrix(terms)), dense)
    ordinary = found.likeness(papers)
    if any(direction is not None for direction in lent):
        found = Features(found.terms, dense + _of_others(lent, papers, ordinary))
        ordinary = found.likeness(papers)
    mean = ordinary.mean(axis=1)
    to_own = _dots(found, Features(own @ known.terms, own @ known.dense))
    spread = np.minimum(ordinary.std(axis=1), (to_own - mean) / OWN_ABOVE)
    return Profiles(found, mean, np.where(spread > 1e-6, spread, 1.0).astype(np.float32))


def _dots(these: Features, others: Features) -> Floats:
    """How like each is to the one of the others in the same row, (rows,)."""
    terms = np.asarray(these.terms.multiply(others.terms).sum(axis=1)).ravel()
    return np.asarray(terms + (these.dense * others.dense).sum(axis=1), np.float32)


def _of_others(
    lent: Sequence[Floats | None], papers: Features, ordinary: Floats
) -> NDArray[np.float32]:
    """What other readers' taste adds to each reader's dense part: SHARE spreads of it for each spread
    of their own among ordinary papers.
    """
    added = np.zeros((len(lent), papers.dense.shape[1]), np.float32)
    for row, direction in enumerate(lent):
        if direction is not None:
            spread = float((papers.dense @ direction).std())
            added[row] = company.SHARE * ordinary[row].std() / max(spread, 1e-9) * direction
    return added


def strongest(terms: sparse.csr_matrix, kept: int | None = None) -> sparse.csr_matrix:
    """The `kept` terms of each row that weigh most; what else there is tells next to nothing."""
    kept = KEPT_TERMS if kept is None else kept
    terms.sort_indices()
    if np.diff(terms.indptr).max(initial=0) <= kept:
        return terms
    starts, columns, data = [0], [], []
    for start, stop in zip(terms.indptr[:-1], terms.indptr[1:], strict=True):
        row = terms.data[start:stop]
        best = np.sort(np.argpartition(-np.abs(row), kept)[:kept]) if len(row) > kept else ...
        columns.append(terms.indices[start:stop][best])
        data.append(row[best])
        starts.append(starts[-1] + len(data[-1]))
    joined = (np.concatenate(data), np.concatenate(columns), starts)
    return sparse.csr_matrix(joined, shape=terms.shape, dtype=np.float32)
