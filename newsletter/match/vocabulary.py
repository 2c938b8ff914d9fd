"""Terms as numbers: which there are, how telling each is, texts as rows of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import repeat

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from newsletter.match.words import STOP, terms

Floats = NDArray[np.float32]


# A rare term says more than its idf grants it, and a pair of words less, for its words are counted too.
# See benchmarks/tune_match.py.
IDF_POWER = 1.2
PAIR_WEIGHT = 0.5
_UNKNOWN = -1


class Vocabulary:
    """Terms and how telling each is: a power of idf = ln((1 + n) / (1 + df)) + 1 over the texts that it
    was fitted on, less for pairs of words.
    """

    def __init__(self, columns: dict[str, int], idf: Floats) -> None:
        self.columns = columns
        self.idf = idf

    @classmethod
    def fit(
        cls,
        documents: Iterable[Sequence[str]],
        limit: int = 200_000,
        *,
        power: float | None = None,
        pair_weight: float | None = None,
    ) -> Vocabulary:
        """Learn from token lists, keeping the `limit` most frequent terms (ties by the alphabet).

        With a `power` and a `pair_weight` of 1 it is plain tf-idf; by default they are those that serve.
        """
        power = IDF_POWER if power is None else power
        pair_weight = PAIR_WEIGHT if pair_weight is None else pair_weight
        frequency: Counter[str] = Counter()
        count = 0
        for words in documents:
            frequency.update(set(terms(list(words))))
            count += 1
        kept = sorted(frequency.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]
        idf = np.log((1 + count) / (1 + np.array([df for _, df in kept], dtype=np.float32))) + 1
        pairs = np.array([" " in term for term, _ in kept], dtype=bool)
        weights = idf**power * np.where(pairs, pair_weight, 1.0)
        columns = {term: column for column, (term, _) in enumerate(kept)}
        return cls(columns, weights.astype(np.float32))

    def extended(self, documents: Iterable[Sequence[str]]) -> Vocabulary:
        """With the single words of these that are not known yet, as rare ones, behind the others.

        Columns keep their places, so vectors made before stay valid. Without this a reader could not
        ask for a word that was coined today.
        """
        fresh = {word for words in documents for word in words} - STOP - {""} - self.columns.keys()
        columns = dict(self.columns)
        for word in sorted(fresh):
            columns[word] = len(columns)
        rarest = float(self.idf.max()) if len(self.idf) else 1.0
        return Vocabulary(
            columns, np.concatenate([self.idf, np.full(len(fresh), rarest, np.float32)])
        )

    def vectors(self, documents: Iterable[Sequence[str]]) -> sparse.csr_matrix:
        """Token lists -> sublinear tf-idf rows of length 1, shape (documents, terms)."""
        data: list[float] = []
        columns: list[int] = []
        starts = [0]
        for words in documents:
            counts = Counter(map(self.columns.get, terms(list(words)), repeat(_UNKNOWN)))
            counts.pop(_UNKNOWN, None)
            columns.extend(counts)
            data.extend(counts.values())
            starts.append(len(columns))
        indices = np.array(columns, dtype=np.int32)
        values = (1 + np.log(np.array(data, dtype=np.float32))) * self.idf[indices]
        matrix = sparse.csr_matrix(
            (values, indices, np.array(starts)), shape=(len(starts) - 1, len(self.columns))
        )
        return unit_rows(matrix)


def unit_rows(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """The same rows with length 1; empty rows stay empty."""
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    norms[norms == 0] = 1
    return sparse.csr_matrix(sparse.diags((1 / norms).astype(np.float32)) @ matrix)
