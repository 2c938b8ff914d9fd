"""What arXiv's feeds have in common: the order of types, addresses, readable prose."""

from __future__ import annotations

import re

from newsletter.collect.latex import readable
from newsletter.collect.text import fold
from newsletter.model import ListingType

_NUMBER = re.compile(r"(\d{4})\.(\d{4,5})")

#: The strongest first: what a paper is when several categories announce it differently.
STRENGTH = (
    ListingType.NEW,
    ListingType.CROSS,
    ListingType.REPLACE,
    ListingType.REPLACE_CROSS,
)


def number(identifier: str) -> tuple[int, int]:
    """The place of an id among all, in the order of announcement; the old style's come first."""
    found = _NUMBER.fullmatch(identifier)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def page(identifier: str) -> str:
    """The address of a paper's page."""
    return f"https://arxiv.org/abs/{identifier}"


def pdf(identifier: str) -> str:
    """The address of a paper's PDF."""
    return f"https://arxiv.org/pdf/{identifier}"


def prose(value: object) -> str:
    """A title, abstract, comment or name as readable plain text. It is never HTML on arXiv."""
    return readable(fold(value))
