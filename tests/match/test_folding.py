"""Copies of one paper take one place among the candidates, whoever is asked."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from newsletter.match.features import day_features
from newsletter.match.folding import Folds
from newsletter.match.readers import Reader
from newsletter.match.topk import BARRED
from subscribers.profile import parse_profile
from tests.factories import entry
from tests.match.ranking import matched


def test_many_copies_leave_room_for_others() -> None:
    copies = [
        entry(n + 1, "Protein folding", "Protein folding by protein models.") for n in range(40)
    ]
    others = [
        entry(41 + n, f"Protein sea{n}", f"Protein folding{n} with tool{n} on ocean{n}.")
        for n in range(9)
    ]
    day = day_features([*copies, *others])
    wishes = parse_profile("protein folding").interests
    (found,) = matched(day, [Reader(wishes)], 30)
    assert sorted(match.row for match in found) == [0, *range(40, 49)]
    (found,) = matched(day, [Reader(wishes, seen_rows=(0, 1))], 30)
    assert sorted(match.row for match in found) == [2, *range(40, 49)]


@given(st.integers(0, 2**32), st.integers(1, 9), st.integers(1, 20))
def test_equals_one_by_one(seed: int, readers: int, papers: int) -> None:
    random = np.random.default_rng(seed)
    twins = random.integers(0, 8, papers)
    scores = random.integers(0, 4, (readers, papers)).astype(np.float32)
    scores[scores == 0] = BARRED
    wanted = np.full_like(scores, BARRED)
    for row in range(readers):
        for group in set(twins.tolist()):
            best = max(np.flatnonzero(twins == group).tolist(), key=lambda at: scores[row, at])
            wanted[row, best] = scores[row, best]
    Folds.of(twins).bar(scores)
    np.testing.assert_array_equal(scores, wanted)
