"""Ranking in blocks equals ranking one by one, whatever the size of a block."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from newsletter.match.rank import Crowd, Papers, Ranking, rank
from newsletter.match.topk import BARRED, LEAST, Top


def a_crowd(seed: int, count: int, papers: int, dims: int = 8) -> tuple[Crowd, Papers]:
    """Vectors on a grid so coarse that products are exact in any order of adding up."""
    random = np.random.default_rng(seed)

    def some(rows: int, columns: int) -> sparse.csr_matrix:
        made = sparse.random_array((rows, columns), density=0.2, rng=random, dtype=np.float32)
        return sparse.csr_matrix(made)

    grid = random.integers(-16, 17, (count + papers, dims)) / np.float32(16)
    return (
        Crowd(
            count,
            grid[:count].astype(np.float16),
            weights=some(count, 12),
            muted=some(count, 12).multiply(sparse.random(count, 12, 0.2)).tocsr(),
            seen=some(count, papers),
            first_rows=random.integers(0, max(1, papers // 2), count),
            floor=np.where(np.arange(count) % 3 == 0, LEAST, 0.5).astype(np.float32),
        ),
        Papers(
            papers,
            np.ascontiguousarray(grid[count:].T, dtype=np.float32),
            wishes=some(12, papers),
            voices=some(12, papers),
        ),
    )


def naive(crowd: Crowd, papers: Papers, how: Ranking) -> Top:
    """One subscriber after the other, everything dense."""
    wishes, voices = papers.wishes.toarray(), papers.voices.toarray()
    columns, scores = [], []
    for row in range(crowd.count):
        line = crowd.vectors[row].astype(np.float32) @ papers.vectors
        wanted = crowd.weights[row].toarray()[0]
        line += wanted @ wishes
        hit, spoken = (wanted != 0) @ (wishes != 0), (wanted != 0) @ (voices != 0)
        low = line < np.where(spoken, how.floor_in_words, crowd.floor[row])
        muted = (crowd.muted[row].toarray()[0] != 0) @ (wishes != 0)
        seen = crowd.seen[row].toarray()[0] != 0
        line[muted | seen | (low & ~hit) | (np.arange(papers.count) < crowd.first_rows[row])] = (
            BARRED
        )
        best = np.argsort(-line, kind="stable")[: how.k]
        columns.append(np.where(line[best] > LEAST, best, -1))
        scores.append(np.where(line[best] > LEAST, line[best], BARRED))
    return Top(np.array(columns), np.array(scores))


@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 60), st.integers(1, 70))
@settings(max_examples=100, deadline=None)
def test_equals_one_by_one(seed: int, count: int, papers: int, k: int) -> None:
    crowd, day = a_crowd(seed, count, papers)
    how = Ranking(k=k, floor_in_words=-0.25)
    found, wanted = rank(crowd, day, how), naive(crowd, day, how)
    np.testing.assert_allclose(found.scores, wanted.scores, rtol=1e-5, atol=1e-6)
    # Boosts are added up in another order here, so only clear differences settle places.
    if np.diff(wanted.scores).max(initial=-1) < -1e-4:
        np.testing.assert_array_equal(found.columns, wanted.columns)


@pytest.mark.parametrize("calibrate", [False, True])
@pytest.mark.parametrize(("block", "workers"), [(1, 1), (7, 2), (600, 2), (5000, 3)])
def test_blocks_and_threads_change_nothing(block: int, workers: int, calibrate: bool) -> None:
    crowd, day = a_crowd(5, 1500, 90)
    if calibrate:
        known = np.linspace(0.1, 2, 1500, dtype=np.float32)
        crowd = replace(crowd, mean=known - 1, spread=known)
    how = Ranking(k=20)
    wanted = rank(crowd, day, how)
    found = rank(crowd, day, how, block=block, workers=workers)
    np.testing.assert_array_equal(found.columns, wanted.columns)
    np.testing.assert_array_equal(found.scores, wanted.scores)


def test_calibration_makes_loud_and_quiet_readers_alike() -> None:
    random = np.random.default_rng(1)
    one = random.standard_normal(16).astype(np.float32)
    day = Papers(200, random.standard_normal((16, 200)).astype(np.float32))
    loud = np.array([1, 100, 0], np.float32)
    ordinary = day.vectors.T @ one
    crowd = Crowd(
        3,
        loud[:, None] * one,
        mean=loud * ordinary.mean(),
        spread=np.maximum(loud * ordinary.std(), 1e-6),
    )
    top = rank(crowd, day, Ranking(k=200))
    np.testing.assert_allclose(top.scores[0], top.scores[1], atol=1e-3)
    np.testing.assert_allclose([top.scores[0].mean(), top.scores[0].std()], [0, 1], atol=1e-3)
    assert not top.scores[2].any()


def test_a_muted_wish_and_a_sent_paper_beat_any_boost() -> None:
    wishes = sparse.csr_matrix(np.array([[1, 1, 0], [0, 1, 1]], np.float32))
    crowd = Crowd(
        1,
        weights=sparse.csr_matrix(np.array([[1e6, 0]], np.float32)),
        muted=sparse.csr_matrix(np.array([[0, 1]], np.float32)),
    )
    assert rank(crowd, Papers(3, wishes=wishes), Ranking(k=3)).columns.tolist() == [[0, -1, -1]]


@pytest.mark.parametrize(("count", "papers", "k"), [(0, 5, 3), (5, 0, 3), (5, 5, 0), (0, 0, 0)])
def test_nothing_to_rank(count: int, papers: int, k: int) -> None:
    crowd, day = a_crowd(1, count, papers)
    top = rank(crowd, day, Ranking(k=k))
    assert top.columns.shape == (count, min(k, papers))
