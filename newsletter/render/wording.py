"""What a digest says in words: its subject, its story, why each paper is there. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
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
from subscribers.language import N_
from subscribers.language import gettext as _
from subscribers.wording import counted, said_date

SUBJECT_LENGTH = 60
LABEL_LENGTH = 60
_SHOWN_AUTHORS = 3
_SHOWN_REASONS = 3

SECTION_NAMES = {
    Section.FOR_YOU: N_("For you"),
    Section.FOLLOWED: N_("People you follow"),
    Section.TRENDING: N_("Trending today"),
    Section.EXPLORE: N_("To explore"),
    Section.AWAY: N_("While you were away"),
}

_STORY_OF_SECTION = {
    Section.FOLLOWED: N_("by people you follow"),
    Section.TRENDING: N_("trending"),
    Section.EXPLORE: N_("to explore"),
    Section.AWAY: N_("from while you were away"),
}
_SECTIONS = {section: place for place, section in enumerate(Section)}
_FOR_YOU, _FOR, _CLOSE_TO = N_("for you"), N_("for"), N_("close to")
_CHANGED_WORDS = {
    "abstract": N_("abstract"),
    "title": N_("title"),
    "authors": N_("list of authors"),
}
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
        return _("TL;DR by {name}").format(name=clip(clean(summary.by), 40))
    is_given = summary.kind is SummaryKind.SOURCE
    return _("TL;DR from the source") if is_given else _("From the abstract")


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
    found = (
        _("“{words}”").format(words=detail)
        if detail and detail.casefold() != wish.casefold()
        else ""
    )
    match evidence.kind:
        case EvidenceKind.AUTHOR:
            return _because(_("by {name}, whom you follow"), detail or wish)
        case EvidenceKind.ORGANISATION:
            return _because(_("from {name}, which you follow"), detail or wish)
        case EvidenceKind.PHRASE:
            return _because(_("it says {name}, a phrase you watch"), wish, found)
        case EvidenceKind.TOPIC:
            return _because(_("you follow {name}"), wish, found)
        case EvidenceKind.SEED:
            return _because(_("close to {name}, a paper you chose"), detail or wish)
        case EvidenceKind.LIKED:
            return _because(_("close to {name}, which you wanted more of"), detail or wish)
        case EvidenceKind.CATEGORY:
            return _because(_("in {name}, a category you follow"), wish, found)
        case EvidenceKind.POPULAR:
            said = _("much talked about just now")
            return Reason(f"{said}: {_retold(detail)}" if detail else said, "")
        case EvidenceKind.EXPLORE:
            said = _("just outside your usual; your vote here teaches us most")
            return Reason(", ".join([_("popular today"), said]) if evidence.detail else said, "")


def _because(sentence: str, name: str, found: str = "") -> Reason:
    before, _name, after = sentence.partition("{name}")
    return Reason(before, name, after, found)


def upvotes(many: int) -> str:
    """`41 upvotes`."""
    return counted("{count} upvote", "{count} upvotes", many)


def comments(many: int) -> str:
    """`12 comments`."""
    return counted("{count} comment", "{count} comments", many)


def points(many: int) -> str:
    """`87 points on Hacker News`."""
    return counted("{count} point on Hacker News", "{count} points on Hacker News", many)


# The ledger has what was said of a paper in English.
_NUMBERS = re.compile(r"([\d,]+) (upvote|comment|point)s?(?: on Hacker News)?")
_SAID = {"upvote": upvotes, "comment": comments, "point": points}


def _retold(detail: str) -> str:
    """`41 upvotes, 87 points on Hacker News` in the language being spoken."""
    return _NUMBERS.sub(lambda told: _SAID[told[2]](int(told[1].replace(",", "") or 0)), detail)


def story(picks: Sequence[Pick], names: Sequence[str]) -> list[tuple[str, int, str, str]]:
    """The day in counts, as (what joins it to the one before, how many, words, the wish or ""): sections
    in order, most first.

    `names`: the wish that each pick answers, or "".
    """
    told = count(_phrase(pick, name) for pick, name in zip(picks, names, strict=True))
    told.sort(key=lambda counted: counted[0][0])
    return [
        (", " if at else "", many, _(words), name)
        for at, ((_place, words, name), many) in enumerate(told)
    ]


def _phrase(pick: Pick, name: str) -> tuple[int, str, str]:
    place = _SECTIONS[pick.section]
    if pick.section is not Section.FOR_YOU:
        return place, _STORY_OF_SECTION[pick.section], ""
    if not name:
        return place, _FOR_YOU, ""
    return place, _CLOSE_TO if pick.evidence[0].kind in _PAPERS else _FOR, name


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
        more = _and_more(rest) if rest else ""
        if len(shown) + 2 + len(name) + len(more) > room:
            more = _and_more(len(labels) - taken)
            return shown + more if len(shown) + len(more) <= room else shown
        shown = f"{shown}, {name}"
    return shown


def _and_more(many: int) -> str:
    return " " + _("and %(count)s more") % {"count": many}


def section_name(section: Section, *, weekly: bool) -> str:
    """What a section is called."""
    if weekly and section is Section.TRENDING:
        return _("Most discussed this week")
    return _(SECTION_NAMES[section])


def section_note(section: Section, away_since: date | None) -> str:
    """What a section says about itself, if anything."""
    if section is Section.AWAY and away_since is not None:
        said = _("The best of what came since your last digest, of {date}.")
        return said.format(date=long_date(away_since))
    return ""


def change(changed: Change) -> str:
    """What became of a paper: `withdrawn`, `version 3, with a new abstract`."""
    if changed.withdrawn:
        return _("withdrawn")
    words = [_(_CHANGED_WORDS[name]) for name in changed.changed if name in _CHANGED_WORDS]
    known = _("version {number}").format(number=changed.version)
    version = known if changed.version else _("a new version")
    if not words:
        return version
    both = _("{one} and {other}").format(one=words[0], other=words[1]) if words[1:] else words[0]
    return _("{version}, with a new {words}").format(version=version, words=both)


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


def long_date(day: date) -> str:
    """`Monday, 25 May 2026`."""
    # NOTE: a pattern of CLDR for "Monday, 25 May 2026"
    return said_date(day, _("EEEE, d MMMM y"))


def short_date(day: date) -> str:
    """`25 May 2026`."""
    # NOTE: a pattern of CLDR for "25 May 2026", the month cut short
    return said_date(day, _("d MMM y"))
