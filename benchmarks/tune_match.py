"""The ranker's constants, one at a time around what serves: what each costs, and what tuning would gain.

One setting for both sets of tasks. A set's figure is the mean over profiles of NDCG@10, a profile's
groups counting the same. `tune.SET`: a setting's figure, as soon as it is known. `tune.constant`: each
value that was tried with its figure for each set, and `loss`, how much of a set's best figure the
serving value leaves (the aim: 0.02 at most, on either).
`tune.held_out`: for each fold of profiles the setting is chosen by the others' tasks alone; what that
choice reaches on profiles that had no say, beside what serves. `--every 7` takes every seventh task.

What serves was chosen by hand and by looking at the figures of all profiles, so it has seen every answer;
the held-out figures are what tells how much that flatters it. Tried by hand on `lists` before, and not in
the table below:

- the title weighted 1.5 to 3: +.005 with all likes, -.01 with keywords only
- semantic vectors centred: worse with few likes
- a bonus for the nearest like after ranking (the maximum, the best three, log-sum-exp): no clear gain
- the maximum over the keywords in place of their sum: no gain
- negatives in the dense part only: gains less than in all of a likeness
- 150 to 600 latent dimensions: not finished
- a semantic share of .25 to .5, with a latent share of 0 to .25 beside it
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks import harness
from benchmarks.rankings import Bench, per_profile, setting, tasks_of, value_of

SETS = ("lists", "citeulike")
FOLDS = 8

# A library's papers have no dates and nobody typed words there: what depends on these is constant.
TRIED: Mapping[str, Sequence[float]] = {
    "learn.WORDS_WEIGHT": (1.0, 2.0, 4.0),
    "learn.RIDGE": (1.0, 5.0, 100.0),
    "learn.RELATED": (0, 5, 20),
    "learn.RELATED_WEIGHT": (0.03, 0.1, 0.6),
    "learn.HALF_LIFE_DAYS": (75.0, 300.0, 1e9),
    "learn.EVIDENCE": (5.0, 20.0),
    "profiles.KEPT_TERMS": (250, 500, 2000),
    "space.LATENT_SHARE": (0.2, 0.5),
    "space.NEGATIVE_NOISE": (1.0, 4.0),
    "vocabulary.IDF_POWER": (1.0, 1.4),
    "vocabulary.PAIR_WEIGHT": (0.25, 1.0),
    "company.SHARE": (0.25, 0.8),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--every", type=int, nargs=2, default=(1, 1), metavar=("LISTS", "CITEULIKE")
    )
    options = parser.parse_args()
    settings: list[dict[str, float]] = [{}]
    settings += [{name: value} for name, values in TRIED.items() for value in values]
    tables = [
        figures(name, Bench(tasks_of(name), every), settings)
        for name, every in zip(SETS, options.every, strict=True)
    ]
    tell_constants(settings, tables)
    tell_held_out(settings, tables)


def figures(name: str, bench: Bench, settings: Sequence[Mapping[str, float]]) -> np.ndarray:
    """Each profile's figure in each setting, (settings, profiles)."""
    rows = []
    for values in settings:
        with setting(values):
            rows.append(per_profile(bench.measured()))
        mean = round(float(np.mean(list(rows[-1].values()))), 4)
        print(json.dumps({"name": f"tune.{name}", "setting": values, "value": mean}), flush=True)
    profiles = sorted(rows[0])
    return np.array([[row[profile] for profile in profiles] for row in rows])


def tell_constants(settings: Sequence[Mapping[str, float]], tables: Sequence[np.ndarray]) -> None:
    served = [table[0].mean() for table in tables]
    for name in TRIED:
        tried = {value_of(name): served} | {
            values[name]: [table[at].mean() for table in tables]
            for at, values in enumerate(settings)
            if name in values
        }
        best = np.max(list(tried.values()), axis=0)
        loss = [round(float(1 - mine / most), 4) for mine, most in zip(served, best, strict=True)]
        line = {"name": "tune.constant", "constant": name, "serving": value_of(name), "loss": loss}
        told = {
            f"{value:g}": [round(float(one), 4) for one in tried[value]] for value in sorted(tried)
        }
        print(json.dumps(line | {"tried": told}), flush=True)


def tell_held_out(settings: Sequence[Mapping[str, float]], tables: Sequence[np.ndarray]) -> None:
    folds = [np.arange(table.shape[1]) % FOLDS for table in tables]
    reached: list[list[np.ndarray]] = [[] for _ in tables]
    for fold in range(FOLDS):
        others = [t[:, f != fold].mean(axis=1) for t, f in zip(tables, folds, strict=True)]
        # Each set counts the same, in parts of what serves.
        chosen = int(np.argmax(np.mean([mean / mean[0] for mean in others], axis=0)))
        held = [t[:, f == fold] for t, f in zip(tables, folds, strict=True)]
        for so_far, table in zip(reached, held, strict=True):
            so_far.append(table[chosen])
        line = {"name": "tune.fold", "fold": fold, "chosen": settings[chosen]}
        values = {"value": [round(float(t[chosen].mean()), 4) for t in held]}
        served = {"serving": [round(float(t[0].mean()), 4) for t in held]}
        print(json.dumps(line | values | served), flush=True)
    for name, table, found in zip(SETS, tables, reached, strict=True):
        mean, error = float(np.concatenate(found).mean()), standard_error(table[0])
        harness.report(
            f"tune.held_out.{name}", mean, "ndcg@10", float(table[0].mean()), se=round(error, 4)
        )


def standard_error(values: np.ndarray) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values)))


if __name__ == "__main__":
    main()
