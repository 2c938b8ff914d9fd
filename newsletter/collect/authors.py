"""Lines of authors taken apart, in the ways that arXiv and the publishers' feeds write them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from newsletter.collect.latex import readable
from newsletter.collect.text import fold

_ASIDE = re.compile(r"\([^()]*\)")
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.IGNORECASE)
# "Kaur, M., Shukla, A. K., ..." and "Balao F, Lorenzo M, et al."
_SURNAME_FIRST = re.compile(r"([^,;]+,\s*(?:[^\W\d_]\.[\s-]?)+)(?:,\s*|$)")
_ET_AL = re.compile(r"(?:and\s+)?et al\.?", re.IGNORECASE)


def names(line: str) -> tuple[str, ...]:
    """The authors of a line with commas between, without affiliations in brackets, each once."""
    for _ in range(3):  # brackets within brackets
        line = _ASIDE.sub(" ", line)
    found: list[str] = []
    for part in line.split(","):
        name = readable(fold(part))
        if found and _SUFFIX.fullmatch(name):
            found[-1] += f", {name}"
        elif name:
            found.append(name)
    return tuple(dict.fromkeys(found))


def apart(given: Iterable[str]) -> tuple[str, ...]:
    """The authors of a feed's entry, whose feed may have put all of them into one name."""
    found: list[str] = []
    for text in map(fold, given):
        if _SURNAME_FIRST.sub("", text) == "" and len(_SURNAME_FIRST.findall(text)) > 1:
            found += (name.strip() for name in _SURNAME_FIRST.findall(text))
        elif ";" in text:
            found += (fold(name) for name in text.split(";"))
        elif text.count(",") > 1:
            found += names(text)
        else:
            found.append(text)
    kept = (readable(name) for name in found if not _ET_AL.fullmatch(name))
    return tuple(dict.fromkeys(name for name in kept if name and "@" not in name))
