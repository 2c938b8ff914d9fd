"""What a reader wants, as vectors: from the words they typed and the papers they gave, liked or disliked.

A reader's vector is a kernel ridge in closed form: each text they stand for is a point whose value is 1
(-1 where they want less of it), the likeness of two texts is the kernel, and the weight of a point is how
much it can be trusted. Texts that tell the same thing thus share their weight, and no paper counts twice
for having a twin.

It is solved twice: alone, and against the background, papers that all readers share as examples of
worth nothing. The more evidence there is, the more the second counts: with few likes it would take away
what they have in common with their whole field, and that is most of what they say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from newsletter.match import company
from newsletter.match.space import Features, Space, narrow, unit_dense, widened
from newsletter.match.topk import top_k
from newsletter.match.vocabulary import Floats, unit_rows

# How these were picked, and what they gain on held-out profiles: benchmarks/tune_match.py.
WORDS_WEIGHT = 2.0  # typed words, counted in liked papers
RIDGE = 2.0
RELATED = 10  # how many of the archive's papers nearest to the typed words stand in for likes
RELATED_WEIGHT = 0.03
HALF_LIFE_DAYS = 150.0
EVIDENCE = 10.0  # with so many likes, the background counts half
KEPT_TERMS = 1000
COMMON_TERMS = 5000

# A reader's own texts are at least so many spreads above an ordinary paper, even where what they want is
# a third of everything.
OWN_ABOVE = 4.0
# Where no background tells what is ordinary: the mean likeness of two papers, and its spread.
ORDINARY_MEAN, ORDINARY_SPREAD = 0.02, 0.04

# Of so many points the papers are compared with the background at once, each one once.
_POINTS_READ_AT_ONCE = 16_384
# So many are solved together: every two of them are compared, needed or not.
_POINTS_SOLVED_AT_ONCE = 768
_TENTH_OF_NORMAL = (
    1.2816  # how many standard deviations a tenth of a normal distribution lies below
)


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


@dataclass(frozen=True)
class Profiles:
    """One row a reader, compared like a text (`Features.likeness`).

    `mean`, `spread`: of a reader's likeness to ordinary papers, both (readers,); what makes a likeness
    mean about the same for everyone.
    """

    features: Features
    mean: Floats
    spread: Floats

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, rows: Sequence[int]) -> Profiles:
        return Profiles(self.features[rows], self.mean[rows], self.spread[rows])

    @classmethod
    def joined(cls, parts: Sequence[Profiles]) -> Profiles:
        """The profiles of all parts, of which there is one at least, behind each other."""
        return cls(
            Features(
                sparse.csr_matrix(sparse.vstack([part.features.terms for part in parts])),
                np.vstack([part.features.dense for part in parts]),
            ),
            np.concatenate([part.mean for part in parts]),
            np.concatenate([part.spread for part in parts]),
        )

    def calibrated(self, likeness: Floats) -> Floats:
        """Likenesses (readers, texts) in spreads above an ordinary paper."""
        return np.asarray((likeness - self.mean[:, None]) / self.spread[:, None], np.float32)


def fade(age_days: float) -> float:
    """How much a like still says after a time."""
    return float(0.5 ** (max(age_days, 0.0) / HALF_LIFE_DAYS))


def learn(
    space: Space, texts: sparse.csr_matrix, semantic: Floats | None, tastes: Sequence[Taste]
) -> Profiles:
    """Profiles of readers. `texts`: unit term vectors, which the tastes point into; `semantic`: the
    encoder's vectors of the same texts, where there is an encoder.
    """
    return Profiles.joined(
        [
            profiles
            for stretch in _parts(tastes, _POINTS_READ_AT_ONCE)
            for profiles in _learn_stretch(space, texts, semantic, stretch)
        ]
    )


def _learn_stretch(
    space: Space, texts: sparse.csr_matrix, semantic: Floats | None, tastes: Sequence[Taste]
) -> Iterator[Profiles]:
    pointed = _Pointed.at(space, texts, semantic, tastes)
    for part in _parts(tastes, _POINTS_SOLVED_AT_ONCE):
        yield _learn(space, texts, semantic, pointed, part)


def _parts(tastes: Sequence[Taste], points: int) -> Iterator[Sequence[Taste]]:
    """Neighbours who have about so many points together; one part at least."""
    start, count = 0, 0
    for at, taste in enumerate(tastes):
        count += len(taste.examples) + 1
        if count >= points:
            yield tastes[start : at + 1]
            start, count = at + 1, 0
    if start < len(tastes) or not tastes:
        yield tastes[start:]


@dataclass(frozen=True)
class _Pointed:
    """The texts that some tastes point at. `told`: what of them is (`Background.unlike`), if anything;
    `place`: where a row of the texts stands among them.
    """

    papers: Features
    told: Floats | None
    place: dict[int, int]

    @classmethod
    def at(
        cls,
        space: Space,
        texts: sparse.csr_matrix,
        semantic: Floats | None,
        tastes: Sequence[Taste],
    ) -> _Pointed:
        rows = _rows_of(tastes)
        papers = space.features(texts[rows], None if semantic is None else semantic[rows])
        told = space.background.unlike(papers) if space.background else None
        return cls(papers, told, {row: at for at, row in enumerate(rows)})


def _rows_of(tastes: Sequence[Taste]) -> list[int]:
    return sorted({example.row for taste in tastes for example in taste.examples})


def _learn(
    space: Space,
    texts: sparse.csr_matrix,
    semantic: Floats | None,
    pointed: _Pointed,
    tastes: Sequence[Taste],
) -> Profiles:
    rows = _rows_of(tastes)
    place = {row: at for at, row in enumerate(rows)}
    here = [pointed.place[row] for row in rows]
    papers = pointed.papers[here]
    asked, has_words = _words(space, texts, semantic, tastes)
    points = _Points.of(tastes, place, has_words)
    known = Features(
        sparse.csr_matrix(sparse.vstack([papers.terms, asked.terms])),
        np.vstack([papers.dense, asked.dense]),
    )
    kernel = known.likeness(known)
    alone, length = points.solve(kernel)
    count = np.array([len(taste.examples) for taste in tastes], np.float32)
    related = _related(space, asked, has_words * RELATED_WEIGHT / (1 + count) / length)
    against, behind = np.zeros_like(alone), None
    if space.background is not None and pointed.told is not None:
        told = np.hstack([pointed.told[:, here], space.background.unlike(asked)])
        found, length_against = points.solve(kernel - told.T @ told)
        share = points.evidence / (points.evidence + EVIDENCE)
        against = np.asarray(found * (share / length_against)[:, None], np.float32)
        behind = -space.background.weights(told @ against.T).T
        alone = np.asarray(alone * (1 - share)[:, None], np.float32)
        related = sparse.csr_matrix(sparse.diags((1 - share).astype(np.float32)) @ related)
    weights = alone / length[:, None] + against
    lent = [taste.lent for taste in tastes]
    return _profiles(
        space, known, weights, related, behind=behind, wanted=points.wanted(), lent=lent
    )


def _words(
    space: Space, texts: sparse.csr_matrix, semantic: Floats | None, tastes: Sequence[Taste]
) -> tuple[Features, NDArray[np.bool_]]:
    """Each reader's words as one text, and who has any.

    Where these words stand together, in papers, is more than the words: what is latent in them is that
    of the text, whatever the weights.
    """
    weights = _rows([taste.topics for taste in tastes], texts.shape[0])
    words = unit_rows(weights @ texts)
    meant = None if semantic is None else unit_dense(np.asarray(weights @ semantic, np.float32))
    return space.features(words, meant), np.diff(weights.indptr) > 0


@dataclass(frozen=True)
class _Points:
    """The points of each reader's regression, padded to one length: all (readers, points).

    `rows` point into the kernel; padding has no value and takes no part.
    """

    rows: NDArray[np.int64]
    values: Floats
    noise: Floats
    real: NDArray[np.bool_]
    evidence: Floats
    width: int

    @classmethod
    def of(
        cls, tastes: Sequence[Taste], place: dict[int, int], has_words: NDArray[np.bool_]
    ) -> _Points:
        longest = max((len(taste.examples) for taste in tastes), default=0) + 1
        rows = np.zeros((len(tastes), longest), np.int64)
        values = np.zeros(rows.shape, np.float32)
        trust = np.zeros(rows.shape, np.float32)
        for at, taste in enumerate(tastes):
            here = [(place[e.row], e.value, e.trust) for e in taste.examples]
            if has_words[at]:
                here.append((len(place) + at, 1.0, WORDS_WEIGHT))
            for column, point in enumerate(here):
                rows[at, column], values[at, column], trust[at, column] = point
        real = trust > 0
        noise = np.where(real, RIDGE / np.maximum(trust, 1e-3), 1.0).astype(np.float32)
        evidence = np.array(
            [sum(e.trust for e in taste.examples) for taste in tastes], dtype=np.float32
        )
        return cls(rows, values, noise, real, evidence, len(place) + len(tastes))

    def wanted(self) -> NDArray[np.bool_]:
        """Which texts each reader wants more like, (readers, kernel rows)."""
        found = np.zeros((len(self.rows), self.width), bool)
        readers, columns = np.nonzero(self.values > 0)
        found[readers, self.rows[readers, columns]] = True
        return found

    def solve(self, kernel: Floats) -> tuple[Floats, Floats]:
        """Weights (readers, kernel rows), and the length of the vector they make, (readers,)."""
        weights = np.zeros((len(self.rows), self.width), np.float32)
        lengths = np.ones(len(self.rows), np.float32)
        # Readers with about as many points are solved together, so that one with many costs no other.
        sizes = np.ceil(np.log2(np.maximum(self.real.sum(axis=1), 1))).astype(int)
        for size in np.unique(sizes):
            who = np.flatnonzero(sizes == size)
            rows, real = self.rows[who, : 2**size], self.real[who, : 2**size]
            likeness = kernel[rows[:, :, None], rows[:, None, :]]
            likeness *= real[:, :, None] & real[:, None, :]
            noisy = likeness + np.eye(rows.shape[1]) * self.noise[who, None, : 2**size]
            found = np.linalg.solve(noisy, self.values[who, : 2**size, None])
            squares = (found.transpose(0, 2, 1) @ likeness @ found)[:, 0, 0]
            np.add.at(weights, (who[:, None], rows), found[:, :, 0].astype(np.float32))
            lengths[who] = np.sqrt(np.where(squares > 1e-9, squares, 1))
        return weights, lengths


def _related(space: Space, asked: Features, weight: Floats) -> sparse.csr_matrix:
    """The archive's papers that are nearest to the typed words, (readers, archive), weighted.

    They know how people who write about it say it: what a reader could have typed as well.
    """
    count = len(space.archive)
    if not count:
        return sparse.csr_matrix((len(asked), 0), dtype=np.float32)
    nearest = top_k(asked.likeness(space.archive), RELATED).columns
    rows = np.repeat(np.arange(len(nearest)), nearest.shape[1])
    data = np.repeat(weight, nearest.shape[1]).astype(np.float32)
    return sparse.csr_matrix((data, (rows, nearest.ravel())), shape=(len(nearest), count))


def _profiles(
    space: Space,
    known: Features,
    weights: Floats,
    related: sparse.csr_matrix,
    *,
    behind: Floats | None,
    wanted: NDArray[np.bool_],
    lent: Sequence[Floats | None],
) -> Profiles:
    """Add up what each reader's vector is made of, and see how like it is to ordinary papers.

    `wanted`: which of the known texts are a reader's own, (readers, known).
    """
    terms = sparse.csr_matrix(weights) @ known.terms
    dense = weights @ known.dense
    if len(space.archive):
        terms = terms + related @ space.archive.terms
        dense = dense + related @ space.archive.dense
    if behind is None or space.background is None:
        found = Features(strongest(sparse.csr_matrix(terms)), np.asarray(dense, np.float32))
        empty = np.ones(len(weights), np.float32)
        return Profiles(found, ORDINARY_MEAN * empty, ORDINARY_SPREAD * empty)
    papers = space.background.papers
    # A rare term stands in hardly any paper of the background, which so has nothing to take away.
    common = sparse.csr_matrix(behind @ narrow(papers.terms, COMMON_TERMS))
    terms = terms + widened(common, terms.shape[1])
    dense = np.asarray(dense + behind @ papers.dense, np.float32)
    found = Features(strongest(sparse.csr_matrix(terms)), dense)
    ordinary = found.likeness(papers)
    found = Features(found.terms, dense + _of_others(lent, papers, ordinary))
    ordinary = found.likeness(papers)
    own = (found.likeness(known) * wanted).sum(axis=1) / np.maximum(wanted.sum(axis=1), 1)
    mean = ordinary.mean(axis=1)
    spread = np.minimum(ordinary.std(axis=1), (own - mean) / OWN_ABOVE)
    return Profiles(found, mean, np.where(spread > 1e-6, spread, 1.0).astype(np.float32))


def _of_others(
    lent: Sequence[Floats | None], papers: Features, ordinary: Floats
) -> NDArray[np.float32]:
    """What other readers' taste adds to each reader's dense part: SHARE spreads of it for each spread
    of their own among ordinary papers.
    """
    added = np.zeros((len(lent), papers.dense.shape[1]), np.float32)
    for row, direction in enumerate(lent):
        if direction is not None:
            spread = float((papers.dense @ direction).std())
            added[row] = company.SHARE * ordinary[row].std() / max(spread, 1e-9) * direction
    return added


def strongest(terms: sparse.csr_matrix, kept: int | None = None) -> sparse.csr_matrix:
    """The `kept` terms of each row that weigh most; what else there is tells next to nothing."""
    kept = KEPT_TERMS if kept is None else kept
    terms.sort_indices()
    if np.diff(terms.indptr).max(initial=0) <= kept:
        return terms
    starts, columns, data = [0], [], []
    for start, stop in zip(terms.indptr[:-1], terms.indptr[1:], strict=True):
        row = terms.data[start:stop]
        best = np.sort(np.argpartition(-np.abs(row), kept)[:kept]) if len(row) > kept else ...
        columns.append(terms.indices[start:stop][best])
        data.append(row[best])
        starts.append(starts[-1] + len(data[-1]))
    joined = (np.concatenate(data), np.concatenate(columns), starts)
    return sparse.csr_matrix(joined, shape=terms.shape, dtype=np.float32)


def _rows(rows: Sequence[Sequence[tuple[int, float]]], width: int) -> sparse.csr_matrix:
    starts = np.cumsum([0, *(len(row) for row in rows)])
    columns = [place for row in rows for place, _ in row]
    data = np.array([weight for row in rows for _, weight in row], np.float32)
    return sparse.csr_matrix((data, columns, starts), shape=(len(rows), width))
