"""A paper to explore: one whose vote would teach most about a reader."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from newsletter.match.features import Day
from newsletter.match.topk import Columns, Top
from newsletter.match.vocabulary import Floats

# How far below the floor a paper may be and still be an open question, in spreads.
DOUBT = 4.0
CONSIDERED = 96


def curiosity(day: Day) -> Floats:
    """How much any reader's vote on an entry would teach, (entries,), 0 to 2: one that much of the day
    is like says something about all of that, and one that is talked about is worth a look.
    """
    count = max(len(day.entries), 1)
    everything = day.features.terms.sum(axis=0) / count
    central = np.asarray(day.features.terms @ np.asarray(everything).ravel(), np.float32)
    central += day.features.dense @ (day.features.dense.sum(axis=0) / count)
    span = float(np.ptp(central)) if len(central) else 0.0
    popular = day.popularity / max(float(day.popularity.max(initial=0)), 1e-6)
    return np.asarray((central - central.min(initial=np.inf)) / max(span, 1e-6) + popular)


def explored(day: Day, open_to: Top, chosen: Columns, floor: float) -> NDArray[np.int32]:
    """For each reader the row to explore, or -1: (readers,). `open_to`: what is best for them, as many
    as are to be CONSIDERED, whatever the floor.

    The doubt about a vote is greatest at the floor, so of what lies just below it and is not among the
    `chosen`, the one is taken about which a vote would teach most.
    """
    columns = open_to.columns
    if columns.shape[1] == 0:
        return np.full(len(columns), -1, np.int32)
    gap = (floor - open_to.scores) / DOUBT
    value = curiosity(day)[np.maximum(columns, 0)] + (1 - gap)
    value[(columns < 0) | (gap < 0) | (gap > 1)] = -np.inf
    # What is among the chosen is none to explore; both are few, so all pairs are looked at.
    value[(columns[:, :, None] == chosen[:, None, :]).any(axis=2)] = -np.inf
    best = np.argmax(value, axis=1)
    everyone = np.arange(len(columns))
    found: NDArray[np.int32] = columns[everyone, best]
    found[~np.isfinite(value[everyone, best])] = -1
    return found
