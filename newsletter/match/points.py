"""Texts that readers pointed at, as the points of their regressions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from newsletter.match.space import Features
from newsletter.match.vocabulary import Floats

# So many are learned together: what the background tells of each of their texts is kept at once.
_MOST_POINTS, _MOST_READERS = 8192, 512
_POINTS_AT_ONCE = 4096  # solved in one call, padding included
_ROWS_AT_ONCE = 192


@dataclass(frozen=True, slots=True)
class Example:
    """A text a reader pointed at: its row, how much it is trusted (1 at most), and whether they want
    more like it (1) or less (-1).
    """

    row: int
    trust: float
    value: float = 1.0


@dataclass(frozen=True, slots=True)
class Taste:
    """What a profile is learned from: rows of the texts that all readers of a block share.

    `topics`: the reader's own words, each with its weight. `lent`: a direction in the dense features in
    which readers of like taste find what they like, (dimensions,), where there is any.
    """

    topics: tuple[tuple[int, float], ...]
    examples: tuple[Example, ...]
    lent: Floats | None = None


def parts(tastes: Sequence[Taste]) -> Iterator[Sequence[Taste]]:
    """Neighbours who are learned together; one part at least, be it of nobody."""
    start, points = 0, 0
    for at, taste in enumerate(tastes):
        points += len(taste.examples) + 1
        if points >= _MOST_POINTS or at - start + 1 == _MOST_READERS:
            yield tastes[start : at + 1]
            start, points = at + 1, 0
    if start < len(tastes) or not tastes:
        yield tastes[start:]


def rows_of(tastes: Sequence[Taste]) -> list[int]:
    """The rows of the texts that are examples of any of them, ascending."""
    return sorted({example.row for taste in tastes for example in taste.examples})


@dataclass(frozen=True)
class Points:
    """The points of each reader's regression, padded to one length: all (readers, points).

    `rows` point into the kernel; padding has neither trust nor value and takes no part. `evidence`: how
    much a reader's examples are trusted together, (readers,); `width`: rows of the kernel.
    """

    rows: NDArray[np.int64]
    values: Floats
    trust: Floats
    evidence: Floats
    width: int

    @classmethod
    def of(
        cls,
        tastes: Sequence[Taste],
        place: dict[int, int],
        has_words: NDArray[np.bool_],
        words_weight: float,
    ) -> Points:
        """The examples, which stand in the kernel at their `place`; behind all of them the words of
        each reader, trusted like so many examples.
        """
        longest = max((len(taste.examples) for taste in tastes), default=0) + 1
        rows = np.zeros((len(tastes), longest), np.int64)
        values = np.zeros(rows.shape, np.float32)
        trust = np.zeros(rows.shape, np.float32)
        for at, taste in enumerate(tastes):
            here = [(place[e.row], e.value, e.trust) for e in taste.examples]
            if has_words[at]:
                here.append((len(place) + at, 1.0, words_weight))
            for column, point in enumerate(here):
                rows[at, column], values[at, column], trust[at, column] = point
        evidence = np.array(
            [sum(e.trust for e in taste.examples) for taste in tastes], dtype=np.float32
        )
        return cls(rows, values, trust, evidence, len(place) + len(tastes))

    def own(self) -> sparse.csr_matrix:
        """The mean of the texts that each reader wants more like, as weights (readers, texts)."""
        found = np.zeros((len(self.rows), self.width), np.float32)
        readers, columns = np.nonzero(self.values > 0)
        found[readers, self.rows[readers, columns]] = 1
        return sparse.csr_matrix(found / np.maximum(found.sum(axis=1, keepdims=True), 1))

    def solve(
        self, known: Features, told: Floats | None, ridge: float
    ) -> tuple[Solved, Solved | None]:
        """The readers' regressions alone and, where the background has `told` of the texts, (texts,
        papers), against it.
        """
        shape = len(self.rows), self.width
        alone, against = Solved.nothing(*shape), Solved.nothing(*shape)
        for who, size in self._batches():
            rows, trust = self.rows[who, :size], self.trust[who, :size]
            values, kernel = self.values[who, :size], _within(known, rows)
            alone.put(who, rows, *_solved(kernel, values, trust, ridge))
            if told is not None:
                here = told[rows]
                kernel -= here @ here.transpose(0, 2, 1)
                against.put(who, rows, *_solved(kernel, values, trust, ridge))
        return alone, None if told is None else against

    def _batches(self) -> Iterator[tuple[NDArray[np.int64], int]]:
        """Readers with about as many points, so that one with many costs no other; how many points."""
        sizes = np.ceil(np.log2(np.maximum((self.trust > 0).sum(axis=1), 1))).astype(int)
        for size in np.unique(sizes):
            who = np.flatnonzero(sizes == size)
            step = max(1, _POINTS_AT_ONCE >> size)
            for start in range(0, len(who), step):
                yield who[start : start + step], min(2**size, self.rows.shape[1])


@dataclass(frozen=True)
class Solved:
    """`weights`: (readers, texts); `lengths`: of the vectors that they make, (readers,)."""

    weights: Floats
    lengths: Floats

    @classmethod
    def nothing(cls, readers: int, texts: int) -> Solved:
        """No weight for any text; to be filled."""
        return cls(np.zeros((readers, texts), np.float32), np.ones(readers, np.float32))

    def put(
        self, who: NDArray[np.int64], rows: NDArray[np.int64], weights: Floats, lengths: Floats
    ) -> None:
        """What was found for some readers' points; padding points anywhere, with no weight."""
        np.add.at(self.weights, (who[:, None], rows), weights)
        self.lengths[who] = lengths


def _within(known: Features, rows: NDArray[np.int64]) -> Floats:
    """How like each reader's points are to each other, (readers, points, points)."""
    size = rows.shape[1]
    dense = known.dense[rows]
    found: Floats = dense @ dense.transpose(0, 2, 1)
    # A few readers at once: the likeness of one's points to another's is thrown away, but a sparse
    # product of twenty rows costs little more than its call.
    together = max(1, _ROWS_AT_ONCE // size)
    for start in range(0, len(rows), together):
        terms = known.terms[rows[start : start + together].ravel()]
        count = terms.shape[0] // size
        square = (terms @ terms.T).toarray().reshape(count, size, count, size)
        found[start : start + count] += square[np.arange(count), :, np.arange(count)]
    return found


def _solved(
    kernel: Floats, values: Floats, trust: Floats, ridge: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights of the points (readers, points), and the length of the vector they make, (readers,)."""
    is_real = trust > 0
    kernel = kernel * (is_real[:, :, None] & is_real[:, None, :])
    noise = np.where(is_real, ridge / np.maximum(trust, 1e-3), 1.0)
    found = np.linalg.solve(kernel + np.eye(kernel.shape[1]) * noise[:, None], values[..., None])
    squares = (found.transpose(0, 2, 1) @ kernel @ found)[:, 0, 0]
    lengths = np.sqrt(np.where(squares > 1e-9, squares, 1))
    return found[:, :, 0].astype(np.float32), lengths.astype(np.float32)
