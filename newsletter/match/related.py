"""Papers that are like a paper: the nearest in what the matcher compares, and in plain words why. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from newsletter.match.highlight import marked
from newsletter.match.space import LATENT_TERMS, unit_dense
from newsletter.match.vocabulary import Floats, Vocabulary
from newsletter.match.words import STOP, name_key, terms, tokens
from newsletter.model import Entry
from subscribers.language import gettext as _

# The first look at all papers is along so many directions; what it finds is compared in full.
COARSE = 64
COMPARED = 500
# What the encoder says counts so much of a likeness, where both papers are encoded.
SEMANTIC = 0.5
# Above this two papers may be the same one, and their words are compared.
_MAYBE_SAME = 0.9
_SAME_WORDS = 0.7
_DRAWN = 10_000
_TOLD = 3
_STRETCHES = 4
_AROUND = 20  # characters
# Only terms that are as frequent are named: a rarer pair of words is mostly a chance.
_TELLING = LATENT_TERMS

Halves = NDArray[np.float16]


@dataclass(frozen=True)
class Neighbours:
    """Papers as they are compared, in order of their `ids`.

    `latent` and `semantic` hold unit rows, empty ones where a paper was not encoded; `semantic` may have
    no columns. `coarse` is both along the `directions` in which papers differ most. 100,000 papers take
    86 MB, with 384 semantic columns 163 MB.
    """

    ids: NDArray[np.int64]
    latent: Halves
    semantic: Halves
    directions: Floats
    coarse: Floats

    @classmethod
    def of(cls, ids: NDArray[np.int64], latent: Halves, semantic: Halves) -> Neighbours:
        """What is compared, from unit rows: (papers, dimensions) each."""
        rows = np.random.default_rng(0).permutation(len(ids))[:_DRAWN]
        drawn = _joined(latent[rows], semantic[rows])
        values, vectors = np.linalg.eigh(drawn.T @ drawn)
        directions = np.asarray(vectors[:, np.argsort(-values)[:COARSE]], np.float32)
        return cls(ids, latent, semantic, directions, _coarse(latent, semantic, directions))

    def __len__(self) -> int:
        return len(self.ids)

    def with_more(self, ids: NDArray[np.int64], latent: Halves, semantic: Halves) -> Neighbours:
        """The same with other papers besides, along the same directions."""
        every = np.concatenate([self.ids, ids])
        order = np.argsort(every, kind="stable")
        more = _coarse(latent, semantic, self.directions)
        return Neighbours(
            every[order],
            np.concatenate([self.latent, latent])[order],
            np.concatenate([self.semantic, semantic])[order],
            self.directions,
            np.concatenate([self.coarse, more])[order],
        )

    def rows(self, ids: Sequence[int]) -> NDArray[np.int64]:
        """Where papers stand among these; -1 for those that do not."""
        wanted = np.asarray(ids, np.int64)
        if not len(self.ids):
            return np.full(len(wanted), -1)
        places = np.minimum(np.searchsorted(self.ids, wanted), len(self.ids) - 1)
        return np.where(self.ids[places] == wanted, places, -1)

    def about(self, latent: Floats, ids: Sequence[int]) -> Floats:
        """How much papers are about what a unit vector says; 0 for those that are not known."""
        places = self.rows(ids)
        found = self.latent[np.maximum(places, 0)].astype(np.float32) @ latent
        return np.where(places >= 0, found, np.float32(0))

    def nearest(
        self, latent: Floats, semantic: Floats, count: int, compared: int = COMPARED
    ) -> list[tuple[int, float]]:
        """The papers that are nearest to one, by its unit vectors: (id, likeness), the nearest first.

        Looks at all papers along a few directions and at the best of these, `compared`, in full, so it
        costs some milliseconds for a hundred thousand.
        """
        wanted = _joined(latent[None], semantic[None])[0]
        first = self.coarse @ (self.directions.T @ wanted)
        looked_at = min(compared, len(first))
        rows = np.argpartition(-first, looked_at - 1)[:looked_at] if looked_at else np.empty(0, int)
        scores = self._likeness(rows, latent, semantic)
        order = np.argsort(-scores, kind="stable")[:count]
        return [(int(self.ids[rows[at]]), float(scores[at])) for at in order]

    def _likeness(self, rows: NDArray[np.integer], latent: Floats, semantic: Floats) -> Floats:
        found = self.latent[rows].astype(np.float32) @ latent
        if semantic.any():
            meant = self.semantic[rows].astype(np.float32)
            both = (1 - SEMANTIC) * found + SEMANTIC * (meant @ semantic)
            found = np.where(meant.any(axis=1), both, found)
        return np.asarray(found, np.float32)


def _joined(latent: NDArray[np.floating], semantic: NDArray[np.floating]) -> Floats:
    """One row for both, as long as the encoder's part is there or not."""
    whole = np.hstack([latent * (1 - SEMANTIC) ** 0.5, semantic * SEMANTIC**0.5])
    return unit_dense(np.asarray(whole, np.float32))


def _coarse(latent: Halves, semantic: Halves, directions: Floats) -> Floats:
    found = np.empty((len(latent), directions.shape[1]), np.float32)
    for start in range(0, len(latent), _DRAWN):
        part = slice(start, start + _DRAWN)
        found[part] = _joined(latent[part], semantic[part]) @ directions
    return found


def is_same(one: Entry, other: Entry, likeness: float) -> bool:
    """Whether two papers tell nearly the same: other versions of a paper, or one that was posted twice."""
    if likeness < _MAYBE_SAME:
        return False
    if tokens(one.title) == tokens(other.title):
        return True
    words, others = set(_words(one.abstract)), set(_words(other.abstract))
    return len(words & others) >= _SAME_WORDS * len(words | others) > 0


@dataclass(frozen=True, slots=True)
class Shared:
    """What two papers have in common: authors' names, and words or phrases as the other one writes them."""

    authors: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()

    def line(self) -> str:
        """Why they are related, in plain words."""
        authors = _listed(self.authors)
        phrases = _listed([_("“{words}”").format(words=phrase) for phrase in self.phrases])
        if authors and phrases:
            both = _("Also by {authors}; both speak of {words}")
            return both.format(authors=authors, words=phrases)
        if authors:
            return _("Also by {authors}").format(authors=authors)
        if phrases:
            return _("Both speak of {words}").format(words=phrases)
        return _("About the same things in other words")


def shared(one: Entry, other: Entry, vocabulary: Vocabulary) -> Shared:
    """What two papers have in common that tells most: at most three authors and three phrases."""
    known = {name_key(name) for name in one.authors}
    authors = [name for name in other.authors if name_key(name) in known]
    mine, theirs = (_terms(paper.title, paper.abstract) for paper in (one, other))

    def worth(term: str, column: int) -> float:
        # Less is taken off a pair here than in likeness: it says more to a reader than its words.
        pair = 3.0 if " " in term else 1.0
        return float(vocabulary.idf[column]) * pair * min(mine[term], theirs[term])

    told: list[str] = []
    columns = vocabulary.columns
    known_to_both = ((term, columns.get(term, _TELLING)) for term in mine.keys() & theirs.keys())
    weighed = [(-worth(term, at), term) for term, at in known_to_both if at < _TELLING]
    for _worth, term in sorted(weighed):
        if len(told) == _TOLD:
            break
        if not _is_readable(term):
            continue
        if not any(set(term.split()) & set(before.split()) for before in told):
            told.append(term)
    phrases = (_as_written(term, other) for term in told)
    return Shared(tuple(authors[:_TOLD]), tuple(dict.fromkeys(p for p in phrases if p)))


def _is_readable(term: str) -> bool:
    return len(term) > 2 and not term.replace(" ", "").isdigit()


def _as_written(term: str, entry: Entry) -> str:
    """A term as a paper writes it, small unless it is a name or an abbreviation."""
    what = (tuple(term.split()),)
    for text in (*_near(term, entry.abstract), entry.abstract, entry.title):
        for piece in marked(text, what):
            if piece.marked:
                words = piece.text.split()
                return " ".join(word.lower() if word.istitle() else word for word in words)
    return ""


def _near(term: str, text: str) -> Iterator[str]:
    """The first stretches of a text where a term may stand: to read them all takes long."""
    begins = term.partition(" ")[0]
    begins = begins[: max(3, len(begins) - 1)]  # its plural may be spelt otherwise
    for found in islice(re.finditer(re.escape(begins), text, re.IGNORECASE), _STRETCHES):
        start, end = found.start(), found.start() + len(term) + _AROUND
        blank = text.find(" ", end)
        yield text[text.rfind(" ", 0, start) + 1 : blank if blank >= 0 else len(text)]


@lru_cache(maxsize=4096)  # a paper is compared with many
def _terms(title: str, abstract: str) -> Counter[str]:
    """How often each term stands in a paper; in its title it counts threefold."""
    return Counter(terms([*(3 * [*tokens(title), ""]), *tokens(abstract)]))


def _words(text: str) -> list[str]:
    return [word for word in tokens(text) if word not in STOP]


def _listed(parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return _("{one} and {other}").format(one=", ".join(parts[:-1]), other=parts[-1])
