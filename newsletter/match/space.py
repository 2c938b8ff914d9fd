"""What the archive teaches: how telling a term is, which terms go together, what an ordinary paper is.

Fitted on the archive, never on the day that is ranked; the same archive gives the same space.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import solve_triangular

from newsletter.match.vocabulary import Floats, Vocabulary

# Latent directions are read off the most frequent terms only; a rare one has nothing to tell there.
LATENT_TERMS = 40_000
DIMENSIONS = 300
# Below this many papers co-occurrence is chance, and terms alone decide.
SMALLEST_ARCHIVE = 1000
# How many of the archive's papers stand for all that a reader did not choose, and how surely.
NEGATIVES = 2000
NEGATIVE_NOISE = 2.0
COMMON_TERMS = 5000
_OVERSAMPLED = 20
_ITERATIONS = 3

# What a likeness is made of. See benchmarks/tune_match.py.
LATENT_SHARE = 1 / 3
LATENT_SHARE_BESIDE_SEMANTIC = 0.15
SEMANTIC_SHARE = 0.35


@dataclass(frozen=True)
class Features:
    """Texts as they are compared: `terms` (texts, vocabulary), `dense` (texts, dimensions).

    The likeness of two texts is the product of their rows, both parts added up; the parts are scaled
    by the roots of their shares, so a text is like itself by 1 at most.
    """

    terms: sparse.csr_matrix
    dense: Floats

    def __len__(self) -> int:
        return int(self.terms.shape[0])

    def __getitem__(self, rows: Sequence[int] | NDArray[np.integer] | slice) -> Features:
        return Features(self.terms[rows], self.dense[rows])

    @cached_property
    def by_term(self) -> sparse.csr_matrix:
        """The terms' rows and columns exchanged: (vocabulary, texts)."""
        return sparse.csr_matrix(self.terms.T)

    def likeness(self, others: Features) -> Floats:
        """How like these are to the others: (these, others)."""
        found: Floats = np.asarray((self.terms @ others.by_term).todense(), np.float32)
        if self.dense.shape[1]:
            found += self.dense @ others.dense.T
        return found


@dataclass(frozen=True)
class Background:
    """Papers that stand for all that a reader did not choose."""

    papers: Features

    @cached_property
    def triangle(self) -> Floats:
        """The lower root of the papers' likeness and its noise, (papers, papers); see `unlike`. Only
        who learns needs it.
        """
        noise = np.eye(len(self.papers), dtype=np.float32) * np.float32(NEGATIVE_NOISE)
        return np.linalg.cholesky(self.papers.likeness(self.papers) + noise).astype(np.float32)

    @cached_property
    def common_terms(self) -> sparse.csr_matrix:
        """The papers' terms without the rare ones: these stand in hardly any of the papers, which so
        have nothing of them to take away.
        """
        return narrow(self.papers.terms, COMMON_TERMS)

    def unlike(self, texts: Features) -> Floats:
        """What of each text is already told by the background, (papers, texts).

        The likeness of two texts given that all of the background is worth nothing is their likeness
        less the product of these (the conditional covariance of a Gaussian process).
        """
        known = self.papers.likeness(texts)
        return np.asarray(solve_triangular(self.triangle, known, lower=True, check_finite=False))

    def weights(self, told: Floats) -> Floats:
        """The papers' weights that take away what is `told`, (papers, texts)."""
        found = solve_triangular(self.triangle, told, lower=True, trans=1, check_finite=False)
        return np.asarray(found, np.float32)


@dataclass(frozen=True)
class Space:
    """`basis`: (LATENT_TERMS at most, dimensions); `archive`: the archive's own papers.

    `encoder` names what the semantic vectors come from, "" if there are none; `dimensions`: theirs.
    `background` is None where the archive is too small to tell what is ordinary.
    """

    vocabulary: Vocabulary
    basis: Floats
    archive: Features
    background: Background | None = None
    encoder: str = ""
    dimensions: int = 0

    @property
    def shares(self) -> tuple[float, float, float]:
        """How much of a likeness is shared terms, shared company of terms, shared meaning."""
        semantic = SEMANTIC_SHARE if self.encoder else 0.0
        latent = LATENT_SHARE_BESIDE_SEMANTIC if self.encoder else LATENT_SHARE
        latent = latent if self.basis.shape[1] else 0.0
        return 1.0 - latent - semantic, latent, semantic

    def latent(self, terms: sparse.csr_matrix) -> Floats:
        """Term vectors -> unit vectors along the latent directions, (texts, DIMENSIONS)."""
        known = narrow(terms, self.basis.shape[0])
        return unit_dense(np.asarray(known @ self.basis, np.float32))

    def features(self, terms: sparse.csr_matrix, semantic: Floats | None = None) -> Features:
        """Unit term vectors, and the encoder's unit vectors where there is one -> what is compared.

        Rows of zeros in `semantic` are texts that have not been encoded.
        """
        of_terms, of_latent, of_semantic = (np.float32(np.sqrt(share)) for share in self.shares)
        latent = self.latent(terms) * of_latent
        if self.encoder:
            if semantic is None:
                semantic = np.zeros((terms.shape[0], self.dimensions), np.float32)
            latent = np.hstack([latent, semantic.astype(np.float32) * of_semantic])
        return Features(sparse.csr_matrix(terms * of_terms, dtype=np.float32), latent)


def fit_space(
    archive: Iterable[Sequence[str]], semantic: Floats | None = None, encoder: str = ""
) -> Space:
    """Learn a space from token lists; of too few, only how telling each term is.

    `semantic`: the encoder's vectors of the same texts, (texts, dimensions).
    """
    documents = list(archive)
    vocabulary = Vocabulary.fit(documents)
    vectors = vocabulary.vectors(documents)
    enough = len(documents) >= SMALLEST_ARCHIVE
    basis = np.zeros((0, 0), np.float32)
    if enough:
        basis = _basis(narrow(vectors, LATENT_TERMS), DIMENSIONS)
    dimensions = 0 if semantic is None else int(semantic.shape[1])
    return make_space(vocabulary, basis, vectors, semantic, encoder if dimensions else "")


def make_space(
    vocabulary: Vocabulary,
    basis: Floats,
    vectors: sparse.csr_matrix,
    semantic: Floats | None = None,
    encoder: str = "",
) -> Space:
    """A space from what was learned, or stored: unit term vectors of the archive, (papers, terms)."""
    nothing = Features(vectors[:0], np.zeros((0, 0), np.float32))
    dimensions = 0 if semantic is None else int(semantic.shape[1])
    bare = Space(vocabulary, basis, nothing, None, encoder, dimensions)
    archive = bare.features(vectors, semantic)
    background = _background(archive) if len(archive) >= SMALLEST_ARCHIVE else None
    return Space(vocabulary, basis, archive, background, encoder, dimensions)


def _background(archive: Features) -> Background:
    count = min(NEGATIVES, len(archive))
    drawn = np.sort(np.random.default_rng(0).choice(len(archive), count, replace=False))
    return Background(archive[drawn])


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


def narrow(matrix: sparse.csr_matrix, width: int) -> sparse.csr_matrix:
    """The first columns, the matrix itself where that is all of them."""
    if matrix.shape[1] <= width:
        return matrix
    return sparse.csr_matrix(matrix[:, :width])


def widened(matrix: sparse.csr_matrix, width: int) -> sparse.csr_matrix:
    """The same rows with empty columns behind."""
    shape = (matrix.shape[0], width)
    return sparse.csr_matrix((matrix.data, matrix.indices, matrix.indptr), shape=shape)
