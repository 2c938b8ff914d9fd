"""Who speaks for what: the wishes and the liked papers to name for each entry that was chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from newsletter.match.features import Day
from newsletter.match.readers import Reader, looked_for
from newsletter.match.topk import Columns
from newsletter.match.vocabulary import Floats
from newsletter.match.wishes import WishScores
from subscribers.profile import Kind

# An example paper that is hardly like an entry is named only where nothing else is more like it.
TOLD_FROM = 0.10
_READERS_AT_ONCE = 128

Causes = tuple[int, ...]
"""Places in a reader's interests, and behind them in their likes, the strongest first."""


def causes(
    day: Day, readers: Sequence[Reader], found: WishScores, kept: Columns
) -> Iterator[list[Causes]]:
    """For each reader the causes of each entry in their row of `kept`, (readers, entries); there is
    one at least where they asked for anything. -1 has none.
    """
    for start in range(0, len(readers), _READERS_AT_ONCE):
        here = slice(start, start + _READERS_AT_ONCE)
        yield from _causes(day, _Said.by(readers[here], found), found, kept[here])


@dataclass(frozen=True, slots=True)
class _Said:
    """All that some readers said they want, one behind the other, each reader's from `starts` on.

    `places`: in a reader's own list; `wishes`: rows of the wishes' scores; `told_from`: what a score
    must exceed to be named beside others.
    """

    starts: list[int]
    places: list[int]
    wishes: NDArray[np.int64]
    weights: Floats
    told_from: Floats

    @classmethod
    def by(cls, readers: Sequence[Reader], found: WishScores) -> _Said:
        starts, places, wishes = [0], [], []
        weights: list[float] = []
        told_from: list[float] = []
        for reader in readers:
            wanted = [(at, wish) for at, wish in enumerate(reader.interests) if not wish.muted]
            for at, wish in wanted:
                places.append(at)
                wishes.append(found.index[looked_for(wish)])
                weights.append(wish.weight)
                told_from.append(TOLD_FROM if wish.kind is Kind.SEED else 0.0)
            for at, (key, trust) in enumerate(reader.likes, len(reader.interests)):
                places.append(at)
                wishes.append(found.index[Kind.SEED, key])
                weights.append(trust)
                told_from.append(TOLD_FROM)
            starts.append(len(places))
        floats = [np.array(values, np.float32) for values in (weights, told_from)]
        return cls(starts, places, np.array(wishes, np.int64), *floats)


def _causes(day: Day, said: _Said, found: WishScores, kept: Columns) -> Iterator[list[Causes]]:
    count, width = kept.shape
    owners = np.repeat(np.arange(count), np.diff(said.starts))
    columns = np.maximum(kept, 0)[owners]
    hits = np.take_along_axis(found.scores[said.wishes].toarray(), columns, axis=1)
    hits[kept[owners] < 0] = 0
    told = hits > said.told_from[:, None]
    spoken = np.zeros(kept.shape, bool)
    np.logical_or.at(spoken, owners, told)
    _compare_meanings(day, said, found, kept, spoken=spoken, hits=hits)
    causes, entries = np.nonzero(hits > 0)
    group = owners[causes] * width + entries
    order = np.lexsort((causes, -(said.weights[:, None] * hits)[causes, entries], group))
    causes, entries, group = causes[order], entries[order], group[order]
    first = np.diff(group, prepend=-1) > 0
    named = first | (told[causes, entries] & spoken.reshape(-1)[group])
    bounds = np.searchsorted(group[named], np.arange(count * width + 1)).tolist()
    places = [said.places[cause] for cause in causes[named].tolist()]
    for start in range(0, count * width, width):
        ends = bounds[start : start + width + 1]
        yield [tuple(places[a:b]) for a, b in pairwise(ends)]


def _compare_meanings(
    day: Day,
    said: _Said,
    found: WishScores,
    kept: Columns,
    *,
    spoken: NDArray[np.bool_],
    hits: Floats,
) -> None:
    """Where nothing that a reader said stands in an entry, what is nearest to it in meaning is the
    cause: such `hits` become likenesses, in place.
    """
    for reader in np.flatnonzero(((kept >= 0) & ~spoken).any(axis=1)).tolist():
        own = slice(said.starts[reader], said.starts[reader + 1])
        silent = np.flatnonzero((kept[reader] >= 0) & ~spoken[reader])
        meant = found.features[said.wishes[own]].likeness(day.features[kept[reader, silent]])
        hits[own, silent] = np.maximum(meant, 1e-6)
