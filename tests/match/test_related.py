"""Papers that are like a paper: the nearest, the same again, and why."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from newsletter.match.features import text_words
from newsletter.match.related import Neighbours, Shared, is_same, shared
from newsletter.match.space import unit_dense
from newsletter.match.vocabulary import Vocabulary
from tests.factories import entry

DIMENSIONS = 80


def rows(count: int, dimensions: int, seed: int) -> np.ndarray:
    drawn = np.random.default_rng(seed).standard_normal((count, dimensions)).astype(np.float32)
    return unit_dense(drawn).astype(np.float16)


def papers(count: int, semantic: int = 0) -> Neighbours:
    return Neighbours.of(
        np.arange(1, count + 1), rows(count, DIMENSIONS, 1), rows(count, semantic, 2)
    )


def test_the_nearest_are_those_of_a_full_comparison_where_all_are_compared() -> None:
    among = papers(300)
    wanted = among.latent[7].astype(np.float32)
    scores = among.latent.astype(np.float32) @ wanted
    expected = (np.argsort(-scores, kind="stable")[:10] + 1).tolist()
    assert [id_ for id_, _ in among.nearest(wanted, np.zeros(0, np.float32), 10)] == expected
    assert expected[0] == 8


def test_of_many_the_nearest_is_not_lost() -> None:
    among = papers(3000)
    for row in range(0, 3000, 300):
        near = (among.latent[row].astype(np.float32) + 0.05).astype(np.float32)
        assert among.nearest(near, np.zeros(0, np.float32), 1)[0][0] == row + 1


def test_meaning_counts_where_both_papers_are_encoded() -> None:
    latent, semantic = rows(4, DIMENSIONS, 3), rows(4, 16, 4)
    latent[1:] = latent[0]
    semantic[1], semantic[3] = semantic[0], 0
    among = Neighbours.of(np.arange(4), latent, semantic)
    found = dict(among.nearest(latent[0].astype(np.float32), semantic[0].astype(np.float32), 4))
    assert found[1] > 0.99  # the same in both
    assert found[3] > 0.99  # not encoded: what is known of it decides
    assert found[2] < 0.8


@given(st.lists(st.integers(1, 60), min_size=2, max_size=40, unique=True), st.integers(1, 38))
def test_papers_may_come_in_any_order(ids: list[int], cut: int) -> None:
    every = papers(60)
    cut = min(cut, len(ids) - 1)
    parts = [np.array(sorted(part)) for part in (ids[:cut], ids[cut:])]
    nothing = np.zeros((60, 0), np.float16)
    first, more = ((part, every.latent[part - 1], nothing[part - 1]) for part in parts)
    among = Neighbours.of(*first).with_more(*more)
    assert among.ids.tolist() == sorted(ids)
    for id_ in ids:
        [row] = among.rows([id_])
        assert np.array_equal(among.latent[row], every.latent[id_ - 1])
    assert among.rows([999]).tolist() == [-1]
    assert among.about(every.latent[0].astype(np.float32), [999]).tolist() == [0.0]


def test_versions_of_a_paper_are_the_same_and_neighbours_are_not() -> None:
    text = "We study how gears of an engine turn and what it may compute of numbers."
    one = entry(1, "The analytical engine", text)
    assert is_same(one, entry(2, "The Analytical Engine!", "Another abstract."), 0.95)
    assert is_same(one, entry(2, "The engine, revisited", f"{text} Slightly longer."), 0.95)
    assert not is_same(
        one, entry(2, "The difference engine", "It subtracts with other wheels."), 0.95
    )
    assert not is_same(one, one, 0.5)


TEXTS = [f"Engines of kind {n} turn gears with speculative decoding of kv caches" for n in range(5)]
KNOWN = Vocabulary.fit([text_words(text, "") for text in TEXTS])


def test_why_names_authors_and_what_both_speak_of_as_it_is_written() -> None:
    one = entry(
        1, "KV caches", "Speculative decoding turns gears.", authors=("Ada Lovelace", "B C")
    )
    other = entry(2, "Gears", "With Speculative Decoding of KV caches.", authors=("Lovelace, Ada",))
    why = shared(one, other, KNOWN)
    assert why.authors == ("Lovelace, Ada",)
    assert set(why.phrases) == {"KV caches", "speculative decoding", "gears"}
    assert why.line().startswith("Also by Lovelace, Ada; both speak of “")


def test_there_is_always_a_line() -> None:
    assert shared(entry(1, "", ""), entry(2, "", "", authors=()), KNOWN) == Shared()
    assert Shared().line() == "About the same things in other words"
    assert Shared(phrases=("a", "b")).line() == "Both speak of “a” and “b”"
