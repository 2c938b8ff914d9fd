"""From matches to a digest."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from newsletter.compose import compose
from newsletter.model import Digest, Evidence, EvidenceKind, Match, Section, Skip, SkipReason
from tests.factories import entry

ENTRIES = [entry(number) for number in range(20)]


def topic(match: Match) -> tuple[Evidence, ...]:
    return (Evidence(EvidenceKind.TOPIC, f"wish {match.interests[0]}"),)


def composed(matches, *, places=3, alike=lambda _one, _other: False, explain=topic, considered=20):
    return compose(matches, ENTRIES, alike, explain, places=places, wishes=9, considered=considered)


def ids(digest: Digest | Skip) -> list[int]:
    assert isinstance(digest, Digest)
    return [pick.entry_id for pick in digest.picks]


def test_nothing_new_and_nothing_that_matches_are_told_apart() -> None:
    assert composed([], considered=0) == Skip(SkipReason.NOTHING_NEW)
    assert composed([]) == Skip(SkipReason.NO_MATCH)


def test_the_best_come_first_and_the_rest_is_counted() -> None:
    digest = composed([Match(row, 1 - row / 10, (0,)) for row in range(8)])
    assert ids(digest) == [0, 1, 2]
    assert digest.left_out == 5
    assert digest.considered == 20


def test_every_interest_has_a_place_before_any_has_two() -> None:
    matches = [Match(row, 1 - row / 10, (0,)) for row in range(6)] + [Match(9, 0.1, (1,))]
    assert ids(composed(matches)) == [0, 1, 9]
    assert ids(composed(matches, places=1)) == [0]


def test_of_two_alike_only_the_better_stays() -> None:
    matches = [Match(0, 0.9, (0,)), Match(1, 0.8, (0,)), Match(2, 0.7, (0,))]
    digest = composed(matches, alike=lambda one, other: {one, other} == {0, 1})
    assert ids(digest) == [0, 2]


def test_a_followed_author_opens_a_section_of_its_own() -> None:
    def explain(match: Match) -> tuple[Evidence, ...]:
        kind = EvidenceKind.AUTHOR if match.row == 0 else EvidenceKind.TOPIC
        return (Evidence(kind, "x"),)

    digest = composed([Match(0, 0.9, (0,)), Match(1, 0.8, (1,))], explain=explain)
    assert isinstance(digest, Digest)
    assert [(p.entry_id, p.section) for p in digest.picks] == [
        (1, Section.FOR_YOU),
        (0, Section.FOLLOWED),
    ]


def test_only_what_is_chosen_is_explained() -> None:
    asked: list[int] = []

    def explain(match: Match) -> tuple[Evidence, ...]:
        asked.append(match.row)
        return topic(match)

    composed([Match(row, 1 - row / 10, (0,)) for row in range(10)], explain=explain)
    assert asked == [0, 1, 2]


@given(
    st.lists(
        st.tuples(st.integers(0, 19), st.floats(0.01, 1), st.integers(0, 3)),
        unique_by=lambda x: x[0],
    ),
    st.integers(1, 12),
)
def test_never_more_than_the_places_never_one_twice(found, places) -> None:
    matches = [
        Match(row, score, (wish,)) for row, score, wish in sorted(found, key=lambda x: -x[1])
    ]
    digest = composed(matches, places=places)
    if matches:
        chosen = ids(digest)
        assert len(chosen) == min(places, len(matches)) == len(set(chosen))
