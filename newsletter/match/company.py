"""Other readers' taste: from what papers say to who likes them together, so that a paper which nobody has
seen has the taste of the readers of papers like it.

Readers who like the same papers span a space of tastes (the leading singular vectors of who likes what);
a ridge regression leads from a paper's features into it. Only papers and directions come out, never
readers, nothing at all while the readers are few, and no paper that fewer than three of them like.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import svds

from newsletter.match.vocabulary import Floats

# See benchmarks/tune_match.py.
FEWEST_LIBRARIES = 200
# What fewer readers like would tell of them.
FEWEST_READERS = 3
FACTORS = 100
SHARE = 0.45  # how much this counts beside what a reader said themselves
_RIDGE = 0.3
_SHRINK = 3.0  # what few like has met by chance


@dataclass(frozen=True)
class Company:
    """`tastes`: (papers, factors), unit rows, of the papers named by `keys`; `leads`: (dimensions,
    factors), from dense features to tastes.
    """

    index: dict[str, int]
    tastes: Floats
    leads: Floats

    @property
    def keys(self) -> tuple[str, ...]:
        """The papers whose tastes are known."""
        return tuple(self.index)

    def direction(self, likes: Sequence[str]) -> Floats | None:
        """Where in the dense features the papers lie that readers of these like, (dimensions,)."""
        own = [self.index[key] for key in sorted(set(likes)) if key in self.index]
        if not own:
            return None
        return np.asarray(self.leads @ self.tastes[own].mean(axis=0), np.float32)


NOBODY = Company({}, np.zeros((0, 0), np.float32), np.zeros((0, 0), np.float32))


def keep_company(
    libraries: Sequence[Sequence[str]], dense_of: Callable[[Sequence[str]], Floats]
) -> Company:
    """Learn from libraries, lists of keys; of fewer than FEWEST_LIBRARIES nothing is learned.

    `dense_of(keys)`: the dense features of papers, (papers, dimensions).
    """
    if len(libraries) < FEWEST_LIBRARIES:
        return NOBODY
    liked_by = Counter(key for library in libraries for key in set(library))
    keys = sorted(key for key, readers in liked_by.items() if readers >= FEWEST_READERS)
    factors = min(FACTORS, len(keys) - 1, len(libraries) - 1)
    if factors < 1:
        return NOBODY
    index = {key: place for place, key in enumerate(keys)}
    tastes = _tastes(libraries, index, np.array([liked_by[key] for key in keys]), factors)
    dense = dense_of(keys)
    inner = dense.T @ dense + _RIDGE * np.eye(dense.shape[1], dtype=np.float32)
    leads = np.linalg.solve(inner, dense.T @ tastes)
    lengths = np.linalg.norm(tastes, axis=1, keepdims=True)
    unit = tastes / np.where(lengths > 0, lengths, 1)
    return Company(index, np.asarray(unit, np.float32), np.asarray(leads, np.float32))


def _tastes(
    libraries: Sequence[Sequence[str]], index: dict[str, int], readers: Floats, factors: int
) -> Floats:
    """Each paper's place among tastes, (papers, factors)."""
    rows = [sorted({index[key] for key in library if key in index}) for library in libraries]
    starts = np.cumsum([0, *(len(row) for row in rows)])
    columns = np.array([place for row in rows for place in row], np.int32)
    # A reader of everything says less about what belongs together; so does a paper that all like.
    modesty = np.repeat(np.maximum(np.diff(starts), 1) ** -0.25, np.diff(starts))
    weights = modesty / np.sqrt(readers[columns] + _SHRINK)
    liked = sparse.csr_matrix((weights, columns, starts), shape=(len(rows), len(index)))
    start = np.random.default_rng(0).standard_normal(min(liked.shape))
    _, values, right = svds(liked, k=factors, v0=start)
    # A singular vector may come with either sign.
    signs = np.sign(right[np.arange(factors), np.abs(right).argmax(axis=1)])
    return np.asarray(right.T * (values * signs), np.float32)
