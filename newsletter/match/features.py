"""What the entries of a day are made of: computed once, read for every subscriber."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from newsletter.match.words import name_key, terms, tokens
from newsletter.model import Entry

Floats = NDArray[np.float32]

_TWIN_COSINE = 0.9
_TWIN_BLOCK = 256


class Vocabulary:
    """Terms and how telling each is: idf = ln((1 + n) / (1 + df)) + 1 over the texts it was fitted on."""

    def __init__(self, columns: dict[str, int], idf: Floats) -> None:
        self.columns = columns
        self.idf = idf

    @classmethod
    def fit(cls, documents: Iterable[Sequence[str]], limit: int = 200_000) -> Vocabulary:
        """Learn from token lists, keeping the `limit` most frequent terms (ties by the alphabet)."""
        frequency: Counter[str] = Counter()
        count = 0
        for words in documents:
            frequency.update(set(terms(list(words))))
            count += 1
        kept = sorted(frequency.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]
        idf = np.log((1 + count) / (1 + np.array([df for _, df in kept], dtype=np.float32))) + 1
        return cls({term: column for column, (term, _) in enumerate(kept)}, idf.astype(np.float32))

    def vectors(self, documents: Iterable[Sequence[str]]) -> sparse.csr_matrix:
        """Token lists -> sublinear tf-idf rows of length 1, shape (documents, terms)."""
        data: list[float] = []
        columns: list[int] = []
        starts = [0]
        for words in documents:
            counts = Counter(
                column
                for term in terms(list(words))
                if (column := self.columns.get(term)) is not None
            )
            columns.extend(counts)
            data.extend(counts.values())
            starts.append(len(columns))
        indices = np.array(columns, dtype=np.int32)
        values = (1 + np.log(np.array(data, dtype=np.float32))) * self.idf[indices]
        matrix = sparse.csr_matrix(
            (values, indices, np.array(starts)), shape=(len(starts) - 1, len(self.columns))
        )
        return unit_rows(matrix)


def unit_rows(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """The same rows with length 1; empty rows stay empty."""
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    norms[norms == 0] = 1
    return sparse.csr_matrix(sparse.diags((1 / norms).astype(np.float32)) @ matrix)


@dataclass(frozen=True)
class Day:
    """The entries that a run chooses from, in order of `first_seen_at`, with all that is matched on.

    `vectors`: (entries, terms) tf-idf. `words`: title and abstract as tokens, with a gap between them.
    The three `by_` dicts lead from a word, a name and a category to the rows that hold it; `twins`
    from a row to those that tell nearly the same (versions of a talk, a paper posted twice).
    """

    entries: tuple[Entry, ...]
    vocabulary: Vocabulary
    vectors: sparse.csr_matrix
    words: tuple[list[str], ...]
    by_word: dict[str, list[int]]
    by_author: dict[str, list[int]]
    by_category: dict[str, list[int]]
    popularity: Floats
    twins: dict[int, frozenset[int]]

    def alike(self, one: int, other: int) -> bool:
        """Whether two rows tell nearly the same."""
        return other in self.twins.get(one, ())


def text_words(title: str, abstract: str) -> list[str]:
    """Title and abstract as one token list; the empty token between them keeps phrases apart."""
    return [*tokens(title), "", *tokens(abstract)]


def day_features(entries: Sequence[Entry], archive: Iterable[str] = ()) -> Day:
    """Compute a day's features. `archive`: further texts that say how common each term is."""
    words = tuple(text_words(entry.title, entry.abstract) for entry in entries)
    vocabulary = Vocabulary.fit([*words, *(tokens(text) for text in archive)])
    vectors = vocabulary.vectors(words)
    return Day(
        entries=tuple(entries),
        vocabulary=vocabulary,
        vectors=vectors,
        twins=_twins(vectors),
        words=words,
        by_word=_index(words),
        by_author=_index([name_key(name) for name in entry.authors] for entry in entries),
        by_category=_index(_with_archives(entry.categories) for entry in entries),
        popularity=np.array(
            [np.log1p(entry.votes + 2 * entry.comments) for entry in entries], dtype=np.float32
        ),
    )


def _twins(vectors: sparse.csr_matrix) -> dict[int, frozenset[int]]:
    """Rows with a cosine above the bound; in blocks, for the whole product would be large."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for start in range(0, vectors.shape[0], _TWIN_BLOCK):
        likeness = (vectors[start : start + _TWIN_BLOCK] @ vectors.T).tocoo()
        close = likeness.data > _TWIN_COSINE
        pairs = zip(likeness.row[close] + start, likeness.col[close], strict=True)
        for one, other in pairs:
            if one != other:
                found[int(one)].add(int(other))
    return {row: frozenset(others) for row, others in found.items()}


def _with_archives(categories: Sequence[str]) -> list[str]:
    """`cs.CL` is found by `cs.cl` and, for whoever follows a whole archive, by `cs`."""
    lower = [category.lower() for category in categories]
    return [*lower, *{category.partition(".")[0] for category in lower}]


def _index(rows: Iterable[Iterable[str]]) -> dict[str, list[int]]:
    index: defaultdict[str, list[int]] = defaultdict(list)
    for row, keys in enumerate(rows):
        for key in sorted(set(keys)):
            if key:
                index[key].append(row)
    return dict(index)
