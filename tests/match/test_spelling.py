"""Misspelt names: how far they are, and that their halves lead to the right word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.match.spelling import distance, edits_allowed, halves


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [
        ("hinton", "hinton", 0),
        ("hintn", "hinton", 1),
        ("hitnon", "hinton", 1),
        ("hintom", "hinton", 1),
        ("schmidhubr", "schmidhuber", 1),
        ("smidhuber", "schmidhuber", 2),
        ("bengio", "hinton", 3),
    ],
)
def test_slips_between_words(one: str, other: str, slips: int) -> None:
    assert distance(one, other, 2) == slips
    assert distance(other, one, 2) == slips


def test_short_words_must_be_right() -> None:
    assert [edits_allowed(word) for word in ("li", "wei", "zhang", "schmidhuber")] == [0, 0, 1, 2]


WORD = st.text("abcdé", min_size=4, max_size=12)


@given(WORD, st.integers(0, 11), st.sampled_from(["drop", "add", "change", "swap"]))
def test_one_slip_leaves_the_beginning_or_the_end(word: str, at: int, slip: str) -> None:
    at %= len(word) - 1
    typed = {
        "drop": word[:at] + word[at + 1 :],
        "add": f"{word[:at]}x{word[at:]}",
        "change": f"{word[:at]}x{word[at + 1 :]}",
        "swap": word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    }[slip]
    first, last = halves(typed)
    assert distance(typed, word, 1) <= 1
    assert word.startswith(first) or word.endswith(last)
