"""What the entries of a day are made of: computed once, read for every subscriber."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from newsletter.match.space import SMALLEST_ARCHIVE, Space, fit_space
from newsletter.match.vocabulary import Floats, Vocabulary
from newsletter.match.words import name_key, tokens
from newsletter.model import Entry

_TWIN_COSINE = 0.9
_TWIN_BLOCK = 256


@dataclass(frozen=True)
class Day:
    """The entries that a run chooses from, in order of `first_seen_at`, with all that is matched on.

    `vectors`: (entries, terms) tf-idf; `latent`: (entries, dimensions). `vocabulary` is the space's,
    with the day's new words behind. `words`: title and abstract as tokens, with a gap between them.
    The three `by_` dicts lead from a word, a name and a category to the rows that hold it; `twins`
    from a row to those that tell nearly the same (versions of a talk, a paper posted twice).
    """

    entries: tuple[Entry, ...]
    space: Space
    vocabulary: Vocabulary
    vectors: sparse.csr_matrix
    latent: Floats
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


def day_features(
    entries: Sequence[Entry], archive: Iterable[str] = (), space: Space | None = None
) -> Day:
    """Compute a day's features. `space`: what the archive taught; without one, it is learned from
    the texts of `archive`, and from the day itself if they are few.
    """
    words = tuple(text_words(entry.title, entry.abstract) for entry in entries)
    if space is None:
        space = _small_space(words, [tokens(text) for text in archive])
    vocabulary = space.vocabulary.extended(words)
    vectors = vocabulary.vectors(words)
    return Day(
        entries=tuple(entries),
        space=space,
        vocabulary=vocabulary,
        vectors=vectors,
        latent=space.project(vectors),
        twins=_twins(vectors),
        words=words,
        by_word=_index(words),
        by_author=_index([name_key(name) for name in entry.authors] for entry in entries),
        by_category=_index(_with_archives(entry.categories) for entry in entries),
        popularity=np.array(
            [np.log1p(entry.votes + 2 * entry.comments) for entry in entries], dtype=np.float32
        ),
    )


def _small_space(words: Sequence[list[str]], archive: list[list[str]]) -> Space:
    """The archive's space; a fresh installation has no archive, so the day tells which terms are rare."""
    if len(archive) >= SMALLEST_ARCHIVE:
        return fit_space(archive)
    learned = fit_space([*words, *archive][: SMALLEST_ARCHIVE - 1])
    nothing = sparse.csr_matrix((0, len(learned.vocabulary.columns)), dtype=np.float32)
    return Space(learned.vocabulary, learned.basis, nothing, learned.latent[:0])


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
