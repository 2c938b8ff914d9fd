"""What a model answered, checked before anybody reads it: only what the paper's own text bears out passes.

Whoever writes an abstract can try to talk to the model through it. So an answer is believed no further
than the abstract: the same language, no link, markup or number that is not in it, and mostly its words.
What could still be smuggled in is plain text that the author could as well have put into the abstract.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields

from newsletter.match.words import STOP, tokens
from newsletter.summarise.extract import LIMIT
from newsletter.summarise.language import language
from newsletter.summarise.numbers import numbers
from newsletter.summarise.sentences import sentences

SHORTEST, LONGEST = 20, 1200  # characters of a part; a TL;DR has LIMIT at most
# Of 135 summaries that models wrote, the one that keeps least to its abstract has .61 of its words from
# there; of another paper's abstract one in twenty has more than .4. A page's part may put it otherwise.
_GROUNDED_TLDR, _GROUNDED_PART = 0.5, 0.3

_FENCE = re.compile(r"\s*```(?:json)?\s*(.*?)\s*```\s*", re.DOTALL)
_LINK = re.compile(
    r"""(?:[a-z][a-z0-9+.-]*://|www\.|mailto:|javascript:|data:)\S+|\S+@\S+\.\S+
      |\b(?:[\w-]+\.)+(?:com|org|net|io|ai|dev|edu|gov|info|biz|app|xyz|co|me|ly|gl|uk|de|fr|cn|ru|jp|eu)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_MARKUP = re.compile(
    r"""<[/!?a-z]|\]\]>|-->|&\#?\w+;|\{\{|\{%|\*\*|__|`|\[[^\]]*\]\(|^\s*(?:\#{1,6}|[-*>|])\s|\\[a-z(\[]|\$\S""",
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)
_UNSEEN = frozenset(
    {"Cc", "Cf", "Cs", "Co", "Cn"}
)  # controls, marks of direction, what is no character


@dataclass(frozen=True, slots=True)
class Parts:
    """What a model says about a paper: the TL;DR of at most two sentences, and the parts of its page."""

    tldr: str
    overview: str
    plain_english: str
    technical: str
    critical_analysis: str
    conclusion: str

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return asdict(self)


PARTS = tuple(field.name for field in fields(Parts))


@dataclass(frozen=True, slots=True)
class Refused:
    """The answer in place of parts; `reason` in plain words."""

    reason: str


def read_answer(answer: str, title: str, abstract: str) -> Parts | Refused:
    """The parts that a model answered, or why they are refused."""
    parts = _shape(answer)
    if isinstance(parts, Refused):
        return parts
    source = f"{title}\n{abstract}"
    for name, text in parts.as_dict().items():
        if reason := next(_faults(name, text, source), None):
            return Refused(f"{name}: {reason}")
    return parts


def _shape(answer: str) -> Parts | Refused:
    fenced = _FENCE.fullmatch(answer)
    try:
        found = json.loads(fenced[1] if fenced else answer)
    except (ValueError, RecursionError):
        return Refused("not JSON")
    if not isinstance(found, dict) or set(found) != set(PARTS):
        return Refused(f"not an object of {', '.join(PARTS)}")
    if not all(isinstance(text, str) for text in found.values()):
        return Refused("a part is no text")
    return Parts(**{name: " ".join(found[name].split()) for name in PARTS})


def _faults(name: str, text: str, source: str) -> Iterator[str]:
    is_tldr = name == "tldr"
    longest = LIMIT if is_tldr else LONGEST
    if not SHORTEST <= len(text) <= longest:
        yield f"{len(text)} characters, not {SHORTEST} to {longest}"
    if is_tldr and len(sentences(text)) > 2:
        yield "more than two sentences"
    if any(unicodedata.category(char) in _UNSEEN for char in text):
        yield "holds characters that nobody sees"
    for what, pattern in (("a link", _LINK), ("markup", _MARKUP)):
        added = [found[0] for found in pattern.finditer(text) if found[0] not in source]
        if added:
            yield f"{what} that is not in the abstract: {added[0][:60]!r}"
    if added_numbers := sorted(numbers(text) - numbers(source)):
        yield f"a number that is not in the abstract: {added_numbers[0]}"
    ours, theirs = language(text), language(source)
    if ours and theirs and ours != theirs:
        yield f"in {ours.capitalize()}, the abstract is in {theirs.capitalize()}"
    share = grounded(text, source)
    if share < (_GROUNDED_TLDR if is_tldr else _GROUNDED_PART):
        yield f"only {share:.0%} of its words are the paper's"


def grounded(text: str, source: str) -> float:
    """The share of the content words of a text that its source has, 0 to 1; beginnings of words count."""
    known = {_root(word) for word in tokens(source)}
    words = [word for word in tokens(text) if word not in STOP]
    return sum(_root(word) in known for word in words) / len(words) if words else 0.0


def _root(word: str) -> str:
    """Enough of a word to know "compressing" by "compression"."""
    return word[:6]
