"""From a search to wishes: "mail me papers like these". Pure."""

from __future__ import annotations

from newsletter.match.query import Clue, ClueKind, Query
from subscribers.errors import ProfileError
from subscribers.profile import Interest, parse_wish


def interests_of(query: Query) -> list[Interest]:
    """The wishes that ask for papers like these every day; without dates and sources, which are no
    wishes. Words become one topic. [] where nothing is left to wish for.
    """
    wishes: list[tuple[str, bool]] = []
    if words := query.of(ClueKind.WORD):
        wishes.append((" ".join(words), False))
    wishes += [(_as_wish(clue), False) for clue in query.wanted if _is_wish(clue)]
    ruled_out = (clue for clue in query.unwanted if _is_wish(clue) or clue.kind is ClueKind.WORD)
    wishes += [(_as_wish(clue), True) for clue in ruled_out]
    found: dict[Interest, None] = {}
    for wish, muted in wishes:
        try:
            found[parse_wish(f"-{wish}" if muted else wish)] = None
        except ProfileError:
            continue  # an example paper cannot be ruled out, nor can a word without letters
    return list(found) if any(not interest.muted for interest in found) else []


_WISHED = frozenset({ClueKind.PHRASE, ClueKind.AUTHOR, ClueKind.ORGANISATION, ClueKind.CATEGORY})


def _is_wish(clue: Clue) -> bool:
    """An example paper is known by its number on arXiv alone."""
    return clue.kind in _WISHED or (clue.kind is ClueKind.KEY and clue.text.startswith("arxiv:"))


def _as_wish(clue: Clue) -> str:
    match clue.kind:
        case ClueKind.PHRASE:
            return f'"{clue.text}"'
        case ClueKind.AUTHOR:
            return f"author:{clue.text}"
        case ClueKind.ORGANISATION:
            return f"org:{clue.text}"
        case ClueKind.CATEGORY:
            return f"cat:{clue.text}"
        case _:
            return clue.text
