"""Of papers that tell nearly the same each reader's best is a candidate, so copies crowd nothing out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from newsletter.match.topk import BARRED, Floats


@dataclass(frozen=True, slots=True)
class Folds:
    """The papers that have twins: `columns`, group after group; `starts`: where each group begins."""

    columns: NDArray[np.int64]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, twins: NDArray[np.int64]) -> Folds:
        """From the number of each paper's group, (papers,)."""
        order = np.argsort(twins, kind="stable")
        _, sizes = np.unique(twins[order], return_counts=True)
        several = sizes > 1
        kept = sizes[several]
        return cls(order[np.repeat(several, sizes)], np.cumsum(kept) - kept)

    def bar(self, scores: Floats) -> None:
        """Bar all but the best of each group for each reader, in place; of equals the first stays."""
        if not len(self.columns):
            return
        theirs = scores[:, self.columns]
        sizes = np.diff([*self.starts, len(self.columns)])
        best = np.repeat(np.maximum.reduceat(theirs, self.starts, axis=1), sizes, axis=1)
        is_best = theirs == best
        before = np.cumsum(is_best, axis=1) - is_best
        first = is_best & (before == np.repeat(before[:, self.starts], sizes, axis=1))
        scores[:, self.columns] = np.where(first, theirs, np.float32(BARRED))
