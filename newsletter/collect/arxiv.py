"""What arXiv's feeds have in common: the order of types, addresses, readable prose."""

from __future__ import annotations

from newsletter.collect.latex import readable
from newsletter.collect.text import fold
from newsletter.model import ListingType

#: The strongest first: what a paper is when several categories announce it differently.
STRENGTH = (
    ListingType.NEW,
    ListingType.CROSS,
    ListingType.REPLACE,
    ListingType.REPLACE_CROSS,
)


def page(identifier: str) -> str:
    """The address of a paper's page."""
    return f"https://arxiv.org/abs/{identifier}"


def pdf(identifier: str) -> str:
    """The address of a paper's PDF."""
    return f"https://arxiv.org/pdf/{identifier}"


def prose(value: object) -> str:
    """A title, abstract, comment or name as readable plain text. It is never HTML on arXiv."""
    return readable(fold(value))
