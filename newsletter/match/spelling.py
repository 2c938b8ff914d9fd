"""How far a misspelt name is from a known one. Pure."""

from __future__ import annotations

_SHORTEST = 4
_LONG = 8


def edits_allowed(word: str) -> int:
    """How many slips a word may hold and still be meant: none in short ones, two in long ones."""
    if len(word) < _SHORTEST:
        return 0
    return 1 if len(word) < _LONG else 2


def halves(word: str) -> tuple[str, str]:
    """A beginning and an end of a word that no single slip reaches both of: a letter too many, too few
    or wrong, or two neighbours exchanged.
    """
    size = (len(word) - 1) // 2
    return word[:size], word[len(word) - size :]


def distance(one: str, other: str, most: int) -> int:
    """The slips between two words, `most` + 1 if there are more (optimal string alignment)."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, char in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, letter in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (char != letter))
            if earlier and j > 1 and char == other[j - 2] and one[i - 2] == letter:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
