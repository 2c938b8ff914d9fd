"""What the entries of a day are made of: computed once, read for every subscriber."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from newsletter.match.names import organisation_key
from newsletter.match.space import SMALLEST_ARCHIVE, Features, Space, fit_space, narrow
from newsletter.match.texts import Texts
from newsletter.match.vocabulary import Floats, Vocabulary, unit_rows
from newsletter.match.words import name_key, tokens
from newsletter.model import Entry

_TWIN_COSINE = 0.9
_TWIN_BLOCK = 256
# The likeness of so many entries to each other is kept: 64 MB at most.
_COMPARED_AT_ONCE = 4096


@dataclass(frozen=True)
class Day:
    """The entries that a run chooses from, in order of `first_seen_at`, with all that is matched on.

    `features`: the entries as profiles are compared with them. `vectors`: (entries, terms) unit tf-idf
    rows in `vocabulary`, which is the space's with the day's new words behind. `words`: title and
    abstract as tokens, with a gap between them.
    The `by_` dicts lead from a word, a name, an organisation and a category to the rows that hold it.
    Entries of the same number in `twins` tell nearly the same (versions of a talk, a paper posted twice).
    """

    entries: tuple[Entry, ...]
    space: Space
    vocabulary: Vocabulary
    features: Features
    vectors: sparse.csr_matrix
    words: tuple[list[str], ...]
    by_word: dict[str, list[int]]
    by_author: dict[str, list[int]]
    by_organisation: dict[str, list[int]]
    by_category: dict[str, list[int]]
    popularity: Floats
    twins: tuple[int, ...]

    @cached_property
    def usual_popularity(self) -> float:
        """The median popularity of what is talked about at all; infinite where nothing is."""
        talked_about = self.popularity[self.popularity > 0]
        return float(np.median(talked_about)) if len(talked_about) else np.inf

    @cached_property
    def texts(self) -> Texts:
        """Reads what readers wish and like in the day's vocabulary."""
        return Texts(self.vocabulary)

    def compared(self, rows: NDArray[np.integer]) -> tuple[Floats, NDArray[np.integer]]:
        """How like entries are to each other, and where in that matrix each of `rows`, an array of any
        shape, stands. On a day of usual size all of them are compared, once.
        """
        if len(self.entries) <= _COMPARED_AT_ONCE:
            return self._likeness, rows
        distinct, places = np.unique(rows, return_inverse=True)
        here = self.features[distinct]
        return here.likeness(here), places.reshape(rows.shape)

    @cached_property
    def _likeness(self) -> Floats:
        return self.features.likeness(self.features)


def text_words(title: str, abstract: str) -> list[str]:
    """Title and abstract as one token list; the empty token between them keeps phrases apart."""
    return [*tokens(title), "", *tokens(abstract)]


def day_features(
    entries: Sequence[Entry],
    archive: Iterable[str] = (),
    space: Space | None = None,
    semantic: Floats | None = None,
) -> Day:
    """Compute a day's features. `space`: what the archive taught; without one, it is learned from
    the texts of `archive`, and from the day itself if they are few. `semantic`: the encoder's vectors
    of the entries, (entries, dimensions), where the space knows an encoder.
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
        features=space.features(known_terms(space, vectors), semantic),
        vectors=vectors,
        twins=_twins(vectors),
        words=words,
        by_word=_index(words),
        by_author=_index([name_key(name) for name in entry.authors] for entry in entries),
        by_organisation=_index(
            [organisation_key(entry.organisation)] if entry.organisation else []
            for entry in entries
        ),
        by_category=_index(_with_archives(entry.categories) for entry in entries),
        popularity=np.array(
            [np.log1p(entry.votes + 2 * entry.comments) for entry in entries], dtype=np.float32
        ),
    )


def known_terms(space: Space, vectors: sparse.csr_matrix) -> sparse.csr_matrix:
    """Term vectors with nothing but what the space knows, of length 1."""
    return unit_rows(narrow(vectors, len(space.vocabulary.columns)))


def _small_space(words: Sequence[list[str]], archive: list[list[str]]) -> Space:
    """The archive's space; a fresh installation has no archive, so the day tells which terms are rare."""
    if len(archive) >= SMALLEST_ARCHIVE:
        return fit_space(archive)
    learned = fit_space([*words, *archive][: SMALLEST_ARCHIVE - 1])
    return replace(learned, archive=learned.archive[:0])


def _twins(vectors: sparse.csr_matrix) -> tuple[int, ...]:
    """Numbers of groups of rows with a cosine above the bound; in blocks, for the whole product would
    be large. Each row is joined to the first it is like, so that a thousand of a kind cost no more.
    """
    count = vectors.shape[0]
    first = np.arange(count)
    for start in range(0, count, _TWIN_BLOCK):
        likeness = (vectors[start : start + _TWIN_BLOCK] @ vectors.T).tocoo()
        close = likeness.data > _TWIN_COSINE
        np.minimum.at(first, likeness.row[close] + start, likeness.col[close])
    joined = sparse.csr_matrix((np.ones(count), (np.arange(count), first)), shape=(count, count))
    return tuple(connected_components(joined, directed=False)[1].tolist())


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
