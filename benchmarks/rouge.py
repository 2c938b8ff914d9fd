"""ROUGE-1, -2 and -L F1 (Lin 2004), as most reports compute them: lower case, letters and digits only.

No stemming and no stop words are left out. ROUGE-L is the longest common subsequence of the whole texts.
"""

from __future__ import annotations

import re
from collections import Counter

_TOKEN = re.compile(r"[a-z0-9]+")
NAMES = ("rouge1", "rouge2", "rougeL")


def rouge(candidate: str, reference: str) -> dict[str, float]:
    """F1 of each kind, 0 to 1; 0 where a text has no token (for ROUGE-2: no pair)."""
    ours, theirs = _TOKEN.findall(candidate.lower()), _TOKEN.findall(reference.lower())
    return {
        "rouge1": _overlap(ours, theirs, 1),
        "rouge2": _overlap(ours, theirs, 2),
        "rougeL": _f1(_longest_common(ours, theirs), len(ours), len(theirs)),
    }


def _overlap(ours: list[str], theirs: list[str], size: int) -> float:
    mine, reference = _grams(ours, size), _grams(theirs, size)
    return _f1((mine & reference).total(), mine.total(), reference.total())


def _grams(tokens: list[str], size: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(tokens[at:] for at in range(size)), strict=False))


def _f1(common: int, ours: int, theirs: int) -> float:
    return 2 * common / (ours + theirs) if common else 0.0


def _longest_common(ours: list[str], theirs: list[str]) -> int:
    row = [0] * (len(theirs) + 1)
    for token in ours:
        before = 0
        for at, other in enumerate(theirs, 1):
            above = row[at]
            row[at] = before + 1 if token == other else max(row[at], row[at - 1])
            before = above
    return row[-1]
