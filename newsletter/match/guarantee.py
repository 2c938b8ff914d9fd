"""The best paper of each wish among the candidates, however many better ones another wish has.

Only who has more good papers than candidates is looked at: with fewer, all of them are there anyway.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from newsletter.match.topk import BARRED, LEAST, Floats, Top

_CELLS_AT_ONCE = 1 << 20
# What is brought in by a wish of its own takes at most this share of the candidates: compose gives the
# first of them a place each, and has no more places.
_SHARE = 2

_Cells = tuple[NDArray[np.int64], NDArray[np.int64], Floats]
"""Rows, columns and scores of some cells."""


def with_each_wish(
    top: Top,
    most: NDArray[np.integer],
    weights: sparse.csr_matrix,
    hits: sparse.csr_matrix,
    scores: Floats,
) -> Top:
    """The candidates with the best paper of every wish, in place of the last ones.

    `most`: how many candidates each row has at most. `weights`: (rows, wishes); `hits`: (wishes, papers),
    how strongly a wish speaks for a paper. A paper is that of the wish that speaks for it most. `scores`:
    (rows, papers), barred where one must not be had.
    """
    width = top.columns.shape[1]
    if not width:
        return top
    last = np.take_along_axis(top.columns, np.maximum(most - 1, 0)[:, None], axis=1)[:, 0]
    full = np.flatnonzero((most > 0) & (last >= 0))
    if not len(full):
        return top
    columns, found = top.columns.copy(), top.scores.copy()
    for part in _parts(full, weights, np.diff(hits.indptr)):
        led = _led(weights[part], hits, scores[part])
        chosen = _chosen(Top(columns[part], found[part]), most[part], led)
        columns[part], found[part] = chosen.columns, chosen.scores
    return Top(columns, found)


def _parts(
    rows: NDArray[np.int64], weights: sparse.csr_matrix, lengths: NDArray[np.integer]
) -> Iterator[NDArray[np.int64]]:
    """Rows whose wishes' hits are looked at together."""
    before = np.concatenate([[0], np.cumsum(lengths[weights.indices], dtype=np.int64)])
    cells = before[weights.indptr[rows + 1]] - before[weights.indptr[rows]]
    bounds = np.flatnonzero(np.diff(np.cumsum(cells) // _CELLS_AT_ONCE)) + 1
    yield from np.split(rows, bounds)


def _led(weights: sparse.csr_matrix, hits: sparse.csr_matrix, scores: Floats) -> _Cells:
    """For each row the best paper of each wish that leads in one, the best first."""
    lengths = np.diff(hits.indptr)[weights.indices]
    total = int(lengths.sum())
    within = np.arange(total) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    at = np.repeat(hits.indptr[weights.indices], lengths) + within
    pairs = np.repeat(np.arange(len(lengths)), lengths)
    owners = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))[pairs]
    columns = hits.indices[at].astype(np.int64)
    had = scores[owners, columns] > LEAST
    owners, columns, pairs = owners[had], columns[had], pairs[had]
    value = hits.data[at[had]] * weights.data[pairs]
    order = np.lexsort((pairs, -value, columns, owners))
    order = order[_firsts(owners[order], columns[order])]
    owners, columns, pairs = owners[order], columns[order], pairs[order]
    good = scores[owners, columns]
    order = np.lexsort((columns, -good, pairs))
    order = order[_firsts(pairs[order])]
    return owners[order], columns[order], good[order]


def _chosen(top: Top, most: NDArray[np.integer], led: _Cells) -> Top:
    """Of what leads and of the candidates that there were the best, those that lead before others."""
    width = top.columns.shape[1]
    owners, columns, good = led
    order = np.lexsort((columns, -good, owners))
    owners, columns, good = owners[order], columns[order], good[order]
    kept = _rank(owners) < most[owners] // _SHARE
    held = np.nonzero(top.columns >= 0)
    rows = np.concatenate([owners[kept], held[0]])
    all_columns = np.concatenate([columns[kept], top.columns[held]])
    all_scores = np.concatenate([good[kept], top.scores[held]])
    later = np.repeat([0, 1], [int(kept.sum()), len(held[0])])
    # Each once, as one that leads if it does.
    order = np.lexsort((later, all_columns, rows))
    order = order[_firsts(rows[order], all_columns[order])]
    order = order[np.lexsort((all_columns[order], -all_scores[order], later[order], rows[order]))]
    order = order[_rank(rows[order]) < most[rows[order]]]
    order = order[np.lexsort((all_columns[order], -all_scores[order], rows[order]))]
    place = _rank(rows[order])
    found = Top(
        np.full((len(most), width), -1, np.int32), np.full((len(most), width), BARRED, np.float32)
    )
    found.columns[rows[order], place] = all_columns[order]
    found.scores[rows[order], place] = all_scores[order]
    return found


def _firsts(*sorted_keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where in sorted columns of keys another combination begins."""
    new = np.zeros(len(sorted_keys[0]), bool)
    new[:1] = True
    for key in sorted_keys:
        new[1:] |= key[1:] != key[:-1]
    return np.flatnonzero(new)


def _rank(sorted_rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of each cell within its row."""
    begins = _firsts(sorted_rows)
    lengths = np.diff([*begins, len(sorted_rows)])
    return np.arange(len(sorted_rows)) - np.repeat(begins, lengths)
