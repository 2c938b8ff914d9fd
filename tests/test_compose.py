"""From matches to a digest."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from newsletter.compose import add_trending, compose, compose_with_missed, trending_places
from newsletter.model import Digest, Evidence, EvidenceKind, Match, Pick, Section, Skip, SkipReason
from tests.factories import entry

ENTRIES = [entry(number) for number in range(20)]


def topic(match: Match) -> tuple[Evidence, ...]:
    return (Evidence(EvidenceKind.TOPIC, f"wish {match.interests[0]}"),)


def composed(matches, *, places=3, twins=range(99), explain=topic, considered=20):
    return compose(matches, ENTRIES, twins, explain, places=places, wishes=9, considered=considered)


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
    digest = composed(matches, twins=[0, 0, *range(2, 99)])
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


def missed(matches, *, places, missed, considered=20):
    return compose_with_missed(
        matches,
        ENTRIES,
        range(99),
        topic,
        places=places,
        wishes=9,
        considered=considered,
        missed=missed,
    )


def test_what_was_missed_shares_the_places_and_has_its_own_section() -> None:
    old = [Match(row, 1 - row / 100, (0,)) for row in range(10)]
    new = [Match(row, 0.5 - row / 100, (0,)) for row in range(10, 20)]
    digest = missed([*old, *new], places=6, missed=10)
    assert isinstance(digest, Digest)
    assert [(p.entry_id, p.section) for p in digest.picks] == [
        *((row, Section.FOR_YOU) for row in (10, 11, 12)),
        *((row, Section.AWAY) for row in (0, 1, 2)),
    ]
    assert digest.left_out == 14
    assert ids(missed([*old, *new[:1]], places=6, missed=10)) == [10, 0, 1, 2, 3, 4]
    assert ids(missed([*old[:1], *new], places=6, missed=10)) == [10, 11, 12, 13, 14, 0]
    assert ids(missed(old, places=6, missed=10)) == [0, 1, 2, 3, 4, 5]
    assert ids(missed([*old, *new], places=1, missed=10)) == [10]
    assert missed([*old, *new], places=6, missed=0) == composed([*old, *new], places=6)


@given(st.integers(1, 20), st.integers(0, 20), st.sets(st.integers(0, 19), min_size=1))
def test_whatever_was_missed_the_places_are_kept(places: int, split: int, rows: set[int]) -> None:
    matches = [Match(row, 1 - row / 100, (row % 3,)) for row in sorted(rows)]
    digest = missed(matches, places=places, missed=split)
    found = ids(digest)
    assert len(found) == len(set(found)) == min(places, len(rows))
    assert isinstance(digest, Digest)
    assert digest.left_out == len(rows) - len(found)


def hot(*entry_ids: int) -> list[Pick]:
    return [Pick(id_, Section.TRENDING, 9.0, ()) for id_ in entry_ids]


def test_trending_takes_free_places_and_then_those_of_the_least() -> None:
    digest = composed([Match(row, 1 - row / 10, (row % 2,)) for row in range(5)], places=5)
    assert isinstance(digest, Digest)
    assert ids(add_trending(digest, hot(8, 9), 7)) == [0, 1, 2, 3, 4, 8, 9]
    full = add_trending(digest, hot(8, 9), 5)
    assert ids(full) == [0, 1, 2, 8, 9]
    assert full.left_out == digest.left_out + 2
    assert ids(add_trending(digest, [], 5)) == ids(digest)


def test_trending_never_displaces_the_last_paper_of_a_wish() -> None:
    digest = composed([Match(row, 1 - row / 10, (row,)) for row in range(3)])
    assert isinstance(digest, Digest)
    assert add_trending(digest, hot(8), 3) == digest


def test_one_to_explore_that_is_trending_is_not_there_twice() -> None:
    digest = Digest((Pick(8, Section.EXPLORE, 0.0, ()),), 20)
    found = add_trending(digest, hot(8), 5)
    assert [(p.entry_id, p.section) for p in found.picks] == [(8, Section.TRENDING)]


def test_few_places_go_to_what_is_trending() -> None:
    assert [trending_places(n, weekly=False) for n in (1, 4, 5, 10, 40)] == [0, 0, 1, 2, 3]
    assert [trending_places(n, weekly=True) for n in (1, 3, 10, 40)] == [0, 1, 3, 5]
