"""What the papers that somebody voted on share: words of their titles, or an author. Arithmetic alone."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from newsletter.match.words import STOP, name_key, tokens

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")  # noqa: RUF001
_LONGEST = 3  # words
# A word of more papers than this says little about what somebody likes.
_COMMON = 0.06
_AUTHOR_WORTH = 4.0
_UNKNOWN = 1 / 2000

ShareOf = Callable[[str], float | None]
"""The share of all recent papers that a phrase is in; None where there are too few to tell."""


@dataclass(frozen=True, slots=True)
class Titled:
    """A paper that was voted on."""

    key: str
    title: str
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Papers that share something: `name`, words as they are written or an author's name."""

    name: str
    is_author: bool
    keys: tuple[str, ...]


def groups(papers: Sequence[Titled], share_of: ShareOf) -> list[Group]:
    """The papers that share something with another one, each in one group; the largest first."""
    spelled: defaultdict[tuple[bool, str], Counter[str]] = defaultdict(Counter)
    having: defaultdict[tuple[bool, str], dict[str, None]] = defaultdict(dict)
    for paper in papers:
        for term, words in _phrases(paper.title):
            having[False, term][paper.key] = None
            spelled[False, term][words] += 1
        for name in paper.authors:
            having[True, name_key(name)][paper.key] = None
            spelled[True, name_key(name)][name] += 1
    several = {what: keys for what, keys in having.items() if len(keys) > 1 and what[1]}
    worth = {what: _worth(what, spelled[what], share_of) for what in several}
    found: list[Group] = []
    left = {paper.key for paper in papers}
    while True:
        best = max(
            (what for what in several if worth[what] > 0),
            key=lambda what: (len(left.intersection(several[what])) * worth[what], what),
            default=None,
        )
        if best is None:
            break
        keys = tuple(key for key in several.pop(best) if key in left)
        if len(keys) < 2:
            if all(len(left.intersection(these)) < 2 for these in several.values()):
                break
            continue
        left.difference_update(keys)
        found.append(Group(spelled[best].most_common(1)[0][0], best[0], keys))
    return sorted(found, key=lambda group: -len(group.keys))


def _worth(what: tuple[bool, str], spelled: Iterable[str], share_of: ShareOf) -> float:
    """How much it says that papers share this."""
    is_author, term = what
    if is_author:
        return _AUTHOR_WORTH
    share = share_of(next(iter(spelled)))
    if share is None:
        return 1.0 + term.count(" ") if len(term) > 4 else 0.0
    return -math.log(max(share, _UNKNOWN)) if share <= _COMMON else 0.0


def _phrases(title: str) -> list[tuple[str, str]]:
    """The phrases of a title of up to three words, none a stop word: (as tokens, as written)."""
    said: list[tuple[str, str]] = []
    for written in _WORD.findall(title):
        found = tokens(written)
        said.append((found[0], written) if len(found) == 1 else ("", ""))
    phrases: dict[str, str] = {}
    for at in range(len(said)):
        for length in range(1, _LONGEST + 1):
            part = said[at : at + length]
            if len(part) < length or any(
                not token or token in STOP or token.isdigit() for token, _ in part
            ):
                break
            words = " ".join(word if _is_name(word) else word.lower() for _, word in part)
            phrases.setdefault(" ".join(token for token, _ in part), words)
    return list(phrases.items())


def _is_name(word: str) -> bool:
    """LoRA, GPT4: letters that are large on purpose."""
    return any(letter.isupper() for letter in word[1:])
