"""The stored cells of sparse matrices, as places in dense ones of the same shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from newsletter.match.topk import Floats


def places(matrix: sparse.csr_matrix) -> NDArray[np.int64]:
    """Where the stored cells of a CSR matrix lie in its dense form, flattened."""
    rows = np.arange(matrix.shape[0]) * matrix.shape[1]
    found: NDArray[np.int64] = np.repeat(rows, np.diff(matrix.indptr)) + matrix.indices
    return found


def flat(dense: Floats) -> Floats:
    """A dense matrix as one row, without a copy."""
    return dense.reshape(-1)


def add(dense: Floats, more: sparse.csr_matrix) -> None:
    """Add the stored cells, in place."""
    flat(dense)[places(more)] += more.data
