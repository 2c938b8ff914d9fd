"""Learned and ranked in one go, as the planner does."""

from __future__ import annotations

import numpy as np

from newsletter.match.readers import learn_readers
from newsletter.match.score import match_block, order_block


def matched(day, readers, limit=10, seeds=None):
    """Each reader's matches."""
    return [list(found.matches) for found in found_for(day, readers, limit, seeds)]


def found_for(day, readers, limit=10, seeds=None):
    profiles = learn_readers(day.space, readers, seeds or {})
    limits = [limit] * len(readers) if isinstance(limit, int) else limit
    return match_block(day, readers, profiles, limits, seeds or {})


def places(day, readers, seeds=None):
    """The place of each entry in each reader's order, (readers, entries), from 0."""
    profiles = learn_readers(day.space, readers, seeds or {})
    return np.argsort(order_block(day, readers, profiles, seeds or {}), axis=1)
