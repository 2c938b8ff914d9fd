"""What is known of one paper from several listings: the best of each field, whoever came first.

Each field is the maximum of what was ever shown of it: merging is commutative and idempotent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from newsletter.model import Listed

#: Fields that a new version of a paper rewrites: the highest version wins, then the longest.
VERSIONED = ("title", "abstract", "authors", "categories", "comment")
#: Fields that sources add to a paper: the longest wins.
ADDED = ("organisation", "tldr", "keywords")
#: Addresses: the shortest wins, being the plainest.
ADDRESSES = ("url", "pdf_url", "code_url")
_LISTS = frozenset({"authors", "categories", "keywords"})
_OPTIONAL = frozenset({"comment", "organisation", "tldr", "pdf_url", "code_url"})

#: Where `field_versions` keeps the version that was taken back (0: the source named none).
WITHDRAWN = "withdrawn"

_RANKS = {"arxiv": 0, "doi": 1, "url": 2}


@dataclass(frozen=True, slots=True)
class Facts:
    """A paper's fields, each with the version that it comes from (0: the source named none).

    `withdrawn`: the highest version that was told to be taken back, None where none was.
    """

    fields: Mapping[str, tuple[int, Any]]
    version: int
    published_at: datetime | None
    first_listed_on: date
    withdrawn: int | None = None

    @property
    def is_withdrawn(self) -> bool:
        """Whether the paper is taken back, and no later version put it right."""
        return self.withdrawn is not None and (not self.withdrawn or self.withdrawn >= self.version)

    def columns(self) -> dict[str, Any]:
        """The columns of the entry's row that these facts make up."""
        shown = {name: self._shown(name) for name in (*VERSIONED, *ADDED, *ADDRESSES)}
        behind = {
            name: version
            for name in VERSIONED
            if (version := self.fields.get(name, (self.version,))[0]) != self.version
        }
        if self.withdrawn is not None:
            behind[WITHDRAWN] = self.withdrawn
        return shown | {
            "version": self.version or None,
            "field_versions": behind,
            "published_at": self.published_at,
            "first_listed_on": self.first_listed_on,
        }

    def _shown(self, name: str) -> Any:
        value = self.fields[name][1] if name in self.fields else None
        if name in _LISTS:
            return list(value or ())
        return value or (None if name in _OPTIONAL else "")


def of_listed(paper: Listed) -> Facts:
    """What one listing tells."""
    version = paper.version or 0
    fields = {name: (version, getattr(paper, name)) for name in VERSIONED}
    fields |= {name: (0, getattr(paper, name)) for name in (*ADDED, *ADDRESSES)}
    withdrawn = version if paper.withdrawn else None
    return Facts(_present(fields), version, paper.published_at, paper.day, withdrawn)


def of_row(row: Mapping[str, Any]) -> Facts:
    """What the stored entry tells."""
    version = row["version"] or 0
    behind = row["field_versions"]
    fields = {name: (behind.get(name, version), row[name]) for name in VERSIONED}
    fields |= {name: (0, row[name]) for name in (*ADDED, *ADDRESSES)}
    return Facts(
        _present(fields),
        version,
        row["published_at"],
        row["first_listed_on"],
        behind.get(WITHDRAWN),
    )


def merged(one: Facts, other: Facts) -> Facts:
    """The best of both."""
    fields = dict(one.fields)
    for name, candidate in other.fields.items():
        if name not in fields or _worth(name, candidate) > _worth(name, fields[name]):
            fields[name] = candidate
    published = [moment for moment in (one.published_at, other.published_at) if moment]
    withdrawn = [told for told in (one.withdrawn, other.withdrawn) if told is not None]
    return Facts(
        fields,
        max(one.version, other.version),
        min(published, default=None),
        min(one.first_listed_on, other.first_listed_on),
        max(withdrawn, default=None),
    )


def strongest(keys: Mapping[str, Any] | set[str]) -> str:
    """The key that names the entry: arXiv's before a DOI before an address."""
    return min(keys, key=lambda key: (_RANKS.get(key.partition(":")[0], 3), key))


def _present(fields: Mapping[str, tuple[int, Any]]) -> dict[str, tuple[int, Any]]:
    return {
        name: (version, tuple(value) if name in _LISTS else value)
        for name, (version, value) in fields.items()
        if value
    }


def _worth(name: str, candidate: tuple[int, Any]) -> tuple[int, int, Any]:
    version, value = candidate
    return version, -len(value) if name in ADDRESSES else len(value), value
