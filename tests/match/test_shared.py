"""What voted papers share, told so that a reader knows it again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from newsletter.match.shared import Titled, groups


def papers(*titles: str, authors: tuple[str, ...] = ()) -> list[Titled]:
    return [Titled(str(at), title, authors) for at, title in enumerate(titles)]


def common(phrase: str) -> float:
    """Single everyday words are in much, all else in little."""
    return {"model": 0.4, "models": 0.4, "language": 0.2, "learning": 0.3}.get(
        phrase.lower(), 0.004
    )


def told(found) -> list[tuple[str, int]]:
    return [(group.name, len(group.keys)) for group in found]


def test_the_words_of_most_papers_name_them() -> None:
    voted = papers(
        "KV Cache Compression for Long Contexts",
        "Evicting from the KV-Cache",
        "A Small KV Cache Is Enough",
        "Language Models That Forget",
        "Learning to Plan with Language Models",
    )
    assert told(groups(voted, common)) == [("KV cache", 3), ("language models", 2)]


def test_words_that_nearly_all_papers_have_name_nothing() -> None:
    assert groups(papers("A Model of Fish", "Another Model"), common) == []
    assert groups(papers("On Fish", "Of the Sea"), common) == []


def test_where_nothing_is_known_of_other_papers_phrases_count() -> None:
    found = groups(papers("Graph Neural Networks", "Deep Graph Neural Networks"), lambda _: None)
    assert told(found) == [("graph neural networks", 2)]


def test_an_author_groups_what_no_words_do() -> None:
    voted = papers("On Fish", "Of the Sea", authors=("Ada Lovelace",))
    (group,) = groups(voted, common)
    assert (group.name, group.is_author, len(group.keys)) == ("Ada Lovelace", True, 2)


@given(
    st.lists(
        st.lists(
            st.sampled_from(["alpha", "beta", "of", "KV", "LoRA", "GPT4", "δ", "models"]),
            max_size=6,
        ),
        max_size=8,
    )
)
def test_each_paper_is_in_one_group_at_most(titles: list[list[str]]) -> None:
    voted = [Titled(str(at), " ".join(words)) for at, words in enumerate(titles)]
    found = groups(voted, common)
    keys = [key for group in found for key in group.keys]
    assert len(keys) == len(set(keys))
    assert all(len(group.keys) > 1 and group.name for group in found)
    assert set(keys) <= {paper.key for paper in voted}
