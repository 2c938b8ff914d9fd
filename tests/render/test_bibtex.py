"""BibTeX that another program reads back as it was meant, whatever a title holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import bibtexparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.render.bibtex import bibtex
from tests.factories import entry


def read(text: str) -> dict[str, Any]:
    """The one record of a text, by the fields' names."""
    library = bibtexparser.parse_string(text)
    assert not library.failed_blocks
    [record] = library.entries
    return {
        "label": record.key,
        **{name: field.value for name, field in record.fields_dict.items()},
    }


def test_a_paper_of_arxiv() -> None:
    paper = entry(
        7, title="On the Weaving of $n^2$ Threads & 50% of Looms", authors=("Émilie du Châtelet", "Ada King"),
        published_at=datetime(2026, 5, 30, tzinfo=UTC),
    )  # fmt: skip
    told = read(bibtex(paper, "https://papers.example/papers/arxiv:2606.00007"))
    assert told["label"] == "chatelet2026weaving"
    assert told["title"] == r"{On the Weaving of $n^2$ Threads \& 50\% of Looms}"
    assert told["author"] == "Émilie du Châtelet and Ada King"
    assert (told["year"], told["month"]) == ("2026", "may")
    assert (told["eprint"], told["archiveprefix" if "archiveprefix" in told else "archivePrefix"]) == (
        "2606.00007", "arXiv",
    )  # fmt: skip
    assert told["url"] == "https://arxiv.org/abs/2606.00007"


def test_a_paper_with_a_doi_and_no_address() -> None:
    paper = entry(key="doi:10.1000/x{1}", url="javascript:x", authors=("Sand and Sea Group",))
    told = read(bibtex(paper, "https://papers.example/papers/doi:10.1000/x1"))
    assert told["doi"] == "10.1000/x1"
    assert told["url"] == "https://papers.example/papers/doi:10.1000/x1"
    assert told["author"] == "{Sand and Sea Group}"


@pytest.mark.parametrize(
    "title", ["{", "}", "}{", "a {b} c", "\\", "$", "@misc{x,", "a\n}\n@misc{b,"]
)
def test_a_title_stays_inside_its_field(title: str) -> None:
    assert read(bibtex(entry(title=title), "https://x.example/"))["year"] == "2026"


@given(st.text(max_size=60), st.lists(st.text(max_size=20), max_size=3))
def test_whatever_a_title_holds_it_is_one_record(title: str, authors: list[str]) -> None:
    told = bibtex(entry(title=title, authors=tuple(authors)), "https://x.example/")
    body = told.partition("{")[2].rpartition("}")[0]
    depth = 0
    for character in body:
        depth += (character == "{") - (character == "}")
        assert depth >= 0
    assert depth == 0
