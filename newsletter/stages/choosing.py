"""From what was found for a reader to their digest: compose, told why each entry is there."""

from __future__ import annotations

from newsletter.compose import compose_with_missed
from newsletter.match.explain import explain, explain_exploring
from newsletter.match.features import Day
from newsletter.match.readers import Reader
from newsletter.match.score import Found
from newsletter.match.wishes import Seeds
from newsletter.model import Digest, Skip


def digest_of(
    day: Day,
    reader: Reader,
    found: Found,
    seeds: Seeds,
    *,
    places: int,
    missed: int = 0,
    exploring: bool = True,
) -> Digest | Skip:
    """What a reader is to get of at most `places` papers, or why nothing.

    Entries in rows before `missed` are what an earlier digest would have held, had it come.
    `exploring`: whether they want one paper to explore.
    """
    explore = None
    if found.explore is not None and exploring:
        explore = (found.explore, explain_exploring(day, found.explore))
    return compose_with_missed(
        found.matches,
        day.entries,
        day.twins,
        lambda match: explain(day, match, reader, seeds),
        places=places,
        wishes=len(reader.interests),
        considered=len(day.entries)
        - reader.first_row
        - sum(row >= reader.first_row for row in reader.barred_rows),
        explore=explore,
        missed=missed,
    )
