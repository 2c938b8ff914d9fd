"""Where sentences end: cases of every kind, and what holds for any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.summarise.openings import is_dangling, without_opening
from newsletter.summarise.sentences import sentences

WHOLE = [
    "We beat Doe et al. (2026) by 3.5 points.",
    "Tools, e.g. Lean, and proofs, i.e. Terms, are learned jointly.",
    "See Fig. 2 and Eqs. 3 and 4 for the bound.",
    "As J. R. Smith and Dr. Jones noted, it holds w.r.t. Any norm.",
    "Let $f(x) = x. Then$ the map be smooth.",
    "The loss (see the appendix. It is long) is convex.",
    "Version 2.0.1 of example.org/a.html runs.",
    "It costs approx. 30 hours vs. Our 3.",
    "We act in two steps: 1. Draft a plan.",
    "The bound is ... loose here.",
]
SEVERAL = [
    ("We map. It works! Does it? Yes.", ["We map.", "It works!", "Does it?", "Yes."]),
    ("Maps, plans, etc. We show both.", ["Maps, plans, etc.", "We show both."]),
    ("The answer is no. We explain why.", ["The answer is no.", "We explain why."]),
    ('They say "stop." We go on.', ['They say "stop."', "We go on."]),
    ("It is slow. vLLM is not.", ["It is slow.", "vLLM is not."]),
    ("It needs vitamin C. The rest is known.", ["It needs vitamin C.", "The rest is known."]),
    ("Gains reach 12.5%. $k$-means gains most.", ["Gains reach 12.5%.", "$k$-means gains most."]),
    ("小模型也能推理。我们证明它!结果很好。", ["小模型也能推理。", "我们证明它!结果很好。"]),
    ("模型很小。「很快。」它能跑。", ["模型很小。", "「很快。」", "它能跑。"]),
    ("As in Doe et al. We extend it.", ["As in Doe et al.", "We extend it."]),
]  # fmt: skip


@pytest.mark.parametrize("text", WHOLE)
def test_what_is_one_sentence_stays_one(text):
    assert sentences(text) == [text]


@pytest.mark.parametrize(("text", "parts"), SEVERAL)
def test_sentences_end_where_they_end(text, parts):
    assert sentences(text) == parts


@given(st.text() | st.text(alphabet="aB1 .!?($。”\n:"))
def test_nothing_but_white_space_is_lost(text):
    parts = sentences(text)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(part and part == part.strip() for part in parts)


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ("However, we find none.", "We find none."),
        ("In addition, vLLM gains.", "vLLM gains."),
        ("In this paper, we propose maps.", "We propose maps."),
        ("In this work we propose maps.", "We propose maps."),
        ("To address these challenges, we draw maps.", "We draw maps."),
        ("Therefore, in this paper, we act.", "We act."),
        ("Results: It works.", "It works."),
        ("In this paper lies the answer.", "In this paper lies the answer."),
        ("However hard we try, it fails.", "However hard we try, it fails."),
        ("First, ", "First, "),
        ("Maps help.", "Maps help."),
    ],
)
def test_an_opening_that_only_joins_is_dropped(given, left):
    assert without_opening(given) == left


@given(st.text())
def test_what_is_left_is_the_end_of_the_sentence(text):
    left = without_opening(text)
    assert text.lower().endswith(left.lower()) or text.endswith(left[1:])


def test_what_points_back_dangles():
    assert is_dangling("These results hold.")
    assert is_dangling("It works.")
    assert not is_dangling("This paper shows a map.")
    assert not is_dangling("Theseus is a robot.")
