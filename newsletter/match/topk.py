"""The k best papers of each row of scores, exactly, faster than `np.argpartition` finds some of them.

A row is cut into chunks of 512 columns. In a chunk each score gives up its 9 lowest bits to its column's
number; sorting these keys, which numpy does with vector instructions, sorts scores and columns at once.
The bits that were given up are looked at again among the few best; a row in which they could have
mattered beyond those is sorted in full, so the result is that of a stable sort, always.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Columns = NDArray[np.int32]

BARRED = float(np.finfo(np.float32).min)
"""The score of what must not be picked. Finite, because a key made of an infinity would be no number."""

LEAST = -3e38
"""Everything that is not barred."""

_CHUNK = 512
_COLUMN_BITS = np.int32(_CHUNK - 1)
_MARGIN = 2  # one more than needed: two scores may share all the bits that a key keeps
_LOW = np.int64(0xFFFFFFFF)
_MAGNITUDE = np.int32(0x7FFFFFFF)


@dataclass(frozen=True, slots=True)
class Top:
    """The best of each row, best first, ties by column: both arrays have shape (rows, at most k).

    Where a row has fewer, the rest of `columns` is -1 and of `scores` is BARRED.
    """

    columns: Columns
    scores: Floats

    def put(self, rows: slice, other: Top) -> None:
        """The best of these rows, in place."""
        self.columns[rows], self.scores[rows] = other.columns, other.scores

    def cut(self, most: NDArray[np.integer]) -> Top:
        """Of each row only the first `most`, (rows,)."""
        beyond = np.arange(self.columns.shape[1]) >= most[:, None]
        columns, scores = self.columns.copy(), self.scores.copy()
        columns[beyond], scores[beyond] = -1, BARRED
        return Top(columns, scores)


def top_k(scores: Floats, k: int, least: float = LEAST) -> Top:
    """The `k` highest of each row of `scores` (rows, papers), as far as they reach `least`.

    What is not finite is never picked. `scores` must be C-contiguous; it is left as it is.
    """
    rows, count = scores.shape
    best = np.empty((rows, 0), np.int64)
    # Of 10,000 papers each chunk sends its best, and the best of these are the best of all.
    for start in range(0, count if k > 0 else 0, _CHUNK):
        columns = _best_of_chunk(scores, start, min(count, start + _CHUNK), k, least)
        best = columns if not start else np.hstack([best, columns])
    if best.shape[1] == 0:
        return Top(best.astype(np.int32), best.astype(np.float32))
    keys = best if count <= _CHUNK else np.sort(best, axis=1)
    return _unpacked(keys[:, :k], least)


def _best_of_chunk(
    scores: Floats, start: int, stop: int, k: int, least: float
) -> NDArray[np.int64]:
    """The full keys of the k best of some columns, best first, shape (rows, at most k)."""
    width = stop - start
    if width <= k + _MARGIN:
        return _sorted_keys(scores[:, start:stop], np.arange(start, stop))[:, :k]
    short = np.bitwise_and(scores[:, start:stop].view(np.int32), ~_COLUMN_BITS)
    short |= np.arange(width, dtype=np.int32)
    short.view(np.float32).sort(axis=1)
    # Made into a key, what is not finite sorts last, and may have lost its column by then.
    finite = np.isfinite(short[:, -1].view(np.float32))
    short = short[:, width - k - _MARGIN :]
    columns = (short & _COLUMN_BITS) + start
    places = columns + (np.arange(len(scores)) * scores.shape[1])[:, None]
    keys = _sorted_keys(scores.reshape(-1).take(places), columns)[:, :k]
    # Whatever is not among the candidates is, in the bits kept, no better than the last of them.
    last, worst = _kept(short[:, :1]), _kept(_values(keys[:, -1:]).view(np.int32))
    sure = ((worst > last) | (last < _kept(np.array(least, np.float32).view(np.int32)))).ravel()
    sure &= finite
    if not sure.all():
        rest = _sorted_keys(scores[~sure, start:stop], np.arange(start, stop))
        keys[~sure] = rest[:, :k]
    return keys


def _kept(bits: NDArray[np.int32]) -> Floats:
    """Scores as far as the bits go that a key keeps."""
    return (bits & ~_COLUMN_BITS).view(np.float32)


def _sorted_keys(values: Floats, columns: NDArray[np.integer]) -> NDArray[np.int64]:
    """Keys that ascend from the highest score down, equal scores by their column; sorted by row."""
    # Adding 0 makes -0 and 0 one.
    bits = np.where(np.isfinite(values), values + np.float32(0), BARRED).view(np.int32)
    ascending = bits ^ ((bits >> 31) & _MAGNITUDE)
    keys: NDArray[np.int64] = np.invert(ascending).astype(np.int64) << 32
    keys |= columns
    keys.sort(axis=1)
    return keys


def _values(keys: NDArray[np.int64]) -> Floats:
    ascending: NDArray[np.int32] = np.invert((keys >> 32).astype(np.int32))
    bits: NDArray[np.int32] = ascending ^ ((ascending >> 31) & _MAGNITUDE)
    return bits.view(np.float32)


def _unpacked(keys: NDArray[np.int64], least: float) -> Top:
    scores = _values(keys)
    columns = (keys & _LOW).astype(np.int32)
    out = scores < np.float32(max(least, LEAST))
    columns[out] = -1
    scores[out] = BARRED
    return Top(columns, scores)
