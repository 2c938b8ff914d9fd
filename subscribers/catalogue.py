"""The topics and categories that forms offer, and which of them a profile has ticked. Pure but for
reading `catalogue.toml`, once.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib import resources

from subscribers.profile import Interest, Kind, Profile, parse_wish


@dataclass(frozen=True, slots=True)
class Topic:
    """Something to tick, and the wishes it stands for."""

    id: str
    label: str
    interests: tuple[Interest, ...]


@dataclass(frozen=True, slots=True)
class TopicGroup:
    """Topics under one heading."""

    label: str
    topics: tuple[Topic, ...]


@dataclass(frozen=True, slots=True)
class Category:
    """One subject of arXiv."""

    code: str
    label: str

    @property
    def interest(self) -> Interest:
        """The wish that ticking it stands for."""
        return Interest(Kind.CATEGORY, self.code)


@dataclass(frozen=True, slots=True)
class Archive:
    """Subjects of arXiv under one heading."""

    label: str
    categories: tuple[Category, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything there is to tick."""

    groups: tuple[TopicGroup, ...]
    archives: tuple[Archive, ...]

    def interests(self, topics: Collection[str], categories: Collection[str]) -> list[Interest]:
        """The wishes of what was ticked, in the catalogue's order; unknown names are left out."""
        return [
            *(i for g in self.groups for t in g.topics if t.id in topics for i in t.interests),
            *(c.interest for a in self.archives for c in a.categories if c.code in categories),
        ]

    def ticked(self, profile: Profile) -> Ticked:
        """What of the catalogue a profile holds in full, and the wishes beyond that."""
        held = frozenset(profile.interests)
        topics = [t for g in self.groups for t in g.topics if held.issuperset(t.interests)]
        categories = [c for a in self.archives for c in a.categories if c.interest in held]
        covered = {i for t in topics for i in t.interests} | {c.interest for c in categories}
        return Ticked(
            frozenset(topic.id for topic in topics),
            frozenset(category.code for category in categories),
            Profile(tuple(i for i in profile.interests if i not in covered)),
        )


@dataclass(frozen=True, slots=True)
class Ticked:
    """A profile as a form shows it: topic ids, category codes, and the rest in free words."""

    topics: frozenset[str]
    categories: frozenset[str]
    rest: Profile


@cache
def catalogue() -> Catalogue:
    """The catalogue that ships with the package."""
    text = resources.files("subscribers").joinpath("catalogue.toml").read_text("utf-8")
    data = tomllib.loads(text)
    return Catalogue(
        tuple(
            TopicGroup(
                group["label"],
                tuple(
                    Topic(t["id"], t["label"], tuple(parse_wish(w) for w in t["wishes"]))
                    for t in group["topics"]
                ),
            )
            for group in data["groups"]
        ),
        tuple(
            Archive(label, tuple(Category(code, name) for code, name in categories.items()))
            for label, categories in data["archives"].items()
        ),
    )
