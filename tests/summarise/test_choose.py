"""Which TL;DR is shown, and how it is shortened."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import Summary, SummaryKind
from newsletter.render.wording import summary_credit
from newsletter.summarise.choose import shortened, summary_of
from newsletter.summarise.extract import LIMIT, tldr
from tests.chat import ABSTRACT, GOOD, TITLE
from tests.factories import entry

PAPER = entry(title=TITLE, abstract=ABSTRACT)


def test_a_models_comes_first_then_the_sources_then_an_extract():
    extract = Summary(tldr(TITLE, ABSTRACT), SummaryKind.EXTRACT)
    assert summary_of(PAPER, 420) == extract
    assert summary_of(replace(PAPER, tldr=" "), 420) == extract
    told = replace(PAPER, tldr="It folds.")
    assert summary_of(told, 420) == Summary("It folds.", SummaryKind.SOURCE)
    written = Summary(GOOD["tldr"], SummaryKind.MODEL, "a-model")
    assert summary_of(replace(told, written=written), 420) == written


def test_readers_are_told_whose_words_they_are():
    labels = [
        summary_credit(Summary("", kind, "a\nmodel " + "x" * 90))
        for kind in (SummaryKind.MODEL, SummaryKind.SOURCE, SummaryKind.EXTRACT)
    ]
    assert labels[0].startswith("TL;DR by a model xxx")
    assert len(labels[0]) <= 50
    assert labels[1:] == ["TL;DR from the source", "From the abstract"]


def test_what_is_too_long_ends_with_a_sentence_and_an_ellipsis():
    text = "We show this, e.g. on maps. It works. It is fast. Nobody knew."
    assert shortened(text, 420) == text
    assert shortened(text, 55) == "We show this, e.g. on maps. It works. It is fast.\u00a0…"
    assert shortened("One long sentence " * 40, 100).endswith("One long…")


@given(st.text(max_size=400), st.text(max_size=400), st.integers(20, 500))
def test_it_fits(given, abstract, limit):
    for paper in (
        replace(PAPER, abstract=abstract),
        replace(PAPER, tldr=given),
        replace(PAPER, written=Summary(given, SummaryKind.MODEL)),
    ):
        found = summary_of(paper, limit)
        assert len(found.text) <= limit
        assert found.kind is not SummaryKind.EXTRACT or len(found.text) <= LIMIT
