"""Chooses the ranker's settings by cross-validation over profiles, and says what was tried.

For each fold of profiles the setting is chosen on the others' tasks alone; `held out` is what that
choice reaches on profiles that had no say. `FOLDER...`: folders of tasks. One setting for all folders:
each folder counts the same, by the mean over its groups of NDCG@10. `--every 3` takes a third of the
profiles' tasks, for a quicker look.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from newsletter.match import learn, space
from newsletter.match.evaluate import Folder, Score, measures, rank, summary
from newsletter.match.features import Day, day_features
from newsletter.match.space import Space
from newsletter.stages import tasks
from newsletter.stages.tasks import default_ranker, read_folder

FOLDS = 8

# What serves comes first; then one setting is changed at a time.
#
# What serves was first picked by looking at the means over all profiles, so it has seen every answer;
# the held-out figure is what tells whether that flattered it. Tried by hand in that way, on `lists`:
# a whitened latent space and a ridge in it (worse with few likes, equal with many), a log-sum-exp over
# likes (worse with 10), terms to latent 1:1, 2:1, 3:1, five to twenty related papers, half-lives of 60
# to 200 days; and kernel ridge against 2,000 shared negatives, which gains .01 NDCG@10 with all likes
# (.645 to .655) and nothing below, and is not built yet. On four folds of `citeulike`: company's share
# 0 to 1 and 50 or 150 borrowed papers. Not tried: heavier titles, BM25, z-scores over the day.
TRIED: tuple[dict[str, float], ...] = (
    {},
    {"learn.WORDS_WEIGHT": 1.0},
    {"learn.WORDS_WEIGHT": 4.0},
    {"learn.RIDGE": 2.0},
    {"learn.RIDGE": 15.0},
    {"learn.RELATED": 0},
    {"learn.RELATED": 20},
    {"learn.RELATED_WEIGHT": 0.04},
    {"learn.HALF_LIFE_DAYS": 1e9},
    {"learn.HALF_LIFE_DAYS": 60.0},
    {"space.TERMS_SHARE": 0.5},
    {"space.TERMS_SHARE": 0.8},
    {"space.TERMS_SHARE": 1.0},
)
_MODULES = {"learn": learn, "space": space}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    found = [figures(thinned(read_folder(folder), options.every)) for folder in options.folders]
    names = [json.dumps(setting) for setting in TRIED]
    for place, name in enumerate(names):
        means = [round(float(table[place].mean()), 4) for table in found]
        print(
            json.dumps({"name": "tune.all_profiles", "setting": name, "value": means}), flush=True
        )
    for folder, (held, chosen) in zip(options.folders, held_out(found), strict=True):
        line = {"name": "tune.held_out", "folder": folder.name, "value": round(held, 4)}
        print(json.dumps(line | {"chosen": {names[at]: n for at, n in chosen.items()}}), flush=True)


def thinned(folder: Folder, every: int) -> Folder:
    """A part of the tasks, the same whatever their order in the file."""
    return Folder(folder.entries, folder.pools, folder.tasks[::every])


def figures(folder: Folder) -> np.ndarray:
    """NDCG@10 of each setting for each profile, (settings, profiles): the mean over its groups."""
    fitted: dict[tuple[str, ...], Score] = {}
    days: dict[tuple[str, ...], Day] = {}

    def day_of(pool: Sequence[Any], space: Space) -> Day:
        key = tuple(entry.key for entry in pool)
        if key not in days:
            days[key] = day_features(pool, space=space)
        return days[key]

    tasks.day_features = day_of  # the days are the same whatever is tried

    def fit(archive: Sequence[Any], libraries: Sequence[Any]) -> Score:
        key = tuple(entry.key for entry in archive)
        if key not in fitted:
            fitted[key] = default_ranker(archive, libraries)
        return fitted[key]

    rows = [per_profile(folder, fit, setting) for setting in TRIED]
    profiles = sorted(rows[0])
    return np.array([[row[profile] for profile in profiles] for row in rows])


def per_profile(folder: Folder, fit: Any, setting: Mapping[str, float]) -> dict[str, float]:
    before = {name: getattr(_MODULES[name.split(".")[0]], name.split(".")[1]) for name in setting}
    put(setting)
    measured = [(task, measures(order, task.relevant)) for task, order in rank(folder, fit)]
    put(before)
    found: dict[str, float] = {}
    for profile in {task.profile for task, _ in measured}:
        groups = summary((task, m) for task, m in measured if task.profile == profile)
        found[profile] = float(np.mean([group.mean["ndcg@10"] for group in groups.values()]))
    return found


def put(values: Mapping[str, float]) -> None:
    for name, value in values.items():
        module, _, constant = name.partition(".")
        setattr(_MODULES[module], constant, value)


def held_out(tables: Sequence[np.ndarray]) -> list[tuple[float, Counter[int]]]:
    """For each folder: the mean over profiles of what the others' choice reaches, and the choices."""
    found: list[tuple[float, Counter[int]]] = []
    folds = [np.arange(table.shape[1]) % FOLDS for table in tables]
    chosen = [
        int(
            np.argmax(
                np.mean(
                    [t[:, f != fold].mean(axis=1) for t, f in zip(tables, folds, strict=True)],
                    axis=0,
                )
            )
        )
        for fold in range(FOLDS)
    ]
    for table, fold_of in zip(tables, folds, strict=True):
        reached = chain.from_iterable(table[chosen[fold], fold_of == fold] for fold in range(FOLDS))
        found.append((float(np.mean(list(reached))), Counter(chosen)))
    return found


if __name__ == "__main__":
    main()
