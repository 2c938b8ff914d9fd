"""From matches to a digest: near-duplicates out, a place for every interest, one to explore. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

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
    twins: Sequence[int],
    explain: Callable[[Match], tuple[Evidence, ...]],
    *,
    places: int,
    wishes: int,
    considered: int,
    explore: tuple[Match, tuple[Evidence, ...]] | None = None,
) -> Digest | Skip:
    """Choose at most `places` of the matches, or say why there is nothing to send.

    `matches` come in the order in which to choose them. `twins`: for each entry a number; entries of
    the same number tell nearly the same, so that only the best one stays. `explain(match)` gives a
    match's evidence; it is asked only for what is chosen. `wishes`: how many causes of a match are
    wishes, each with a place of its own; the causes behind them, papers that were liked, share one.
    `explore`: one more to offer, with its evidence; it never makes a digest by itself. `considered`:
    how many entries were new to this reader.
    """
    if not considered:
        return Skip(SkipReason.NOTHING_NEW)
    if not matches:
        return Skip(SkipReason.NO_MATCH)
    distinct = _distinct(matches, twins)
    offered = _to_explore(explore, distinct, twins) if places >= FEWEST_PLACES_TO_EXPLORE else None
    chosen = _choose(distinct, places - (offered is not None), wishes)
    picks = [_pick(entries[match.row].id, match.score, explain(match)) for match in chosen]
    if offered is not None:
        picks.append(_pick(entries[offered[0].row].id, offered[0].score, offered[1]))
    return Digest(
        picks=tuple(sorted(picks, key=_place)),
        considered=considered,
        left_out=len(distinct) - len(chosen),
    )


def compose_with_missed(
    matches: Sequence[Match],
    entries: Sequence[Entry],
    twins: Sequence[int],
    explain: Callable[[Match], tuple[Evidence, ...]],
    *,
    places: int,
    wishes: int,
    considered: int,
    explore: tuple[Match, tuple[Evidence, ...]] | None = None,
    missed: int = 0,
) -> Digest | Skip:
    """As `compose`, where the entries in rows before `missed` were due in digests that did not come.

    They share half of the places, and what today leaves over, in a section of their own.
    """

    def composed(chosen: Sequence[Match], places: int, offered: bool) -> Digest | Skip:
        return compose(
            chosen,
            entries,
            twins,
            explain,
            places=places,
            wishes=wishes,
            considered=considered,
            explore=explore if offered else None,
        )

    distinct = _distinct(matches, twins) if missed else matches
    before = [match for match in distinct if match.row < missed]
    if not before or not considered:
        return composed(matches, places, True)
    fresh = [match for match in distinct if match.row >= missed]
    kept = min(len(before), places // 2 if fresh else places)
    today = composed(fresh, places - kept, True) if fresh and places > kept else None
    picks = today.picks if isinstance(today, Digest) else ()
    away = composed(before, places - len(picks), False)
    assert isinstance(away, Digest)
    late = tuple(replace(pick, section=Section.AWAY) for pick in away.picks)
    return Digest((*picks, *late), considered, len(distinct) - len(picks) - len(late))


def without_followed(digest: Digest) -> Digest:
    """The digest with the papers of people whom its reader follows among all others that are for them."""
    if all(pick.section is not Section.FOLLOWED for pick in digest.picks):
        return digest
    ours = {Section.FOR_YOU, Section.FOLLOWED}
    mixed = sorted((p for p in digest.picks if p.section in ours), key=lambda pick: -pick.score)
    others = [pick for pick in digest.picks if pick.section not in ours]
    moved = [replace(pick, section=Section.FOR_YOU) for pick in mixed]
    return replace(digest, picks=(*moved, *others))


def trending_places(places: int, *, weekly: bool) -> int:
    """How many of a digest's places go to what many talk about: few, for it is no wish of the reader's."""
    return min(5, places // 3) if weekly else min(3, places // 5)


def add_trending(digest: Digest, offered: Sequence[Pick], places: int) -> Digest:
    """The digest with what is trending, the foremost first, in place of what matched least.

    Whoever has no wishes is shown what is popular anyway. A wish's last paper is never displaced.
    """
    if any(pick.section is Section.TRENDING for pick in digest.picks):
        return digest
    added = list(offered)
    kept = [pick for pick in digest.picks if pick.entry_id not in {new.entry_id for new in added}]
    displaced = 0
    while added and len(kept) + len(added) > places:
        least = _least(kept)
        if least is None:
            added.pop()
        else:
            kept.remove(least)
            displaced += 1
    return replace(
        digest,
        picks=tuple(sorted((*kept, *added), key=_place)),
        left_out=digest.left_out + displaced,
    )


def _place(pick: Pick) -> int:
    return _PLACES[pick.section]


def _least(picks: Sequence[Pick]) -> Pick | None:
    """The lowest of the matched whose wish has another paper there."""
    causes = Counter(_cause(pick) for pick in picks)
    spare = [
        pick
        for pick in picks
        if pick.section in {Section.FOR_YOU, Section.AWAY} and causes[_cause(pick)] > 1
    ]
    return min(spare, key=lambda pick: pick.score, default=None)


def _cause(pick: Pick) -> tuple[Section, str]:
    return pick.section, pick.evidence[0].interest if pick.evidence else ""


def _distinct(matches: Sequence[Match], twins: Sequence[int]) -> list[Match]:
    first_of: dict[int, Match] = {}
    for match in matches:
        first_of.setdefault(twins[match.row], match)
    return list(first_of.values())


def _to_explore(
    explore: tuple[Match, tuple[Evidence, ...]] | None,
    matches: Sequence[Match],
    twins: Sequence[int],
) -> tuple[Match, tuple[Evidence, ...]] | None:
    if explore is None or any(twins[explore[0].row] == twins[match.row] for match in matches):
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


_PLACES = {section: place for place, section in enumerate(Section)}
_SECTIONS = {
    EvidenceKind.AUTHOR: Section.FOLLOWED,
    EvidenceKind.POPULAR: Section.TRENDING,
    EvidenceKind.EXPLORE: Section.EXPLORE,
}
