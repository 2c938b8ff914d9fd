"""How good a ranker is, on tasks with known answers: what a reader later took up, found again.

A task is a reader as they were on one day: what they had typed, what they had liked, and the pool of
papers that came that day. `relevant` are the papers of the pool that they then took up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from newsletter.model import Entry
from subscribers.profile import Interest

CUTS = (5, 10, 20, 100)
METRICS = (*(f"recall@{cut}" for cut in CUTS), "ndcg@10", "mrr")


@dataclass(frozen=True, slots=True)
class Task:
    """One reader on one day. `likes`, `dislikes` and `relevant` are ids; `relevant` lies within the pool.

    `interests`: wishes beside the typed keywords. `ages`: how many days ago a paper was voted on, by
    id; where that is not told, the vote is as old as the paper.
    """

    profile: str
    group: str
    keywords: tuple[str, ...]
    likes: tuple[str, ...]
    pool: str
    relevant: frozenset[str]
    interests: tuple[Interest, ...] = ()
    dislikes: tuple[str, ...] = ()
    ages: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Folder:
    """Tasks with their papers: `entries` by id, which is their key, `pools` as lists of ids that are
    ranked together. `archive`: what is learned from before, where that is not all outside the pools.
    """

    entries: Mapping[str, Entry]
    pools: Mapping[str, tuple[str, ...]]
    tasks: tuple[Task, ...]
    archive: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Material:
    """All that a ranker may learn from before it sees a pool.

    `archive`: ids of papers outside what is ranked. `libraries`: what each profile likes, only where
    other readers' taste may be used.
    """

    archive: tuple[str, ...]
    libraries: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A task without its answer: all that a ranker is shown."""

    keywords: tuple[str, ...]
    likes: tuple[Entry, ...]
    interests: tuple[Interest, ...] = ()
    dislikes: tuple[Entry, ...] = ()
    ages: Mapping[str, float] = field(default_factory=dict)


Score = Callable[[Sequence[Entry], Sequence[Asked]], NDArray[np.float32]]
"""Scores of shape (asked, pool); higher is better."""
Fit = Callable[[Sequence[Entry], Sequence[Sequence[Entry]]], Score]
"""(archive, libraries) -> the scoring function that has learned from them."""


@dataclass(frozen=True, slots=True)
class Figures:
    """A group's means over profiles, their standard errors, and how many profiles there are."""

    mean: Mapping[str, float]
    error: Mapping[str, float]
    profiles: int

    def as_dict(self) -> dict[str, float | int]:
        """For JSON: each metric, each metric's standard error as `se:NAME`, and `profiles`."""
        means = {name: round(value, 4) for name, value in self.mean.items()}
        errors = {f"se:{name}": round(value, 4) for name, value in self.error.items()}
        return {**means, **errors, "profiles": self.profiles}


def evaluate(
    folder: Folder, fit: Fit, progress: Callable[[int], None] = lambda _: None
) -> dict[str, Figures]:
    """A ranker's figures for each group of tasks."""
    return evaluate_all([folder], fit, progress)


def evaluate_all(
    folders: Iterable[Folder], fit: Fit, progress: Callable[[int], None] = lambda _: None
) -> dict[str, Figures]:
    """The same over several folders, one after the other, each with an archive of its own."""
    return summary(
        (task, measures(order, task.relevant))
        for folder in folders
        for task, order in rank(folder, fit, progress)
    )


def rank(
    folder: Folder, fit: Fit, progress: Callable[[int], None] = lambda _: None
) -> Iterator[tuple[Task, list[str]]]:
    """Each task with its pool in the ranker's order, best first, what the reader likes left out.

    The ranker is never handed anything of the pool before it scores it, nor any answer.
    """
    for pools, material in materials(folder):
        archive = [folder.entries[id_] for id_ in material.archive]
        libraries = [
            [folder.entries[id_] for id_ in library]
            for _, library in sorted(material.libraries.items())
        ]
        score = fit(archive, libraries)
        for pool in pools:
            tasks = [task for task in folder.tasks if task.pool == pool]
            yield from _rank_pool(folder, pool, tasks, score)
            progress(len(tasks))


def _rank_pool(
    folder: Folder, pool: str, tasks: Sequence[Task], score: Score
) -> Iterator[tuple[Task, list[str]]]:
    ids = folder.pools[pool]
    asked = [_asked(folder, task) for task in tasks]
    scores = score([folder.entries[id_] for id_ in ids], asked)
    for task, row in zip(tasks, scores, strict=True):
        liked = set(task.likes)
        order = np.argsort(-row, kind="stable")
        yield task, [ids[place] for place in order if ids[place] not in liked]


def _asked(folder: Folder, task: Task) -> Asked:
    likes, dislikes = (
        tuple(folder.entries[id_] for id_ in ids) for ids in (task.likes, task.dislikes)
    )
    return Asked(task.keywords, likes, task.interests, dislikes, task.ages)


def materials(folder: Folder) -> list[tuple[tuple[str, ...], Material]]:
    """Which pools share what may be learned from, and that.

    For a fold (`fold-NN`): everything outside that fold, and what all profiles like outside it.
    For other pools: the folder's archive, or else the papers outside all pools, and nobody else's likes.
    """
    tasks_of: defaultdict[str, list[Task]] = defaultdict(list)
    for task in folder.tasks:
        tasks_of[task.pool].append(task)
    pooled = {id_ for ids in folder.pools.values() for id_ in ids}
    streams = tuple(pool for pool in folder.pools if not pool.startswith("fold-"))
    found: list[tuple[tuple[str, ...], Material]] = []
    if streams:
        archive = folder.archive
        if archive is None:
            archive = tuple(id_ for id_ in folder.entries if id_ not in pooled)
        found.append((streams, Material(archive, {})))
    for pool in folder.pools:
        if pool.startswith("fold-"):
            held = set(folder.pools[pool])
            outside = tuple(id_ for id_ in folder.entries if id_ not in held)
            libraries = {
                task.profile: tuple(id_ for id_ in task.likes if id_ not in held)
                for task in tasks_of[pool]
            }
            found.append(((pool,), Material(outside, libraries)))
    return found


def measures(order: Sequence[str], relevant: frozenset[str]) -> dict[str, float]:
    """The metrics of one ranking; a task without an answer counts as nothing found."""
    hits = np.array([id_ in relevant for id_ in order], dtype=bool)
    places = np.flatnonzero(hits)
    total = max(len(relevant), 1)
    gains = 1 / np.log2(np.arange(2, 12))
    found = {f"recall@{cut}": float(hits[:cut].sum()) / total for cut in CUTS}
    best = float(gains[: min(10, total)].sum())
    found["ndcg@10"] = float(gains[places[places < 10]].sum()) / best
    found["mrr"] = 1 / (1 + float(places[0])) if len(places) else 0.0
    return found


def summary(measured: Iterator[tuple[Task, dict[str, float]]]) -> dict[str, Figures]:
    """Means per group: a profile's tasks first, then the profiles, with the standard error of those."""
    by_profile: defaultdict[str, defaultdict[str, list[list[float]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for task, values in measured:
        by_profile[task.group][task.profile].append([values[name] for name in METRICS])
    return {group: _figures(profiles) for group, profiles in by_profile.items()}


def _figures(profiles: Mapping[str, list[list[float]]]) -> Figures:
    means = np.array([np.mean(rows, axis=0) for rows in profiles.values()])
    count = len(means)
    spread = means.std(axis=0, ddof=1) / np.sqrt(count) if count > 1 else np.zeros(len(METRICS))
    return Figures(
        dict(zip(METRICS, map(float, means.mean(axis=0)), strict=True)),
        dict(zip(METRICS, map(float, spread), strict=True)),
        count,
    )
