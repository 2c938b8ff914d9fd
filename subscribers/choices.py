"""What a reader does without: parts of a digest, and sources of papers. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from subscribers.errors import ProfileError

LONGEST_SOURCE = 100
MOST_SOURCES = 200


class Part(StrEnum):
    """A part of a digest that a reader may do without.

    Without `FOLLOWED` papers by people they follow stand among all others; what the other parts bring
    does not come.
    """

    FOLLOWED = "followed"
    TRENDING = "trending"
    AWAY = "away"
    REVISED = "revised"
    EXPLORE = "explore"


def check_parts(names: Iterable[str]) -> frozenset[Part]:
    """The parts of these names. Raises ProfileError."""
    try:
        return frozenset(map(Part, names))
    except ValueError:
        raise ProfileError("parts_off", f"The parts are {', '.join(Part)}.") from None


def check_sources(names: Iterable[str]) -> frozenset[str]:
    """The names back, if they can be those of sources. Raises ProfileError."""
    found = frozenset(names)
    if len(found) > MOST_SOURCES or any(
        not name.isprintable() or len(name) > LONGEST_SOURCE for name in found
    ):
        raise ProfileError("sources_off", "These are not names of sources.")
    return found


def listed(text: str) -> list[str]:
    """The names in a cell of a file: `trending; away`."""
    return [name.strip() for name in text.split(";") if name.strip()]


def told(names: Iterable[str]) -> str:
    """The reverse of `listed`, in order."""
    return "; ".join(sorted(names))
