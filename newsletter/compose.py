"""From matches to a digest: near-duplicates out, a place for every interest, one to explore. Pure."""

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
# With fewer places, each of them is for what the reader asked for.
FEWEST_PLACES_TO_EXPLORE = 5


def compose(
    matches: Sequence[Match],
    entries: Sequence[Entry],
    alike: Callable[[int, int], bool],
    explain: Callable[[Match], tuple[Evidence, ...]],
    *,
    places: int,
    wishes: int,
    considered: int,
    explore: tuple[Match, tuple[Evidence, ...]] | None = None,
) -> Digest | Skip:
    """Choose at most `places` of the matches, or say why there is nothing to send.

    `matches` come in the order in which to choose them. `alike(row, row)`: whether two entries tell
    nearly the same, so that only the better one stays. `explain(match)` gives a match's evidence; it
    is asked only for what is chosen. `wishes`: how many causes of a match are wishes, each with a
    place of its own; the causes behind them, papers that were liked, share one. `explore`: one more
    to offer, with its evidence; it never makes a digest by itself. `considered`: how many entries
    were new to this reader.
    """
    if not considered:
        return Skip(SkipReason.NOTHING_NEW)
    if not matches:
        return Skip(SkipReason.NO_MATCH)
    distinct = _distinct(matches, alike)
    offered = _to_explore(explore, distinct, alike) if places >= FEWEST_PLACES_TO_EXPLORE else None
    chosen = _choose(distinct, places - (offered is not None), wishes)
    picks = [_pick(entries[match.row].id, match.score, explain(match)) for match in chosen]
    if offered is not None:
        picks.append(_pick(entries[offered[0].row].id, offered[0].score, offered[1]))
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


def _to_explore(
    explore: tuple[Match, tuple[Evidence, ...]] | None,
    matches: Sequence[Match],
    alike: Callable[[int, int], bool],
) -> tuple[Match, tuple[Evidence, ...]] | None:
    if explore is None or any(alike(explore[0].row, match.row) for match in matches):
        return None
    return explore


def _choose(matches: Sequence[Match], places: int, wishes: int) -> list[Match]:
    """The first, but before all others the first of each cause, as far as the places go; best first."""
    first_of: dict[int | None, Match] = {}
    for match in matches:
        first_of.setdefault(min(match.interests[0], wishes) if match.interests else None, match)
    chosen = sorted(first_of.values(), key=lambda match: -match.score)[:places]
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
    EvidenceKind.EXPLORE: Section.EXPLORE,
}
