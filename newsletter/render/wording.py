"""What a digest says in words: its subject, its story, why each paper is there. Pure functions."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import TypeVar

from newsletter.model import (
    Change,
    Entry,
    Evidence,
    EvidenceKind,
    Pick,
    Section,
    Summary,
    SummaryKind,
)
from newsletter.render.plain import clean, clip

SUBJECT_LENGTH = 60
LABEL_LENGTH = 60
_SHOWN_AUTHORS = 3
_SHOWN_REASONS = 3

SECTION_NAMES = {
    Section.FOR_YOU: "For you",
    Section.FOLLOWED: "People you follow",
    Section.TRENDING: "Trending today",
    Section.EXPLORE: "To explore",
    Section.AWAY: "While you were away",
}

_STORY_OF_SECTION = {
    Section.FOLLOWED: "by people you follow",
    Section.TRENDING: "trending",
    Section.EXPLORE: "to explore",
    Section.AWAY: "from while you were away",
}
_SECTIONS = {section: place for place, section in enumerate(Section)}
_CHANGED_WORDS = {"abstract": "abstract", "title": "title", "authors": "list of authors"}
_NOBODY: frozenset[str] = frozenset()
_T = TypeVar("_T", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Reason:
    """One cause of a pick: plain words, the wish or person it names, and what was found."""

    before: str
    name: str
    after: str = ""
    found: str = ""


@dataclass(frozen=True, slots=True)
class Author:
    """A name on a card; `followed` ones are set in bold."""

    name: str
    followed: bool


_PAPERS = {EvidenceKind.SEED, EvidenceKind.LIKED}


def summary_credit(summary: Summary) -> str:
    """What stands behind a summary: whose words it is in."""
    if summary.kind is SummaryKind.MODEL:
        return f"TL;DR by {clip(clean(summary.by), 40)}"
    return "TL;DR from the source" if summary.kind is SummaryKind.SOURCE else "From the abstract"


def label(evidence: tuple[Evidence, ...]) -> str:
    """The wish that a pick answers, short enough for a heading; "" if it answers none."""
    if not evidence:
        return ""
    first = evidence[0]
    kind = first.kind
    if kind is EvidenceKind.POPULAR or kind is EvidenceKind.EXPLORE:
        return ""
    words = first.detail if kind in _PAPERS else first.interest
    return _short(words or first.interest)


@lru_cache(maxsize=4096)
def _short(name: str) -> str:
    return clip(clean(name), LABEL_LENGTH)


def reasons(evidence: Sequence[Evidence]) -> tuple[Reason, ...]:
    """Why a paper was picked, the strongest cause first, at most three."""
    return tuple(_reason(each) for each in evidence[:_SHOWN_REASONS])


def _reason(evidence: Evidence) -> Reason:
    wish = clip(clean(evidence.interest), 120)
    detail = clip(clean(evidence.detail), 160)
    found = f"“{detail}”" if detail and detail.casefold() != wish.casefold() else ""
    match evidence.kind:
        case EvidenceKind.AUTHOR:
            return Reason("by ", detail or wish, ", whom you follow")
        case EvidenceKind.ORGANISATION:
            return Reason("from ", detail or wish, ", which you follow")
        case EvidenceKind.PHRASE:
            return Reason("it says ", wish, ", a phrase you watch", found)
        case EvidenceKind.TOPIC:
            return Reason("you follow ", wish, "", found)
        case EvidenceKind.SEED:
            return Reason("close to ", detail or wish, ", a paper you chose")
        case EvidenceKind.LIKED:
            return Reason("close to ", detail or wish, ", which you wanted more of")
        case EvidenceKind.CATEGORY:
            return Reason("in ", wish, ", a category you follow", found)
        case EvidenceKind.POPULAR:
            told = f": {detail}" if detail else ""
            return Reason(f"much talked about just now{told}", "")
        case EvidenceKind.EXPLORE:
            known = "popular today, " if evidence.detail else ""
            return Reason(f"{known}just outside your usual; your vote here teaches us most", "")


def story(picks: Sequence[Pick], names: Sequence[str]) -> list[tuple[str, int, str, str]]:
    """The day in counts, as (what joins it to the one before, how many, words, the wish or ""): sections
    in order, most first.

    `names`: the wish that each pick answers, or "".
    """
    told = count(_phrase(pick, name) for pick, name in zip(picks, names, strict=True))
    told.sort(key=lambda counted: counted[0][0])
    return [
        (", " if at else "", many, words, name) for at, ((_, words, name), many) in enumerate(told)
    ]


def _phrase(pick: Pick, name: str) -> tuple[int, str, str]:
    place = _SECTIONS[pick.section]
    if pick.section is not Section.FOR_YOU:
        return place, _STORY_OF_SECTION[pick.section], ""
    if not name:
        return place, "for you", ""
    return place, "close to" if pick.evidence[0].kind in _PAPERS else "for", name


def count(names: Iterable[_T]) -> list[tuple[_T, int]]:
    """How often each name occurs, the most frequent first, otherwise in order of appearance."""
    counts: dict[_T, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return sorted(counts.items(), key=lambda pair: -pair[1])


def topics(labels: Sequence[str], room: int) -> str:
    """As many labels as `room` characters hold, and how many more there are."""
    whole = ", ".join(labels)
    if len(whole) <= room:
        return whole
    shown = clip(labels[0], room)
    for taken, name in enumerate(labels[1:], start=1):
        rest = len(labels) - taken - 1
        more = f" and {rest} more" if rest else ""
        if len(shown) + 2 + len(name) + len(more) > room:
            more = f" and {len(labels) - taken} more"
            return shown + more if len(shown) + len(more) <= room else shown
        shown = f"{shown}, {name}"
    return shown


def section_name(section: Section, *, weekly: bool) -> str:
    """What a section is called."""
    if weekly and section is Section.TRENDING:
        return "Most discussed this week"
    return SECTION_NAMES[section]


def section_note(section: Section, away_since: date | None) -> str:
    """What a section says about itself, if anything."""
    if section is Section.AWAY and away_since is not None:
        return f"The best of what came since your last digest, of {long_date(away_since)}."
    return ""


def change(changed: Change) -> str:
    """What became of a paper: `withdrawn`, `version 3, with a new abstract`."""
    if changed.withdrawn:
        return "withdrawn"
    words = [_CHANGED_WORDS[name] for name in changed.changed if name in _CHANGED_WORDS]
    version = f"version {changed.version}" if changed.version else "a new version"
    return f"{version}, with a new {' and '.join(words[:2])}" if words else version


def byline(
    entry: Entry, followed: frozenset[str], *, few: bool = False
) -> tuple[list[Author], int]:
    """The authors to show (the first three, or `few`: the first; and everyone followed), and how many
    more there are.
    """
    names = [name for name in map(clean, entry.authors) if name]
    kept = [
        Author(clip(name, 80), name.casefold() in followed)
        for at, name in enumerate(names)
        if at < (1 if few else _SHOWN_AUTHORS) or name.casefold() in followed
    ]
    # Nobody is hidden for the sake of one: "and 1 more" takes as much room as the name.
    if len(names) - len(kept) == 1 and not few:
        kept = [Author(clip(name, 80), name.casefold() in followed) for name in names]
    return kept, len(names) - len(kept)


def followed_authors(evidence: Sequence[Evidence]) -> frozenset[str]:
    """The names, case folded, of the authors that brought a paper here."""
    authors = [each for each in evidence if each.kind is EvidenceKind.AUTHOR]
    names = (name for each in authors for name in (each.detail, each.interest) if name)
    return frozenset(clean(name).casefold() for name in names) if authors else _NOBODY


@lru_cache(maxsize=64)
def long_date(day: date) -> str:
    """`Monday, 25 May 2026`."""
    return f"{day:%A}, {day.day} {day:%B} {day.year}"


def short_date(day: date | datetime) -> str:
    """`25 May 2026`."""
    return f"{day.day} {day:%b} {day.year}"


def plural(number: int, noun: str) -> str:
    """`1 vote`, `2 votes`, `1,204 votes`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
