"""How much of each paper a digest shows. Pure."""

from __future__ import annotations

from enum import StrEnum


class Length(StrEnum):
    """Titles only, a few sentences, or the whole abstract."""

    TITLES = "titles"
    SHORT = "short"
    FULL = "full"
