"""Tasks ranked over and over with one part of the ranker changed; what stays the same is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

import numpy as np

from newsletter.match import (
    company,
    diversity,
    learn,
    profiles,
    readers,
    score,
    space,
    vocabulary,
)
from newsletter.match.company import NOBODY, Company
from newsletter.match.evaluate import (
    Asked,
    Folder,
    Score,
    Task,
    materials,
    measures,
    rank,
    summary,
)
from newsletter.match.features import Day, day_features, known_terms, text_words
from newsletter.match.profiles import Profiles
from newsletter.match.readers import Reader, learn_readers
from newsletter.match.space import Space, fit_space, make_space
from newsletter.match.wishes import Seeds
from newsletter.model import Entry
from newsletter.stages.rankers import company_of, reader_asking, serving
from newsletter.stages.tasks import read_folder
from tests import inputs

Measured = list[tuple[Task, dict[str, float]]]
Keys = tuple[str, ...]
Libraries = list[list[Entry]]

_MODULES: Mapping[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (company, diversity, learn, profiles, readers, score, space, vocabulary)
}


def value_of(constant: str) -> float:
    """A constant's value as it is now; it is named like `learn.RIDGE`."""
    module, _, name = constant.partition(".")
    return float(getattr(_MODULES[module], name))


@contextmanager
def setting(values: Mapping[str, float]) -> Iterator[None]:
    """Other values for some constants, for a while."""
    before = {name: getattr(_MODULES[name.split(".")[0]], name.split(".")[1]) for name in values}
    _put(values)
    try:
        yield
    finally:
        _put(before)


def _put(values: Mapping[str, float]) -> None:
    for constant, value in values.items():
        module, _, name = constant.partition(".")
        setattr(_MODULES[module], name, value)


def tasks_of(name: str) -> Folder:
    """One of the shared sets, `lists` or `citeulike`."""
    root = inputs.shared()
    if root is None or not (root / "reco" / name).is_dir():
        raise SystemExit(
            f"no tasks ({name}): name the folder of shared inputs by PAPERROUND_SHARED"
        )
    return read_folder(Path(root / "reco" / name))


@dataclass(frozen=True)
class Block:
    """The readers of one pool, ready to be ranked."""

    day: Day
    tasks: tuple[Task, ...]
    readers: tuple[Reader, ...]
    profiles: Profiles
    seeds: Seeds


@dataclass
class _Learned:
    """What depends on how terms are weighed: the slow part."""

    space: Space
    words: list[list[str]]
    company: Company
    days: dict[Keys, Day] = field(default_factory=dict)


def _of_space() -> tuple[float, ...]:
    """What a space depends on: how terms are weighed, and how likenesses are made of them."""
    return (
        vocabulary.IDF_POWER,
        vocabulary.PAIR_WEIGHT,
        space.LATENT_SHARE,
        space.NEGATIVE_NOISE,
    )


@dataclass
class Bench:
    """One set of tasks, of which every so-many-th is measured; all of them are learned from.

    What the constants that serve lead to is kept, and the last other thing.
    """

    folder: Folder
    every: int = 1
    _libraries: dict[Keys, Libraries] = field(default_factory=dict)
    _first: dict[Keys, _Learned] = field(default_factory=dict)
    _other: dict[tuple[Keys, tuple[float, ...]], _Learned] = field(default_factory=dict)
    _serving: tuple[float, ...] = field(default_factory=_of_space)

    def __post_init__(self) -> None:
        entries = self.folder.entries
        for _, material in materials(self.folder):
            likes = [material.libraries[profile] for profile in sorted(material.libraries)]
            self._libraries[material.archive] = [[entries[id_] for id_ in own] for own in likes]

    @property
    def tasks(self) -> tuple[Task, ...]:
        """Those that are measured."""
        return self.folder.tasks[:: self.every]

    def measured(self, tasks: Sequence[Task] | None = None) -> Measured:
        """Each task with its metrics, under the constants as they are now."""
        folder = replace(self.folder, tasks=self.tasks if tasks is None else tuple(tasks))
        return [(task, measures(order, task.relevant)) for task, order in rank(folder, self.fit)]

    def fit(self, archive: Sequence[Entry], libraries: Sequence[Sequence[Entry]]) -> Score:
        """The ranker that serves, as `evaluate` wants it; other readers' taste is that of all tasks."""
        del libraries
        keys = tuple(entry.key for entry in archive)
        learned = self._learned(keys)
        known = {entry.key: entry for library in self._libraries[keys] for entry in library}
        return serving(lambda pool: self._day(learned, pool), learned.company, papers=known)

    def blocks(self, tasks: Sequence[Task]) -> Iterator[Block]:
        """Readers of the stream's days, a block a day, under the constants as they are now."""
        (keys,) = self._libraries  # a stream has one archive for all its days
        learned = self._learned(keys)
        for name, ids in self.folder.pools.items():
            here = tuple(task for task in tasks if task.pool == name)
            if here:
                yield self._block(self._day(learned, [self.folder.entries[i] for i in ids]), here)

    def _block(self, day: Day, tasks: tuple[Task, ...]) -> Block:
        entries = self.folder.entries
        today = max(entry.first_listed_on for entry in day.entries)
        asked = [
            Asked(task.keywords, tuple(entries[i] for i in task.likes), task.interests)
            for task in tasks
        ]
        people = tuple(reader_asking(one, today, NOBODY) for one in asked)
        seeds = {like.key: (like.title, like.abstract) for one in asked for like in one.likes}
        return Block(day, tasks, people, learn_readers(day.space, people, seeds), seeds)

    def _learned(self, keys: Keys) -> _Learned:
        if keys not in self._first:
            assert _of_space() == self._serving, "measure what serves first"
            archive = [self.folder.entries[key] for key in keys]
            words = [text_words(entry.title, entry.abstract) for entry in archive]
            self._first[keys] = self._in(fit_space(words), keys, words)
        first, now = self._first[keys], _of_space()
        if now == self._serving:
            return first
        if (keys, now) not in self._other:
            self._other = {at: kept for at, kept in self._other.items() if at[1] == now}
            space = _refitted(first, now, self._serving)
            self._other[keys, now] = self._in(space, keys, first.words)
        return self._other[keys, now]

    def _in(self, space: Space, keys: Keys, words: list[list[str]]) -> _Learned:
        return _Learned(space, words, company_of(space, self._libraries[keys]))

    def _day(self, learned: _Learned, pool: Sequence[Entry]) -> Day:
        keys = tuple(entry.key for entry in pool)
        if keys not in learned.days:
            like = next((f.days[keys] for f in self._first.values() if keys in f.days), None)
            if like is None:
                learned.days[keys] = day_features(pool, space=learned.space)
            else:
                learned.days[keys] = _seen_in(learned.space, like)
        return learned.days[keys]


def per_profile(measured: Measured, metric: str = "ndcg@10") -> dict[str, float]:
    """A profile's metric: the mean over its groups of tasks, so that no group counts more."""
    found: dict[str, list[tuple[Task, dict[str, float]]]] = {}
    for task, values in measured:
        found.setdefault(task.profile, []).append((task, values))
    return {
        profile: float(np.mean([group.mean[metric] for group in summary(iter(of_one)).values()]))
        for profile, of_one in found.items()
    }


def mean_of(measured: Measured, metric: str = "ndcg@10") -> float:
    """The mean over groups of their means over profiles."""
    groups = summary(iter(measured)).values()
    return float(np.mean([figures.mean[metric] for figures in groups]))


def _refitted(first: _Learned, now: tuple[float, ...], served: tuple[float, ...]) -> Space:
    if now[:2] != served[:2]:
        return fit_space(first.words)
    kept = first.space
    return make_space(kept.vocabulary, kept.basis, kept.vocabulary.vectors(first.words))


def _seen_in(of: Space, day: Day) -> Day:
    """The same day in another space; which papers are twins is left as it was, for it orders nothing."""
    known = of.vocabulary.extended(day.words)
    vectors = known.vectors(day.words)
    features = of.features(known_terms(of, vectors))
    return replace(day, space=of, vocabulary=known, vectors=vectors, features=features)
