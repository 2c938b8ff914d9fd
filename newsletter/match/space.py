"""What the archive teaches: how telling a term is, which terms go together, what is near to what.

Fitted on the archive, never on the day that is ranked; the same archive gives the same space.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from newsletter.match.vocabulary import Floats, Vocabulary

# Latent directions are read off the most frequent terms only; a rare one has nothing to tell there.
LATENT_TERMS = 40_000
DIMENSIONS = 300
# Below this many papers co-occurrence is chance, and terms alone decide.
SMALLEST_ARCHIVE = 1000
_OVERSAMPLED = 20
_ITERATIONS = 3

# One likeness out of two: shared terms, and shared company. See benchmarks/tune_match.py.
TERMS_SHARE = 2 / 3


@dataclass(frozen=True)
class Space:
    """`basis`: (LATENT_TERMS at most, dimensions); `vectors`, `latent`: the archive's own papers."""

    vocabulary: Vocabulary
    basis: Floats
    vectors: sparse.csr_matrix
    latent: Floats

    @property
    def terms_share(self) -> float:
        """How much of the likeness is shared terms: all of it where nothing latent was learned."""
        return TERMS_SHARE if self.basis.shape[1] else 1.0

    def project(self, vectors: sparse.csr_matrix) -> Floats:
        """Term vectors -> unit vectors in the latent space, shape (rows, dimensions)."""
        return unit_dense(np.asarray(vectors[:, : self.basis.shape[0]] @ self.basis, np.float32))


def fit_space(archive: Iterable[Sequence[str]]) -> Space:
    """Learn a space from token lists; of too few, only how telling each term is."""
    documents = list(archive)
    vocabulary = Vocabulary.fit(documents)
    vectors = vocabulary.vectors(documents)
    if len(documents) < SMALLEST_ARCHIVE:
        basis = np.zeros((0, 0), np.float32)
    else:
        basis = _basis(sparse.csr_matrix(vectors[:, :LATENT_TERMS]), DIMENSIONS)
    space = Space(vocabulary, basis, vectors, np.zeros((0, 0), np.float32))
    return Space(vocabulary, basis, vectors, space.project(vectors))


def _basis(vectors: sparse.csr_matrix, dimensions: int) -> Floats:
    """The leading right singular vectors, by subspace iteration from a fixed random start."""
    start = np.random.default_rng(0).standard_normal((vectors.shape[1], dimensions + _OVERSAMPLED))
    left = np.asarray(vectors @ start.astype(np.float32))
    across = sparse.csr_matrix(vectors.T)
    for _ in range(_ITERATIONS):
        left = np.asarray(vectors @ (across @ np.linalg.qr(left)[0]))
    left = np.linalg.qr(left)[0]
    right = np.asarray(across @ left)
    values, rotation = np.linalg.eigh(right.T @ right)
    strongest = np.argsort(-values)[:dimensions]
    basis = right @ (rotation[:, strongest] / np.sqrt(np.maximum(values[strongest], 1e-9)))
    return np.asarray(basis, np.float32)


def unit_dense(rows: Floats) -> Floats:
    """The same rows with length 1; empty rows stay empty."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    norms[norms == 0] = 1
    return np.asarray(rows / norms, np.float32)
