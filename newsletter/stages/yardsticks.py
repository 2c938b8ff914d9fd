"""Rankers that nobody is served by: what is simple, to see what the one that serves gains over it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from newsletter.match.evaluate import Asked, Score
from newsletter.match.features import text_words
from newsletter.match.vocabulary import Vocabulary
from newsletter.match.words import tokens
from newsletter.model import Entry
from subscribers.profile import Kind

_SAID = (Kind.TOPIC, Kind.PHRASE)
_WORDS_WEIGHT = 2.0  # the best of the weights that were tried for this ranker


def tfidf_ranker(archive: Sequence[Entry], libraries: Sequence[Sequence[Entry]]) -> Score:
    """Plain tf-idf: the cosine to the sum of the liked papers, the wishes' words being one more that
    counts double. No other readers' taste, no dislikes, no fading.
    """
    del libraries
    vocabulary = Vocabulary.fit(map(_words, archive), power=1.0, pair_weight=1.0)

    def score(pool: Sequence[Entry], asked: Sequence[Asked]) -> NDArray[np.float32]:
        papers = [_words(entry) for entry in pool]
        # As for the ranker that serves: a word of today can be asked for.
        known = vocabulary.extended(papers)
        profiles = sparse.vstack([_profile(known, one) for one in asked])
        # Nobody's order depends on the length of their own vector.
        return np.asarray((profiles @ known.vectors(papers).T).todense(), np.float32)

    return score


def _words(entry: Entry) -> list[str]:
    return text_words(entry.title, entry.abstract)


def _profile(vocabulary: Vocabulary, asked: Asked) -> sparse.csr_matrix:
    said = [wish.text for wish in asked.interests if wish.kind in _SAID and not wish.muted]
    words = tokens("\n".join((*asked.keywords, *said)))
    vectors = vocabulary.vectors([words, *map(_words, asked.likes)])
    weights = np.ones(vectors.shape[0], np.float32)
    weights[0] = _WORDS_WEIGHT
    return sparse.csr_matrix(weights[None] @ vectors)
