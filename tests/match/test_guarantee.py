"""However many good papers one wish has, the best one of every other wish is among the candidates."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from newsletter.compose import compose
from newsletter.match import guarantee
from newsletter.match.features import day_features
from newsletter.match.guarantee import with_each_wish
from newsletter.match.readers import Reader
from newsletter.match.topk import BARRED, top_k
from newsletter.model import Evidence, EvidenceKind
from subscribers.profile import parse_profile
from tests.factories import entry
from tests.match.ranking import found_for, matched

MANY = [
    entry(
        n + 1, f"Language models of kind{n}", f"We train language models on corpus{n} of text{n}."
    )
    for n in range(60)
]
FEW = [
    entry(61, "Growing crystals", "Crystals grow from melts in furnace1."),
    entry(62, "More on crystals", "How crystals of another kind2 grow, and language models."),
    entry(63, "Tides of the North Sea", "Gauges measure the tides."),
]
DAY = day_features([*MANY, *FEW])
WISHES = parse_profile("language models ^10\ncrystals\ntides").interests


def test_a_wish_with_few_papers_keeps_its_place_beside_one_with_many() -> None:
    (found,) = found_for(DAY, [Reader(WISHES)], 9)
    assert len(found.matches) == 9
    assert {match.interests[0] for match in found.matches} == {0, 1, 2}
    digest = compose(
        found.matches,
        DAY.entries,
        DAY.twins,
        lambda match: (Evidence(EvidenceKind.TOPIC, WISHES[match.interests[0]].text),),
        places=3,
        wishes=len(WISHES),
        considered=len(DAY.entries),
    )
    assert {pick.evidence[0].interest for pick in digest.picks} == {
        "language models",
        "crystals",
        "tides",
    }


def test_what_is_ruled_out_or_was_sent_has_no_place_to_keep() -> None:
    muted = parse_profile("-furnace1\n-gauges").interests
    reader = Reader((*WISHES, *muted), seen_rows=(61,))
    (found,) = matched(DAY, [reader], 9)
    assert {match.interests[0] for match in found} == {0}


def test_how_many_others_are_to_have_changes_nothing() -> None:
    """Candidates are chosen, and put in order, by each reader's own number of places alone."""
    readers = [Reader(WISHES), Reader(parse_profile("language models").interests)]
    mixed = found_for(DAY, [*readers, Reader(WISHES)], [9, 6, 60])
    for one, other in zip(readers, [9, 6], strict=True):
        assert [mixed[readers.index(one)]] == found_for(DAY, [one], other)


def cells(random: np.random.Generator, shape: tuple[int, int], density: float) -> sparse.csr_matrix:
    made = random.integers(1, 9, shape) * (random.random(shape) < density)
    return sparse.csr_matrix(made.astype(np.float32))


@given(st.integers(0, 2**32), st.integers(1, 12), st.integers(1, 30), st.integers(1, 12))
@settings(max_examples=150, deadline=None)
def test_equals_one_by_one(seed: int, readers: int, papers: int, k: int) -> None:
    random = np.random.default_rng(seed)
    weights, hits = cells(random, (readers, 7), 0.5), cells(random, (7, papers), 0.3)
    scores = random.integers(0, 12, (readers, papers)).astype(np.float32)
    scores[random.random(scores.shape) < 0.2] = BARRED
    top = top_k(scores, k)
    most = np.minimum(random.integers(1, k + 1, readers), top.columns.shape[1])
    before, guarantee._CELLS_AT_ONCE = guarantee._CELLS_AT_ONCE, 40
    try:
        found = with_each_wish(top.cut(most), most, weights, hits, scores)
    finally:
        guarantee._CELLS_AT_ONCE = before
    for row in range(readers):
        wanted = one_by_one(scores[row], int(most[row]), weights[row].toarray()[0], hits.toarray())
        columns = found.columns[row]
        assert columns[columns >= 0].tolist() == wanted
        assert found.scores[row, : len(wanted)].tolist() == scores[row, wanted].tolist()


def one_by_one(scores, most, weights, hits) -> list[int]:
    def better(column: int) -> tuple[float, int]:
        return -scores[column], column

    good = sorted(np.flatnonzero(scores > BARRED).tolist(), key=better)
    if len(good) < most:
        return good
    of_wish: dict[int, int] = {}
    for column in good:
        speaking = hits[:, column] * weights
        if speaking.any():
            of_wish.setdefault(int(np.argmax(speaking)), column)
    led = sorted(of_wish.values(), key=better)[: most // 2]
    return sorted((led + [c for c in good if c not in led])[:most], key=better)
