"""Variety among what is good: maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998)."""

from __future__ import annotations

import numpy as np

from newsletter.match.features import Day
from newsletter.match.topk import BARRED, Top

# What a paper loses by being like one that stands before it: this share of its score, were they the same.
DIVERSITY = 0.3
_AT_ONCE = 512


def diversified(day: Day, top: Top, weight: float | None = None) -> Top:
    """The same papers of each row, in an order that does not tell the same thing twice in a row.

    Each next one is that of the highest score after a deduction for its likeness to the most like
    one before it. Scores stay as they were, so they need not descend any more.
    """
    weight = DIVERSITY if weight is None else weight
    columns, scores = top.columns.copy(), top.scores.copy()
    if weight == 0 or columns.shape[1] < 3:
        return Top(columns, scores)
    for start in range(0, len(columns), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        order = _order(day, top.columns[part], top.scores[part], weight)
        columns[part] = np.take_along_axis(top.columns[part], order, axis=1)
        scores[part] = np.take_along_axis(top.scores[part], order, axis=1)
    return Top(columns, scores)


def _order(day: Day, columns: np.ndarray, scores: np.ndarray, weight: float) -> np.ndarray:
    alike, places = day.compared(np.maximum(columns, 0))
    everyone = np.arange(len(columns))
    left = np.where(columns >= 0, np.maximum(scores, 0), -1.0)
    nearest = np.zeros(columns.shape, np.float32)  # no likeness is less
    order = np.empty(columns.shape, np.int64)
    for step in range(columns.shape[1]):
        value = np.where(left >= 0, left * (1 - weight * nearest), left)
        best = np.argmax(value, axis=1)
        order[:, step] = best
        left[everyone, best] = BARRED
        nearest = np.maximum(nearest, alike[places[everyone, best][:, None], places])
    return order
