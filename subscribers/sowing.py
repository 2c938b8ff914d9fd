"""From what somebody pasted to wishes. What is stored is told by its title, what is not known as it was
pasted.
"""

from __future__ import annotations

from dataclasses import dataclass

from subscribers.errors import ProfileError
from subscribers.finding import FindPapers
from subscribers.profile import LONGEST_WISH, Interest, Kind, parse_wish, wish_text
from subscribers.seeds import Mention, Pasted, looks_like_a_name


@dataclass(frozen=True, slots=True)
class Sown:
    """What became of pasted papers. `known`: titles of those that are stored; `awaited`: numbers of arXiv
    that will be looked up there; `unknown`: what cannot be used, as it was pasted.
    """

    interests: tuple[Interest, ...] = ()
    known: tuple[str, ...] = ()
    awaited: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    orcids: tuple[str, ...] = ()
    more: int = 0

    @property
    def says_something(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.interests or self.unknown or self.orcids)


def sow(pasted: Pasted, find: FindPapers) -> Sown:
    """The wishes that what was pasted stands for."""
    keys = [key for mention in pasted.mentions for key in mention.keys]
    titles = [mention.title for mention in pasted.mentions if mention.title]
    found = find(keys, titles) if keys or titles else None
    seeds: dict[str, str] = {}
    awaited: list[str] = []
    unknown: list[str] = []
    authors = list(pasted.authors)
    for mention in pasted.mentions:
        papers = [found.by_key[key] for key in mention.keys if found and key in found.by_key]
        if not papers and found and mention.title in found.by_title:
            papers = [found.by_title[mention.title]]
        on_arxiv = _on_arxiv(mention)
        if papers and can_be_a_wish(papers[0].key):
            seeds[papers[0].key] = papers[0].title
        elif on_arxiv:
            awaited.append(on_arxiv)
        elif mention.is_line and looks_like_a_name(mention.title):
            authors.append(mention.title)
        else:
            unknown.append(mention.shown)
    people = tuple(dict.fromkeys(name[:LONGEST_WISH].replace('"', "") for name in authors))
    return Sown(
        (
            *(Interest(Kind.SEED, key) for key in dict.fromkeys([*seeds, *awaited])),
            *(Interest(Kind.AUTHOR, name) for name in people if any(map(str.isalnum, name))),
        ),
        tuple(seeds.values()),
        tuple(dict.fromkeys(awaited)),
        people,
        tuple(dict.fromkeys(unknown)),
        pasted.orcids,
        pasted.more,
    )


def can_be_a_wish(key: str) -> bool:
    """Whether a key can be written down as a wish and read back: those of arXiv, and DOIs."""
    try:
        return parse_wish(wish_text(Interest(Kind.SEED, key))) == Interest(Kind.SEED, key)
    except ProfileError:
        return False


def _on_arxiv(mention: Mention) -> str | None:
    return next((key for key in mention.keys if key.startswith("arxiv:")), None)
