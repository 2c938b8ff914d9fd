"""What every encoder promises: the one that the other tests use, and the real MiniLM."""

from __future__ import annotations

import numpy as np
import pytest

from newsletter.encode.port import Encoder
from newsletter.encode.sentences import SentenceEncoder
from tests import inputs
from tests.encoders import WordBags

ABSTRACT = (
    "KV cache eviction\nServing language models is bound by the memory of attention keys and "
    "values. We evict those that later tokens will hardly attend to. "
)
TEXTS = [ABSTRACT, "Protein folding", "", "大语言模型的键值缓存压缩", ABSTRACT * 500, "a", "?!"]


@pytest.fixture(scope="module")
def minilm() -> Encoder:
    return SentenceEncoder(str(inputs.minilm()))


@pytest.fixture(params=["word bags", "minilm"])
def encoder(request: pytest.FixtureRequest) -> Encoder:
    if request.param == "word bags":
        return WordBags()
    found: Encoder = request.getfixturevalue("minilm")
    return found


def test_rows_are_as_many_as_the_texts_and_of_length_one(encoder: Encoder) -> None:
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.dims)
    assert vectors.dtype == np.float32
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-5


def test_a_text_has_one_vector_whatever_it_is_encoded_with(encoder: Encoder) -> None:
    together = encoder.encode(TEXTS)
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    assert (together * alone).sum(axis=1).min() > 0.999
    assert np.array_equal(encoder.encode(TEXTS), together)


def test_different_texts_have_different_vectors(encoder: Encoder) -> None:
    vectors = encoder.encode(["大语言模型", "蛋白质折叠", "Protein folding", "Auctions", ""])
    likeness = vectors @ vectors.T - np.eye(len(vectors))
    assert likeness.max() < 0.95


def test_no_texts_are_no_rows(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.dims)


def test_a_thousand_texts_come_back_in_their_order(encoder: Encoder) -> None:
    texts = [f"{number} {'papers ' * (number % 7)}" for number in range(1000)]
    vectors = encoder.encode(texts)
    assert vectors.shape == (1000, encoder.dims)
    some = [0, 1, 499, 998, 999]
    again = encoder.encode([texts[number] for number in some])
    assert (vectors[some] * again).sum(axis=1).min() > 0.999


def test_the_name_fits_its_column_and_stays(encoder: Encoder) -> None:
    assert 0 < len(encoder.name) <= 120
    assert encoder.name == encoder.name.strip()


def test_meaning_counts_and_not_words(minilm: Encoder) -> None:
    evict, compress, folding = minilm.encode(
        [
            "KV cache eviction",
            "memory compression of attention keys and values",
            "protein folding",
        ]
    )
    assert evict @ compress > evict @ folding + 0.1
