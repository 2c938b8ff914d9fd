"""Many subscribers against the day's papers: one matrix product a block, sparse boosts, masks, top k.

Memory is that of a block, however many subscribers there are. Nothing here loops over subscribers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from newsletter.match.cells import add, flat, places
from newsletter.match.folding import Folds
from newsletter.match.guarantee import with_each_wish
from newsletter.match.topk import BARRED, LEAST, Floats, Top, top_k

BLOCK = 4096
"""Subscribers in one matrix product: enough to keep it efficient, few enough for the cache."""

Selected = TypeVar("Selected")

DECIMALS = 1e4
_SLICE = 512  # subscribers that one thread selects for at a time; their scores stay in its cache


@dataclass(frozen=True)
class Papers:
    """The day.

    `vectors`: (dims, papers) float32. `terms`: sparse (terms, papers). `wishes`: sparse (distinct
    wishes, papers), what an exact hit is worth; `voices`: the same shape, where a wish is met in words
    at all. `hits`: the same shape, how strongly a wish speaks for a paper. `folds`: papers of
    which each is to have one at most. `prior`: (papers,), what is added for everybody.
    """

    count: int
    vectors: Floats | None = None
    terms: sparse.csr_matrix | None = None
    wishes: sparse.csr_matrix | None = None
    voices: sparse.csr_matrix | None = None
    hits: sparse.csr_matrix | None = None
    folds: Folds | None = None
    prior: Floats | None = None


@dataclass(frozen=True)
class Crowd:
    """What is known of each subscriber, a row each; whatever is None plays no part.

    `vectors`: (subscribers, dims), float16 or float32. `terms`: sparse (subscribers, terms). `mean`,
    `spread`: (subscribers,), of their likeness to ordinary papers; where given, the likeness counts in
    spreads above the mean; `ceiling`: (subscribers,), more than this it does not. `weights`: sparse
    (subscribers, distinct wishes), how much each wish counts. `muted`: the same shape, anything stored
    means never. `seen`: sparse (subscribers, papers), anything stored means sent before. `first_rows`:
    (subscribers,), papers before this row were considered for an earlier digest. `floor`: (subscribers,),
    what a score must reach, however little else there is; see `Ranking`. `most`: (subscribers,), how many
    papers each is to have of the `k` that there is room for.
    """

    count: int
    vectors: NDArray[np.float16] | Floats | None = None
    terms: sparse.csr_matrix | None = None
    mean: Floats | None = None
    spread: Floats | None = None
    ceiling: Floats | None = None
    weights: sparse.csr_matrix | None = None
    muted: sparse.csr_matrix | None = None
    seen: sparse.csr_matrix | None = None
    first_rows: NDArray[np.integer] | None = None
    floor: Floats | None = None
    most: NDArray[np.integer] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """How to rank: the best `k` that are good enough.

    What a wish meets in words need only reach `floor_in_words`, and an exact hit is always good enough;
    all else must reach the subscriber's floor.
    """

    k: int
    floor_in_words: float = LEAST


def rank(
    crowd: Crowd, papers: Papers, how: Ranking, *, block: int = BLOCK, workers: int | None = None
) -> Top:
    """The best papers of every subscriber, shapes (subscribers, min(k, papers)); see `Top`."""
    best = _empty(crowd, papers, how.k)
    for rows, top in ranked_blocks(crowd, papers, how, block=block, workers=workers):
        best.put(rows, top)
    return best


def rank_openly(crowd: Crowd, papers: Papers, how: Ranking, considered: int) -> tuple[Top, Top]:
    """The same, and with it the best `considered` papers without regard to prior and floors."""
    best, anything = _empty(crowd, papers, how.k), _empty(crowd, papers, considered)

    def select(rows: slice, scores: Floats) -> tuple[Top, Top]:
        boosts = _score(crowd, papers, rows, scores)
        _bar(crowd, papers, rows, scores)
        return top_k(scores, considered), _best(
            crowd, papers, how, rows, scores=scores, boosts=boosts
        )

    for rows, (openly, top) in _blocks(crowd, papers, select):
        best.put(rows, top)
        anything.put(rows, openly)
    return best, anything


def _empty(crowd: Crowd, papers: Papers, k: int) -> Top:
    shape = (crowd.count, min(max(k, 0), papers.count))
    return Top(np.full(shape, -1, np.int32), np.full(shape, BARRED, np.float32))


def ranked_blocks(
    crowd: Crowd, papers: Papers, how: Ranking, *, block: int = BLOCK, workers: int | None = None
) -> Iterator[tuple[slice, Top]]:
    """The same by slices of subscribers, for a caller that keeps no more than one at a time."""

    def select(rows: slice, scores: Floats) -> Top:
        boosts = _score(crowd, papers, rows, scores)
        _bar(crowd, papers, rows, scores)
        return _best(crowd, papers, how, rows, scores=scores, boosts=boosts)

    return _blocks(crowd, papers, select, block=block, workers=workers)


def _blocks(
    crowd: Crowd,
    papers: Papers,
    select: Callable[[slice, Floats], Selected],
    *,
    block: int = BLOCK,
    workers: int | None = None,
) -> Iterator[tuple[slice, Selected]]:
    """What `select` makes of slices of subscribers and their products, (slice, papers)."""
    dense = np.empty((min(block, crowd.count), papers.count), np.float32)
    wide = np.empty((len(dense), _dims(papers)), np.float32)
    # numpy lets go of the interpreter's lock where it works, so threads are enough.
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as threads:
        for start in range(0, crowd.count, block):
            stop = min(start + block, crowd.count)
            # The product takes all cores by itself; then the threads share the rest between them.
            _product(crowd, papers, slice(start, stop), dense[: stop - start], wide)
            parts = [slice(at, min(at + _SLICE, stop)) for at in range(start, stop, _SLICE)]
            found = threads.map(
                lambda part, start=start: select(
                    part, dense[part.start - start : part.stop - start]
                ),
                parts,
            )
            yield from zip(parts, found, strict=True)


def _dims(papers: Papers) -> int:
    return 0 if papers.vectors is None else len(papers.vectors)


def _product(crowd: Crowd, papers: Papers, rows: slice, dense: Floats, wide: Floats) -> None:
    if crowd.vectors is None or papers.vectors is None:
        dense[...] = 0
        return
    vectors = crowd.vectors[rows]
    if vectors.dtype != np.float32:
        wide[: len(vectors)] = vectors
        vectors = wide[: len(vectors)]
    np.matmul(vectors, papers.vectors, out=dense)


def _score(crowd: Crowd, papers: Papers, rows: slice, scores: Floats) -> sparse.csr_matrix | None:
    """The rest of what speaks for each paper goes into `scores` (slice, papers) in place; the boosts
    that exact wishes gave.
    """
    if crowd.terms is not None:
        add(scores, crowd.terms[rows] @ papers.terms)
    if crowd.mean is not None and crowd.spread is not None:
        _calibrate(scores, crowd.mean[rows], crowd.spread[rows])
    if crowd.ceiling is not None and np.isfinite(crowd.ceiling[rows]).any():
        np.minimum(scores, crowd.ceiling[rows, None], out=scores)
    boosts = None if crowd.weights is None else crowd.weights[rows] @ papers.wishes
    if boosts is not None:
        add(scores, boosts)
    return boosts


def _bar(crowd: Crowd, papers: Papers, rows: slice, scores: Floats) -> None:
    """What a subscriber must not see, whatever speaks for it."""
    if crowd.muted is not None:
        flat(scores)[places(crowd.muted[rows] @ papers.wishes)] = BARRED
    if crowd.seen is not None:
        flat(scores)[places(crowd.seen[rows])] = BARRED
    if crowd.first_rows is not None:
        first = crowd.first_rows[rows]
        if first.any():
            scores[np.arange(papers.count) < first[:, None]] = BARRED


def _best(
    crowd: Crowd,
    papers: Papers,
    how: Ranking,
    rows: slice,
    *,
    scores: Floats,
    boosts: sparse.csr_matrix | None,
) -> Top:
    if papers.prior is not None:
        scores += papers.prior  # too little to lift what is barred
    if crowd.floor is not None:
        scores[_too_low(crowd, papers, how, rows, scores=scores, boosts=boosts)] = BARRED
    if papers.folds is not None:
        papers.folds.bar(scores)
    top = top_k(scores, how.k)
    if crowd.most is None:
        return top
    most = np.minimum(crowd.most[rows], top.columns.shape[1])
    top = top.cut(most)
    if crowd.weights is None or papers.hits is None:
        return top
    return with_each_wish(top, most, crowd.weights[rows], papers.hits, scores)


def _too_low(
    crowd: Crowd,
    papers: Papers,
    how: Ranking,
    rows: slice,
    *,
    scores: Floats,
    boosts: sparse.csr_matrix | None,
) -> NDArray[np.bool_]:
    """What is not good enough, however little else there is: (slice, papers)."""
    floor = 0 if crowd.floor is None else crowd.floor[rows, None]
    low = np.asarray(scores < floor)
    lying, scored = low.reshape(-1), flat(scores)
    if crowd.weights is not None and papers.voices is not None:
        spoken = places(crowd.weights[rows] @ papers.voices)
        lying[spoken] = scored[spoken] < how.floor_in_words
    if boosts is not None:
        lying[places(boosts)] = False
    return low


def _calibrate(scores: Floats, mean: Floats, spread: Floats) -> None:
    """Likenesses become spreads above what is ordinary for each subscriber, to four decimals.

    A product of another block differs in its last bits; rounded, papers that are alike stay tied.
    """
    scale = (DECIMALS / spread).astype(np.float32)
    scores -= mean[:, None]
    scores *= scale[:, None]
    np.rint(scores, out=scores)
    scores *= np.float32(1 / DECIMALS)
