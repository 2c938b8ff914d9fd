"""Other readers' taste: papers that are often liked together with a reader's own stand in for more likes.

Only papers come out of it, never readers, and nothing at all while the readers are few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

# See benchmarks/tune_match.py.
FEWEST_LIBRARIES = 200
# So many readers must like two papers before it is known that they belong together: what fewer do would
# tell of them.
FEWEST_TOGETHER = 3
SHARE = 0.6  # what is borrowed counts so much of what is one's own
MOST_BORROWED = 50
_SHRINK = 5.0  # two papers that met by chance are no company


@dataclass(frozen=True)
class Company:
    """`together`: (papers, papers), how often two are liked by the same reader, tempered."""

    index: dict[str, int]
    keys: tuple[str, ...]
    together: sparse.csr_matrix

    def borrow(self, likes: Sequence[str]) -> tuple[tuple[str, float], ...]:
        """Papers that stand in for further likes, the nearest first, each with its weight."""
        own = [self.index[key] for key in dict.fromkeys(likes) if key in self.index]
        if not own or not self.together.nnz:
            return ()
        near = np.asarray(self.together[own].sum(axis=0)).ravel()
        near[own] = 0
        order = np.argsort(-near, kind="stable")[:MOST_BORROWED]
        order = order[near[order] > 0]
        if not len(order):
            return ()
        weights = SHARE * len(own) * near[order] / near[order].sum()
        return tuple((self.keys[place], float(w)) for place, w in zip(order, weights, strict=True))


def keep_company(libraries: Sequence[Sequence[str]]) -> Company:
    """Learn from libraries, lists of keys; of fewer than FEWEST_LIBRARIES nothing is learned.

    What fewer than FEWEST_TOGETHER of them hold together is not in it, neither the pair nor, where
    there is no other, the paper.
    """
    if len(libraries) < FEWEST_LIBRARIES:
        return Company({}, (), sparse.csr_matrix((0, 0), dtype=np.float32))
    keys = sorted({key for library in libraries for key in library})
    index = {key: place for place, key in enumerate(keys)}
    rows = [sorted({index[key] for key in library}) for library in libraries]
    columns = [place for row in rows for place in row]
    starts = np.cumsum([0, *(len(row) for row in rows)])
    once = sparse.csr_matrix((np.ones(len(columns), np.float32), columns, starts))
    # A reader of everything says less about what belongs together.
    modesty = sparse.diags(np.maximum(np.diff(starts), 1).astype(np.float32) ** -0.5)
    together = sparse.coo_matrix(
        (once.T @ modesty @ once).multiply(once.T @ once >= FEWEST_TOGETHER)
    )
    apart = together.row != together.col
    row, column, value = together.row[apart], together.col[apart], together.data[apart]
    counts = np.bincount(columns, minlength=len(keys))
    tempered = value / (np.sqrt(counts[row] * counts[column]) + _SHRINK)
    told = np.unique(row)
    square = sparse.csr_matrix((tempered, (row, column)), shape=together.shape, dtype=np.float32)
    kept = tuple(keys[place] for place in told)
    return Company({key: at for at, key in enumerate(kept)}, kept, square[told][:, told])
