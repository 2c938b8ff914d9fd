"""What to leave out of a mail that would be too long. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from newsletter.model import Pick, Section
from newsletter.render.cards import Told

# What is least missed goes first; within a section the lowest score.
_LEAST_FIRST = (
    Section.AWAY,
    Section.TRENDING,
    Section.EXPLORE,
    Section.FOR_YOU,
    Section.FOLLOWED,
)


class Shown(NamedTuple):
    """A pick as it stands in a mail. `group`: the wish that it stands under."""

    pick: Pick
    group: str
    told: Told
    tokens: Mapping[bytes, bytes]
    """Those of its two votes, by the names of their gaps."""
    html_size: int
    """Octets of its HTML as a client sees it."""


def fitting(shown: Sequence[Shown], room: int) -> list[Shown]:
    """The picks that fit into `room` octets, in their order: the least are left out first.

    At least one stays.
    """
    kept = list(shown)
    size = sum(each.html_size for each in kept)
    for least in sorted(shown, key=_worth):
        if size <= room or len(kept) == 1:
            break
        kept.remove(least)
        size -= least.html_size
    return kept


def _worth(shown: Shown) -> tuple[int, float]:
    return _LEAST_FIRST.index(shown.pick.section), shown.pick.score
