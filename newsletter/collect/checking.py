"""Checks of a source's settings, shared by the kinds; every refusal is one line in plain words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from newsletter.collect.keys import canonical_url
from newsletter.errors import SourceError

# Archive names of arXiv, such as cs.AI, q-bio.NC, hep-th, cond-mat.mtrl-sci.
_CATEGORY = re.compile(r"[a-z]+(?:-[a-z]+)*(?:\.[A-Za-z]+(?:-[A-Za-z]+)*)?")


def only(settings: Mapping[str, Any], *known: str) -> None:
    """Refuse settings that this kind does not know: a slip of the pen must not pass in silence."""
    unknown = sorted(set(settings) - set(known))
    if unknown:
        raise SourceError(f"unknown setting {unknown[0]!r}; this kind knows {', '.join(known)}")


def address(settings: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """An http or https address, without a slash at its end if it is a base."""
    value = settings.get(name, default)
    if not isinstance(value, str) or canonical_url(value) is None:
        raise SourceError(f"{name} must be an http or https address, not {value!r}")
    return value.strip()


def base(settings: Mapping[str, Any], default: str) -> str:
    """The address that this kind's requests begin with (`base_url`)."""
    return address(settings, "base_url", default).rstrip("/")


def whole(settings: Mapping[str, Any], name: str, default: int, least: int, most: int) -> int:
    """A whole number between two bounds."""
    value = settings.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise SourceError(f"{name} must be a whole number from {least} to {most}, not {value!r}")
    return value


def query(settings: Mapping[str, Any], name: str = "query", most: int = 1000) -> str:
    """A text that is asked for as it is: not empty, on one line."""
    value = settings.get(name)
    if not isinstance(value, str) or not value.strip():
        raise SourceError(f"{name} must say what to search for")
    found = " ".join(value.split())
    if len(found) > most or not found.isprintable():
        raise SourceError(f"{name} must be at most {most} printable characters")
    return found


def words(settings: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A list of words, or one string of them with spaces or commas between, each once."""
    value = settings.get(name, ())
    if isinstance(value, str):
        value = value.replace(",", " ").replace("+", " ").split()
    if not isinstance(value, list | tuple) or not all(isinstance(word, str) for word in value):
        raise SourceError(f"{name} must be a list of words, not {value!r}")
    return tuple(dict.fromkeys(word.strip() for word in value if word.strip()))


def categories(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Categories of arXiv such as cs.AI; an archive name (hep-th, math) stands for all of it."""
    found = words(settings, "categories")
    for category in found:
        if not _CATEGORY.fullmatch(category):
            raise SourceError(f"{category!r} is no arXiv category such as cs.AI or hep-th")
    return found
