"""The TL;DR of a paper in its own words: at most two sentences of its abstract.

All single sentences and all pairs that fit are weighed, and the best is taken as it stands, in the order
of the abstract; what only joins a sentence to the one before ("However,", "In this paper,") is dropped.
The weights were fitted to recorded summaries by `benchmarks/tune_summaries.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from newsletter.summarise.sentences import sentences
from newsletter.summarise.traits import Sentence, read_sentences

LIMIT = 320
_CONSIDERED = 40  # sentences; what has more is a whole page, and pairs grow by the square

# What each trait of its sentences adds to a choice (see `traits.NAMES`), then what the choice as a whole
# does: that it is a pair, how much of the one sentence stands in the other, its hundreds of characters.
WEIGHTS = {
    "early": 0.0495, "last": -0.0258, "new": 0.0153, "first_new": 0.04, "problem": -0.009,
    "name": 0.0251, "title": 0.1005, "central": 0.2221,
    "pair": -0.0854, "overlap": -0.0711, "length": -0.0077,
}  # fmt: skip
NAMES = tuple(WEIGHTS)
# By fitting alone what was found would hardly count, for the summaries fitted to seldom tell it; readers
# want it. It costs .005 of ROUGE, half a standard error.
BOTH = 0.05
_FITTED = tuple(WEIGHTS.values())


@dataclass(frozen=True, slots=True)
class Choice:
    """One or two sentences that may be the TL;DR. `values`: its traits, in the order of NAMES."""

    text: str
    values: tuple[float, ...]
    is_both: bool  # what is new, then what was found


@lru_cache(maxsize=8192)  # a paper goes to many readers, by mail and on the site
def tldr(title: str, abstract: str, limit: int = LIMIT) -> str:
    """At most two sentences of the abstract in at most `limit` characters; "" for an empty abstract.

    Where not even one sentence fits, the best is cut between words and ends in an ellipsis.
    """
    if found := choices(title, abstract, limit):
        return max(found, key=worth).text
    singles = choices(title, abstract, len(abstract) + 1, most=1)
    return cut(max(singles, key=_worth_cut).text, limit) if singles else ""


def choices(title: str, abstract: str, limit: int, most: int = 2) -> list[Choice]:
    """Whatever `most` sentences fit, without asides, what is said before the paper's own matter, and
    what points at a sentence left out; these too only where there is nothing else at all.
    """
    read = read_sentences(title, sentences(abstract)[:_CONSIDERED])
    places = [
        found for size in range(1, most + 1) for found in combinations(range(len(read)), size)
    ]
    sound = [found for found in places if _is_sound(read, found)]
    return [_choice(read, found) for found in sound or places if len(_text(read, found)) <= limit]


def worth(choice: Choice, weights: Sequence[float] = _FITTED) -> float:
    """How good a TL;DR the choice is, beside others of the same abstract."""
    fitted = sum(value * weight for value, weight in zip(choice.values, weights, strict=True))
    return fitted + BOTH * choice.is_both


def _worth_cut(choice: Choice) -> float:
    """The same without its length, which will be cut."""
    return worth(choice) - choice.values[-1] * WEIGHTS["length"]


def _text(read: Sequence[Sentence], places: tuple[int, ...]) -> str:
    # Chinese and Japanese put no blank between sentences.
    return " ".join(read[at].text for at in places).replace("。 ", "。")


def _is_sound(read: Sequence[Sentence], places: tuple[int, ...]) -> bool:
    follows = (False, len(places) == 2 and places[1] == places[0] + 1)
    return all(
        not read[at].is_aside
        and not read[at].is_background
        and (follows[nth] or not read[at].is_dangling)
        for nth, at in enumerate(places)
    )


def _choice(read: Sequence[Sentence], places: tuple[int, ...]) -> Choice:
    chosen = [read[at] for at in places]
    text = _text(read, places)
    first, last = chosen[0], chosen[-1]
    is_pair = len(chosen) == 2
    fewer = min(len(first.words), len(last.words))
    overlap = len(first.words & last.words) / max(fewer, 1) if is_pair else 0.0
    return Choice(
        text,
        (
            *(sum(column) for column in zip(*(each.traits for each in chosen), strict=True)),
            float(is_pair),
            overlap,
            len(text) / 100,
        ),
        is_pair and first.is_new and last.is_found,
    )


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, cut between words where there are any, and an ellipsis."""
    head = text[: limit - 1]
    space = head.rfind(" ")
    if space > limit // 2:
        head = head[:space]
    return head.rstrip(" ,;:.-") + "…"
