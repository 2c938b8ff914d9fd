"""The weights of `newsletter/summarise/extract.py`: a ridge regression, its strength by cross-validation.

Each choice of one or two sentences of an abstract is a row, its traits the columns, the mean of its
ROUGE-1, -2 and -L F1 against the recorded `ai_summary` the value; both are taken relative to the mean of
the abstract's choices, and each abstract counts the same. The strength is the one that is best on days
left out. One JSON line a strength, then the weights to be written into the module.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from benchmarks import harness
from benchmarks.rouge import rouge
from benchmarks.summarised import Summarised, papers
from newsletter.summarise import extract
from newsletter.summarise.extract import Choice

STRENGTHS = (0.03, 0.1, 0.3, 1.0, 3.0)


@dataclass(frozen=True)
class Bench:
    """One paper's choices, and how good each is: the mean of three ROUGE figures."""

    paper: Summarised
    choices: list[Choice]
    good: NDArray[np.float64]


def bench(paper: Summarised) -> Bench:
    """The paper with all that an extract of it could be."""
    found = extract.choices(paper.title, paper.abstract, extract.LIMIT)
    good = [fmean(rouge(choice.text, paper.summary).values()) for choice in found]
    return Bench(paper, found, np.array(good))


def fit(benches: Sequence[Bench], strength: float) -> list[float]:
    """Weights in the order of `extract.NAMES`."""
    size = len(extract.NAMES)
    products, values = strength * np.eye(size), np.zeros(size)
    for one in benches:
        rows = np.array([choice.values for choice in one.choices])
        rows = (rows - rows.mean(0)) / np.sqrt(len(rows))
        products += rows.T @ rows
        values += rows.T @ ((one.good - one.good.mean()) / np.sqrt(len(rows)))
    return [float(weight) for weight in np.linalg.solve(products, values)]


def chosen(one: Bench, weights: Sequence[float]) -> int:
    """Which choice these weights make."""
    return max(range(len(one.choices)), key=lambda at: extract.worth(one.choices[at], weights))


def folds(benches: Sequence[Bench]) -> list[tuple[list[Bench], list[Bench]]]:
    """(the other days, one day) for each day."""
    days = sorted({one.paper.day for one in benches})
    return [
        ([b for b in benches if b.paper.day != day], [b for b in benches if b.paper.day == day])
        for day in days
    ]


def held_out(benches: Sequence[Bench], strength: float) -> float:
    """How good the extracts are on days that had no say."""
    found = []
    for others, day in folds(benches):
        weights = fit(others, strength)
        found += [one.good[chosen(one, weights)] for one in day]
    return fmean(found)


def best_strength(benches: Sequence[Bench]) -> float:
    """The strength that is best on days left out."""
    return max(STRENGTHS, key=lambda strength: held_out(benches, strength))


def main() -> None:
    """Print what each strength reaches, and the weights."""
    benches = [bench(paper) for paper in papers()]
    for strength in STRENGTHS:
        harness.report(
            f"tune_summaries.strength_{strength:g}", held_out(benches, strength), "mean ROUGE F1"
        )
    weights = fit(benches, best_strength(benches))
    print(json.dumps({name: round(w, 4) for name, w in zip(extract.NAMES, weights, strict=True)}))


if __name__ == "__main__":
    main()
