"""The fast selection gives what a full stable sort gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from newsletter.match.topk import BARRED, LEAST, Floats, Top, top_k


def naive(scores: Floats, k: int, least: float = LEAST) -> Top:
    usable = np.where(np.isfinite(scores), scores, BARRED)
    columns = np.argsort(-usable, axis=1, kind="stable")[:, : max(k, 0)].astype(np.int32)
    best = np.take_along_axis(usable, columns, axis=1)
    out = best < np.float32(max(least, LEAST))
    return Top(np.where(out, -1, columns), np.where(out, BARRED, best))


def same(found: Top, wanted: Top) -> bool:
    return np.array_equal(found.columns, wanted.columns) and np.array_equal(
        found.scores, wanted.scores
    )


shapes = st.tuples(st.integers(0, 6), st.integers(0, 60))
few_values = st.sampled_from([0.0, -0.0, 1.0, 1.0000001, 1.0000002, -1.0, -1.0000001, 1e-40, 3e38])
any_float = st.floats(width=32, allow_nan=True, allow_infinity=True)


@given(st.data(), shapes, st.integers(0, 70))
@settings(max_examples=1000, deadline=None)
def test_equals_a_stable_sort(data: st.DataObject, shape: tuple[int, int], k: int) -> None:
    elements = data.draw(st.sampled_from([few_values, any_float]))
    scores = data.draw(hnp.arrays(np.float32, shape, elements=elements))
    before = scores.copy()
    assert same(top_k(scores, k), naive(scores, k))
    assert np.array_equal(scores, before, equal_nan=True)


@pytest.mark.parametrize("count", [1, 31, 33, 500, 511, 512, 513, 1500, 10_000])
@pytest.mark.parametrize("values", ["normal", "coarse", "close", "equal", "sparse", "barred"])
def test_equals_a_stable_sort_at_every_size(count: int, values: str) -> None:
    random = np.random.default_rng(count)
    scores = random.standard_normal((40, count)).astype(np.float32)
    if values == "coarse":
        scores = np.round(scores, 1)
    elif values == "close":  # neighbours differ in the bits that short keys give up
        scores = np.float32(1) + np.float32(2**-23) * random.integers(0, 600, scores.shape)
        scores = scores.astype(np.float32)
    elif values == "equal":
        scores[:] = 0.25
    elif values == "sparse":
        scores[random.random(scores.shape) < 0.98] = 0
    elif values == "barred":
        scores[:, random.random(count) < 0.97] = BARRED
    for k in (1, 10, 30):
        assert same(top_k(scores, k), naive(scores, k))
        for least in (0.25, 1.00003):
            assert same(top_k(scores, k, least), naive(scores, k, least))


def test_only_what_reaches_the_least_is_taken() -> None:
    top = top_k(np.array([[0.1, 0.3, 0.2, 0.0]], np.float32), 3, least=0.2)
    assert top.columns.tolist() == [[1, 2, -1]]
    assert top.scores[0, 2] == BARRED


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_one_bad_number_costs_no_other(bad: float) -> None:
    for place in range(5):
        scores = np.array([[0, -1, -1, -1, -1]], np.float32)
        scores[0, place] = bad
        assert same(top_k(scores, 2), naive(scores, 2))


def test_what_is_no_number_is_never_picked() -> None:
    scores = np.linspace(0, 1, 600, dtype=np.float32)[None].copy()
    scores[0, 100:599] = [np.nan, np.inf, -np.inf, *[np.nan] * 496]
    assert top_k(scores, 3).columns.tolist() == [[599, 99, 98]]
