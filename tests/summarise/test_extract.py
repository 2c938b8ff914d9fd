"""Extracts of real abstracts and of any text: short, verbatim, the same each time, what is new first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.rouge import rouge
from newsletter.collect.latex import readable
from newsletter.collect.text import fold
from newsletter.summarise import traits
from newsletter.summarise.extract import LIMIT, NAMES, tldr
from newsletter.summarise.sentences import sentences
from tests import inputs

ABSTRACT = (
    "Long contexts are costly. Existing caches, e.g. Paged ones, lack a plan. To address this, we "
    "propose Foldmap, a cache that folds old keys into one map. Folding needs no training. "
    "Experiments on four tasks show that Foldmap outperforms eviction by 7.5 points. Code is available "
    "at https://example.org/foldmap."
)


def test_what_is_new_and_what_was_found():
    assert tldr("Foldmap: Folding Caches", ABSTRACT) == (
        "We propose Foldmap, a cache that folds old keys into one map. Experiments on four tasks "
        "show that Foldmap outperforms eviction by 7.5 points."
    )


def test_less_room_keeps_the_one_that_says_most_and_cuts_it_only_at_last():
    title = "Foldmap: Folding Caches"
    assert tldr(title, ABSTRACT, 100).startswith("We propose Foldmap, ")
    assert tldr(title, ABSTRACT, 24) == "We propose Foldmap, a…"


def test_a_sentence_that_points_back_comes_only_behind_the_one_it_points_at():
    # What is best by far dangles: it may not stand alone or behind another.
    text = (
        "We propose maps of caches. Rain fell on the town all day. This makes maps of caches fast."
    )
    assert "This" not in tldr("Maps of caches", text)
    text = (
        "We propose maps of caches. This makes maps of caches fast. Rain fell on the town all day."
    )
    assert (
        tldr("Maps of caches", text) == "We propose maps of caches. This makes maps of caches fast."
    )


def test_where_there_is_little_there_is_little():
    assert tldr("A title", "") == ""
    assert tldr("A title", "   ") == ""
    assert tldr("", "What now?") == "What now?"
    assert tldr("小", "小模型也能推理。它很快。") in {
        "小模型也能推理。",
        "小模型也能推理。它很快。",
    }


def test_weights_belong_to_the_traits():
    assert NAMES[: len(traits.NAMES)] == traits.NAMES


def _abstracts():
    for number, record in enumerate(inputs.stream()):
        if number % 6 == 0:
            yield readable(fold(record["title"])), readable(fold(record["abstract"]))


@pytest.mark.parametrize("limit", [LIMIT, 120])
def test_real_abstracts(limit):
    for title, abstract in _abstracts():
        found = tldr(title, abstract, limit)
        assert found
        assert len(found) <= limit
        assert found == tldr(title, abstract, limit)
        parts = sentences(found)
        assert len(parts) <= 2
        for part in parts:
            assert part.removesuffix("…")[1:] in abstract, (part, abstract)


@given(st.text(), st.text() | st.text(alphabet="aB1 .?$(…,\n"), st.integers(20, 400))
def test_any_text(title, abstract, limit):
    found = tldr(title, abstract, limit)
    assert len(found) <= limit
    assert bool(found) == bool(abstract.strip())


@pytest.mark.parametrize(
    "text", ["1" * 20_000, "code " * 4000, "(" * 20_000, "$a" * 9000, "A. " * 9000, "we " * 9000]
)
def test_hostile_text_takes_no_longer(text):
    assert len(tldr(text, text)) <= LIMIT


def test_rouge_by_hand():
    found = rouge("The cat sat.", "the cat ran, the end")
    assert found["rouge1"] == pytest.approx(2 * 2 / (3 + 5))
    assert found["rouge2"] == pytest.approx(2 * 1 / (2 + 4))
    assert found["rougeL"] == pytest.approx(2 * 2 / (3 + 5))
    assert rouge("c b a", "a b c")["rougeL"] == pytest.approx(2 * 1 / 6)
    assert rouge("", "a") == {"rouge1": 0.0, "rouge2": 0.0, "rougeL": 0.0}
