"""What to leave out of a mail that would be too long. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.model import Pick, Section
from newsletter.render.cards import Style
from newsletter.render.mime import Piece

# What is least missed goes first; within a section the lowest score.
_LEAST_FIRST = (
    Section.AWAY,
    Section.TRENDING,
    Section.EXPLORE,
    Section.FOR_YOU,
    Section.FOLLOWED,
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A pick as it stands in a mail: its HTML pieces, and their octets as a client sees them.

    `group`: the wish that it stands under.

    `votes` is among them, and holds the text of the vote links besides.
    """

    pick: Pick
    group: str
    style: Style
    followed: frozenset[str]
    pieces: tuple[Piece, ...]
    votes: Piece
    size: int


def fitting(shown: Sequence[Shown], room: int) -> list[Shown]:
    """The picks that fit into `room` octets, in their order: the least are left out first.

    At least one stays.
    """
    kept = list(shown)
    size = sum(each.size for each in kept)
    for least in sorted(shown, key=_worth):
        if size <= room or len(kept) == 1:
            break
        kept.remove(least)
        size -= least.size
    return kept


def _worth(shown: Shown) -> tuple[int, float]:
    return _LEAST_FIRST.index(shown.pick.section), shown.pick.score
