"""What a paper is found by, and what a search looks up: the same tokens on both sides. Pure.

Beside its words a paper has marks, which hold a `_` and so are no word of anybody's: `n_ada` (in some
author's name), `f_lovelace` (an author's last name), `i_a_lovelace` (with the first initial), `o_google`
(in the name of its organisation), `c_cs` and `c_cs_cl` (categories), `y_2026` (the year it is of), and
`all_`, which every paper has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from newsletter.match.names import name_words, organisation_key, typed_name
from newsletter.match.query import Clue, ClueKind, Query
from newsletter.match.words import STOP, name_key, tokens

EVERY = "all_"
GAP = "_"
"""Stands between texts, so that no phrase reaches from one into the next."""

_EARLIEST = 1985
"""Older papers are marked with this year."""

_LONGEST_TOKEN = 100
_MOST_TOKENS = 6_000
_MOST_AUTHORS = 1_000

Atom = tuple[str, ...]
"""Tokens that stand side by side."""

Need = tuple[tuple[Atom, ...], ...]
"""Alternatives, each of which is met where all of its atoms are."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """What is looked up: all of `needs`, none of `bans`. `words`: those of the needs that are words of
    the topic; one of these may do where all of them find too little.
    """

    needs: tuple[Need, ...]
    words: tuple[Need, ...]
    bans: tuple[Need, ...]


def paper_tokens(
    title: str,
    abstract: str,
    authors: Sequence[str],
    categories: Sequence[str],
    *,
    year: int,
    organisation: str = "",
    more: Sequence[str] = (),
) -> tuple[list[str], list[str]]:
    """The tokens that a paper is found by: (its title's, all others). `more`: keywords and the like."""
    names = authors[:_MOST_AUTHORS]
    rest = tokens(abstract)
    for text in (*more, *filter(None, [organisation]), *names):
        rest += [GAP, *tokens(text)]
    if organisation:
        rest += [GAP, *_organisation(organisation)]
    for name in names:
        rest += [GAP, *(f"n_{word}" for word in name_key(name).split())]
    marks = {EVERY, f"y_{max(year, _EARLIEST)}"}
    for name in names:
        if words := name_words(name):
            marks |= {f"f_{words[-1]}", f"i_{words[0][0]}_{words[-1]}"}
    for category in categories:
        marks |= {_category(category), _category(category.partition(".")[0])}
    # Marks first: what is cut off from an endless text is its end.
    kept = [*sorted(marks), GAP, *rest][:_MOST_TOKENS]
    return _short(tokens(title)), _short(kept)


def lookup(query: Query, meant: Mapping[str, Sequence[str]] | None = None) -> Lookup:
    """What to look up for a search. `meant`: for a name as it was typed, the spellings to look for
    instead.
    """
    meant = meant or {}
    topic: list[Need] = []
    others: list[Need] = []
    for clue in query.wanted:
        need = _need(clue, meant.get(clue.text, (clue.text,)))
        if need:
            (topic if clue.kind is ClueKind.WORD else others).append(need)
    telling = [need for need in topic if not _is_stop(need)]
    topic = telling or ([] if others else topic)
    if years := _years(query):
        others.append(years)
    bans = [_need(clue, (clue.text,)) for clue in query.unwanted]
    return Lookup((*topic, *others), tuple(topic), tuple(ban for ban in bans if ban))


def _years(query: Query) -> Need:
    """Where days are left out at the new end: a look from the newest paper back would be long."""
    if query.before is None:
        return ()
    first = max(query.after.year if query.after else 0, _EARLIEST)
    return tuple(((f"y_{year}",),) for year in range(first, query.before.year + 1))


def _need(clue: Clue, spellings: Iterable[str]) -> Need:
    match clue.kind:
        case ClueKind.WORD | ClueKind.PHRASE:
            words = [_short(tokens(text)) for text in spellings]
            return tuple((tuple(each),) for each in words if each)
        case ClueKind.AUTHOR:
            found = [way for text in spellings for way in _author(text)]
            return tuple(dict.fromkeys(found))
        case ClueKind.ORGANISATION:
            ways = (tuple(_short(_organisation(text))) for text in spellings)
            return tuple((way,) for way in ways if way)
        case ClueKind.CATEGORY:
            return (((_category(clue.text),),),)
        case _:
            return ()


def _author(typed: str) -> list[tuple[Atom, ...]]:
    """The ways in which a name may stand among a paper's authors: as it was typed, or with more given
    names; an initial stands for any name that begins with it.
    """
    as_typed = tuple(f"n_{word}" for word in name_key(typed).split())
    name = typed_name(typed)
    if not as_typed or not name.family:
        return [(tuple(_short(as_typed)),)] if as_typed else []
    family = tuple(f"n_{word}" for word in name.family)
    mark = f"i_{name.given[0][0]}_" if name.given else "f_"
    given = [(f"n_{word}",) for word in name.given if len(word) > 1]
    atoms = [(f"{mark}{name.family[-1]}",), *given, *([family] if len(family) > 1 else [])]
    return [tuple(tuple(_short(atom)) for atom in way) for way in (atoms, [as_typed])]


def _organisation(name: str) -> list[str]:
    return [f"o_{word}" for word in organisation_key(name).split()]


def _category(category: str) -> str:
    plain = "".join(char if char.isalnum() else " " for char in category.lower())
    return "_".join(("c", *plain.split()))


def _is_stop(need: Need) -> bool:
    return all(token in STOP for way in need for atom in way for token in atom)


def _short(words: Iterable[str]) -> list[str]:
    return [word[:_LONGEST_TOKEN] for word in words]
