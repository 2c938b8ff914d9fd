"""From matches to a digest: near-duplicates out, a place for every interest, sections. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from newsletter.model import (
    Digest,
    Entry,
    Evidence,
    EvidenceKind,
    Match,
    Pick,
    Section,
    Skip,
    SkipReason,
)

# How many candidates compose wants to see for each place it has to fill.
CANDIDATES_PER_PLACE = 3


def compose(
    matches: Sequence[Match],
    entries: Sequence[Entry],
    alike: Callable[[int, int], bool],
    explain: Callable[[Match], tuple[Evidence, ...]],
    *,
    places: int,
    considered: int,
) -> Digest | Skip:
    """Choose at most `places` of the matches (best first), or say why there is nothing to send.

    `alike(row, row)`: whether two entries tell nearly the same, so that only the better one stays.
    `explain(match)` gives a match's evidence; it is asked only for what is chosen.
    `considered`: how many entries were new to this reader.
    """
    if not considered:
        return Skip(SkipReason.NOTHING_NEW)
    if not matches:
        return Skip(SkipReason.NO_MATCH)
    distinct = _distinct(matches, alike)
    chosen = _choose(distinct, places)
    picks = [_pick(entries[match.row].id, match.score, explain(match)) for match in chosen]
    order = list(Section)
    return Digest(
        picks=tuple(sorted(picks, key=lambda pick: order.index(pick.section))),
        considered=considered,
        left_out=len(distinct) - len(chosen),
    )


def _distinct(matches: Sequence[Match], alike: Callable[[int, int], bool]) -> list[Match]:
    kept: list[Match] = []
    for match in matches:
        for other in kept:
            if alike(match.row, other.row):
                break
        else:
            kept.append(match)
    return kept


def _choose(matches: Sequence[Match], places: int) -> list[Match]:
    """The best, but first the best of each interest, as far as the places go; then by score again."""
    first_of: dict[int | None, Match] = {}
    for match in matches:
        first_of.setdefault(match.interests[0] if match.interests else None, match)
    chosen = list(first_of.values())[:places]
    taken = {match.row for match in chosen}
    for match in matches:
        if len(chosen) >= places:
            break
        if match.row not in taken:
            chosen.append(match)
    return sorted(chosen, key=lambda match: (-match.score, match.row))


def _pick(entry_id: int, score: float, evidence: tuple[Evidence, ...]) -> Pick:
    return Pick(entry_id, _SECTIONS.get(evidence[0].kind, Section.FOR_YOU), score, evidence)


_SECTIONS = {
    EvidenceKind.AUTHOR: Section.FOLLOWED,
    EvidenceKind.POPULAR: Section.TRENDING,
}
