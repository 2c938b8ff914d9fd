"""Who is named for an entry: what stands there, else what is nearest to it in meaning."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from newsletter.match.causes import TOLD_FROM, causes
from newsletter.match.features import Day, day_features
from newsletter.match.readers import Reader
from newsletter.match.space import Features
from newsletter.match.wishes import WishScores
from subscribers.profile import Interest, Kind
from tests.factories import entry

LIKED = "arxiv:1"
READER = Reader((Interest(Kind.TOPIC, "tides"),), likes=((LIKED, 1.0),))


def meaning(*likenesses: float) -> Features:
    """Texts that are so much like the one entry."""
    dense = np.array(likenesses, np.float32)[:, None]
    return Features(sparse.csr_matrix((len(dense), 1), dtype=np.float32), dense)


def day() -> Day:
    return replace(day_features([entry(1, "Gauges", "measure the sea")]), features=meaning(1.0))


def found(hits: list[float], likenesses: list[float]) -> WishScores:
    scores = sparse.csr_matrix(np.array(hits, np.float32)[:, None])
    index = {(Kind.TOPIC, "tides"): 0, (Kind.SEED, LIKED): 1}
    return WishScores(index, scores, scores, meaning(*likenesses))


@pytest.mark.parametrize(
    ("hits", "likenesses", "named"),
    [
        ([0.0, 0.03], [0.5, 0.05], (0,)),  # a liked paper of small likeness is not the reason
        ([0.0, 0.03], [0.05, 0.06], (1,)),  # unless nothing else is more like it
        ([0.0, 0.2], [0.5, 0.3], (1,)),
        ([0.2, 0.03], [0.2, 0.9], (0,)),
        ([0.2, 0.3], [0.0, 0.0], (1, 0)),
        ([0.0, 0.0], [0.0, 0.0], (0,)),
    ],
)
def test_a_liked_paper_is_named_where_it_is_really_the_strongest_cause(
    hits: list[float], likenesses: list[float], named: tuple[int, ...]
) -> None:
    assert TOLD_FROM == 0.10
    kept = np.array([[0, -1]], np.int32)
    assert list(causes(day(), [READER], found(hits, likenesses), kept)) == [[named, ()]]


def test_how_many_readers_there_are_changes_nothing() -> None:
    told = found([0.2, 0.3], [0.0, 0.0])
    nobody, half = Reader(()), Reader((Interest(Kind.TOPIC, "tides"),))
    readers = [(READER, nobody, half)[n % 3] for n in range(300)]
    kept = np.zeros((300, 1), np.int32)
    expected = [[[(1, 0)], [()], [(0,)]][n % 3] for n in range(300)]
    assert list(causes(day(), readers, told, kept)) == expected
