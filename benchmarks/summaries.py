"""How near extracts come to the summaries that Hugging Face shows: ROUGE F1, beside simple yardsticks.

One JSON line a figure: the mean over all recorded papers that have an `ai_summary`. `held_out` is what
readers get, but with weights fitted without the paper's own day: no summary it is measured by had a say.
`serving` has the weights of the module, which have seen all days. `error` is the standard error of the
mean; `gain` that of the difference to lead-1 and lead-2, paper by paper, with its own standard error.

Yardsticks: the first sentence, the first two, as many first ones as fit in the length of an extract, the
last; LexRank (Erkan and Radev 2004: the stationary
walk over cosine likeness of TF-IDF, damping .85), two sentences; and the best that any choice of two
sentences within the same length could have had.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from statistics import fmean, stdev

import numpy as np

from benchmarks.rouge import NAMES, rouge
from benchmarks.summarised import Summarised, papers
from benchmarks.tune_summaries import bench, best_strength, chosen, fit, folds
from newsletter.match.words import STOP, tokens
from newsletter.summarise import extract
from newsletter.summarise.choose import shortened
from newsletter.summarise.sentences import sentences

Figures = list[dict[str, float]]  # one a paper


def main() -> None:
    """Print all figures."""
    found = papers()
    split = {paper: sentences(paper.abstract) for paper in found}
    leads = {
        "lead_1": measured(found, [split[paper][0] for paper in found]),
        "lead_2": measured(found, [" ".join(split[paper][:2]) for paper in found]),
    }
    others = {
        "lead_320": measured(found, [shortened(p.abstract, extract.LIMIT) for p in found]),
        "last_1": measured(found, [split[paper][-1] for paper in found]),
        "lexrank_2": measured(found, [lexrank(split[paper]) for paper in found]),
        "best_possible": measured(found, [best(paper) for paper in found]),
    }
    served = [extract.tldr(paper.title, paper.abstract) for paper in found]
    ours = {"held_out": held_out(found), "serving": measured(found, served)}
    for name, figures in {**leads, **others, **ours}.items():
        tell(name, figures, leads if name in ours else {})
    lengths = {"characters": [len(text) for text in served]}
    lengths["sentences"] = [len(sentences(text)) for text in served]
    for unit, values in lengths.items():
        print(
            json.dumps({"name": "summaries.length", "value": round(fmean(values), 2), "unit": unit})
        )


def held_out(found: Sequence[Summarised]) -> Figures:
    """The extracts of each day, by weights and a strength that the other days alone chose."""
    texts: dict[Summarised, str] = {}
    for others, day in folds([bench(paper) for paper in found]):
        weights = fit(others, best_strength(others))
        texts |= {one.paper: one.choices[chosen(one, weights)].text for one in day}
    return measured(found, [texts[paper] for paper in found])


def measured(found: Sequence[Summarised], texts: Sequence[str]) -> Figures:
    """The figures of one text a paper."""
    return [rouge(text, paper.summary) for paper, text in zip(found, texts, strict=True)]


def best(paper: Summarised) -> str:
    """The choice that is nearest to the summary: nobody can know it beforehand."""
    one = bench(paper)
    return one.choices[int(one.good.argmax())].text


def lexrank(parts: Sequence[str]) -> str:
    """The two most central sentences, in the order of the text."""
    bags = [Counter(word for word in tokens(part) if word not in STOP) for part in parts]
    among = Counter(word for bag in bags for word in bag)
    words = {word: at for at, word in enumerate(among)}
    rows = np.full((len(parts), len(words) + 1), 1e-9)
    for row, bag in zip(rows, bags, strict=True):
        for word, count in bag.items():
            row[words[word]] = count * math.log(1 + len(parts) / among[word])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    like = rows @ rows.T
    like /= like.sum(1, keepdims=True)
    rank = np.full(len(parts), 1 / len(parts))
    for _ in range(100):
        rank = 0.15 / len(parts) + 0.85 * rank @ like
    return " ".join(parts[at] for at in sorted(np.argsort(-rank)[:2]))


def tell(name: str, figures: Figures, leads: dict[str, Figures]) -> None:
    """Print a line for each kind of ROUGE."""
    for kind in NAMES:
        values = [figure[kind] for figure in figures]
        line = {
            "name": f"summaries.{name}.{kind}",
            "value": round(fmean(values), 4),
            "unit": "F1",
            "error": error(values),
            "papers": len(values),
        }
        for lead, theirs in leads.items():
            yardstick = [figure[kind] for figure in theirs]
            gains = [value - other for value, other in zip(values, yardstick, strict=True)]
            line[f"gain_over_{lead}"] = round(fmean(gains), 4)
            line[f"error_of_gain_over_{lead}"] = error(gains)
            line[f"ratio_to_{lead}"] = round(fmean(values) / fmean(yardstick), 3)
        print(json.dumps(line), flush=True)


def error(values: Sequence[float]) -> float:
    """The standard error of their mean."""
    return round(stdev(values) / math.sqrt(len(values)), 4)


if __name__ == "__main__":
    main()
