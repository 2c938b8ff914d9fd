"""From what was found for a reader to their digest: compose, told why each entry is there."""

from __future__ import annotations

from newsletter.compose import CANDIDATES_PER_PLACE, compose
from newsletter.match.explain import explain, explain_exploring
from newsletter.match.features import Day
from newsletter.match.readers import Reader
from newsletter.match.score import Found
from newsletter.match.wishes import Seeds
from newsletter.model import Digest, Skip


def digest_of(
    day: Day, reader: Reader, found: Found, seeds: Seeds, *, places: int
) -> Digest | Skip:
    """What a reader is to get of at most `places` papers, or why nothing."""
    explore = None
    if found.explore is not None:
        explore = (found.explore, explain_exploring(day, found.explore))
    return compose(
        found.matches[: CANDIDATES_PER_PLACE * places],
        day.entries,
        day.alike,
        lambda match: explain(day, match, reader, seeds),
        places=places,
        wishes=len(reader.interests),
        considered=len(day.entries) - reader.first_row,
        explore=explore,
    )
