"""Papers that were taken back, in the words of their authors; and papers about taking back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from newsletter.collect.text import fold
from newsletter.collect.withdrawals import is_withdrawn
from tests import inputs

WITHDRAWN = [
    "This paper has been withdrawn",
    "This papers has been withdrawn",
    "withdrawn by arXiv administrators due to plagiarism",
    "This paper has been withdrawn due to an error in Lemma 8",
    "Lemma 8 is wrong, paper withdrawn by the author",
    "Withdrawn",
    "This submission has been withdrawn by arXiv administrators due to text overlap",
    "Paper withdrawn by the author due to a crucial error in equation 5",
    "This manuscript is withdrawn",
    "This article has been retracted by the authors",
    "We withdraw this paper because of an error",
    "The authors have withdrawn this manuscript",
    "12 pages, 3 figures. This paper has been withdrawn by the author",
    "5 pages; paper withdrawn",
    "Paper withdrawn: Lemma 3 is wrong",
    "This paper has been temporarily withdrawn by the authors",
    "arXiv admin note: This version has been removed by arXiv administrators due to copyright",
    "I would like to withdraw this paper",
    "v2: withdrawn",
    "Withdrawn by the author; superseded by arXiv:2601.00001",
    "This arXiv submission has been withdrawn",
]
STANDING = [
    "12 pages; withdrawn from ICLR 2026 and resubmitted",
    "Withdrawn from NeurIPS 2025 after reviews",
    "This paper was withdrawn from the conference by its authors",
    "This paper has been withdrawn from submission to ACL and is under revision",
    "This paper replaces arXiv:1201.0001 which has been withdrawn",
    "Our previous submission 2201.00001 has been withdrawn",
    "The previous version was withdrawn; this is a complete rewrite",
    "This version corrects an error of the first version, which has been withdrawn",
    "Withdrawal of consent in data sets",
    "Withdrawn drugs data set: 14 pages",
    "Retracted papers in arXiv: a survey",
    "10 pages, supersedes withdrawn arXiv:1010.0001",
    "withdrawn-and-resubmitted to TMLR",
    "Section 5 of this paper has been removed",
    "In this version Theorem 4 has been removed",
    "v2: removed a wrong claim",
    "5 pages, removed one figure",
    "Accepted at ICML",
    "",
]


@pytest.mark.parametrize("comment", WITHDRAWN)
def test_a_comment_that_takes_the_paper_back(comment: str) -> None:
    assert is_withdrawn(comment, "A long abstract that says nothing of it.")


@pytest.mark.parametrize("comment", STANDING)
def test_a_comment_that_only_sounds_so(comment: str) -> None:
    assert not is_withdrawn(comment, "")


def test_the_abstract_decides_only_where_it_is_nothing_else() -> None:
    said = "This paper has been withdrawn by the authors."
    assert is_withdrawn(None, said)
    assert not is_withdrawn(None, f"{said} " + "A long text about something else follows. " * 20)
    drugs = "We study drugs that were withdrawn by their makers, and ask why this happened."
    assert not is_withdrawn(None, drugs)
    assert not is_withdrawn(None, "The treaty from which this state has withdrawn is old.")


RECORDED = inputs.files("sources/arxiv-abs-withdrawn") or [None]


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name if path else "none")
def test_recorded_withdrawals(path: Path | None) -> None:
    text = (path or inputs.require("inputs", "sources", "arxiv-abs-withdrawn")).read_text("utf-8")
    head, abstract = text.split("\\\\\n")[1:3]
    comment = re.search(r"^Comments: (.*?)(?=^\S|\Z)", head, re.MULTILINE | re.DOTALL)
    assert comment
    assert is_withdrawn(fold(comment[1]), fold(abstract))
    if "celebrated" not in abstract:  # one keeps its abstract
        assert is_withdrawn(None, fold(abstract))


def test_nothing_in_five_weeks_of_real_papers_is_taken_for_withdrawn() -> None:
    found = [r["id"] for r in inputs.stream() if is_withdrawn(r.get("comment") if isinstance(
        r.get("comment"), str) else None, fold(r["abstract"]))]  # fmt: skip
    assert found == []
