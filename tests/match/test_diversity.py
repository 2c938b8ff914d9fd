"""Variety among what is good, and the one paper to explore."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.match.diversity import diversified
from newsletter.match.explore import curiosity
from newsletter.match.features import day_features
from newsletter.match.readers import Reader
from newsletter.match.topk import BARRED, Top
from subscribers.profile import parse_profile
from tests.factories import entry
from tests.match.ranking import found_for, matched

# Three near copies of each of four subjects, and one that nobody asked for.
SUBJECTS = (
    "speculative decoding drafts tokens for a large language model to verify",
    "pruning removes weights of a language model that matter little",
    "watermarks hide a mark in the tokens of a language model",
    "retrieval feeds a language model passages from a large corpus",
)
ENTRIES = [
    entry(3 * at + n + 1, f"On {subject.split()[0]}, part {n}", f"{subject} in setting {n}.")
    for at, subject in enumerate(SUBJECTS)
    for n in range(3)
]
ENTRIES.append(entry(13, "Tides of the North Sea", "Gauges measure the tides.", votes=90))
DAY = day_features(ENTRIES)


def likeness_of_first(top: Top, count: int) -> float:
    first = DAY.features[top.columns[0, :count]]
    alike = first.likeness(first)
    return float(alike[~np.eye(count, dtype=bool)].mean())


def test_the_first_papers_are_less_alike_and_the_best_stays_first() -> None:
    scores = np.array([[5 - 0.1 * at for at in range(12)]], np.float32)
    top = Top(np.arange(12, dtype=np.int32)[None], scores)
    varied = diversified(DAY, top)
    assert varied.columns[0, 0] == 0
    assert likeness_of_first(varied, 4) < 0.6 * likeness_of_first(top, 4)
    most = diversified(DAY, top, 0.6)
    assert {row // 3 for row in most.columns[0, :4].tolist()} == {0, 1, 2, 3}
    np.testing.assert_array_equal(diversified(DAY, top, 0).columns, top.columns)


@given(st.integers(0, 2**31), st.integers(1, 200), st.integers(1, 13))
@settings(max_examples=40, deadline=None)
def test_nothing_is_lost_or_doubled_and_blocks_do_not_matter(seed, readers, k) -> None:
    random = np.random.default_rng(seed)
    columns = np.array([random.permutation(13)[:k] for _ in range(readers)], np.int32)
    scores = -np.sort(-random.random((readers, k)).astype(np.float32) * 9, axis=1)
    missing = np.arange(k) >= random.integers(0, k + 1, readers)[:, None]
    columns[missing], scores[missing] = -1, BARRED
    varied = diversified(DAY, Top(columns, scores))
    for row in range(readers):
        before = dict(zip(columns[row].tolist(), scores[row].tolist(), strict=True))
        after = dict(zip(varied.columns[row].tolist(), varied.scores[row].tolist(), strict=True))
        assert before == after
        alone = diversified(DAY, Top(columns[row : row + 1], scores[row : row + 1]))
        np.testing.assert_array_equal(alone.columns[0], varied.columns[row])


def test_what_is_central_or_talked_about_teaches_most() -> None:
    found = curiosity(DAY)
    assert found.shape == (13,)
    # The tides are like nothing else, and much talked about.
    assert found[12] == pytest.approx(1)
    assert found[:12].max() == pytest.approx(1)
    assert curiosity(day_features([])).shape == (0,)


@pytest.mark.parametrize("wishes", ["pruning weights", "watermarks, tokens"])
def test_what_is_explored_is_not_matched_not_muted_not_seen(wishes: str) -> None:
    reader = Reader(parse_profile(wishes).interests)
    (found,) = found_for(DAY, [reader])
    assert found.explore is not None
    assert found.explore.row not in [match.row for match in found.matches]
    shown = found.explore.row
    seen = Reader(reader.interests, seen_rows=(shown,))
    later = Reader(reader.interests, first_row=shown + 1)
    title = ENTRIES[shown].title.split(",")[0].split()[-1]
    muted = Reader((*reader.interests, *parse_profile(f"-{title}").interests))
    for other in (seen, later, muted):
        (again,) = found_for(DAY, [other])
        assert again.explore is None or again.explore.row != shown


def test_who_asked_for_nothing_is_offered_nothing_to_explore() -> None:
    (found,) = found_for(DAY, [Reader(())])
    assert found.explore is None


def test_ten_thousand_papers_of_three_kinds() -> None:
    many = [entry(n, "On models", SUBJECTS[n % 3]) for n in range(10_000)]
    day = day_features(many)
    (found,) = matched(day, [Reader(parse_profile("pruning weights").interests)], 30)
    assert [match.row for match in found] == [1]  # its copies take no places
    assert len(set(day.twins)) <= 3
