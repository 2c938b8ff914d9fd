"""What a source of social attention must offer: numbers about papers that are already known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from newsletter.collect.http import Http
from newsletter.collect.keys import keys_of
from newsletter.model import Watched


@dataclass(frozen=True, slots=True)
class Observed:
    """A number about one paper: its entry's id, a kind such as `hn-points`, the value.

    `at_least`: the source only counts what it still shows, so a lower number means nothing.
    """

    entry_id: int
    kind: str
    value: int
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """What one visit brought, with one clear line for each thing that is wrong or worth telling."""

    observed: tuple[Observed, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class SignalSource(Protocol):
    """A place where papers are talked about. A number belongs to a paper by id or address only."""

    def observe(self, watched: Sequence[Watched], http: Http, now: datetime) -> Observation:
        """The numbers about these papers. Raises SourceError when the place cannot be read."""
        ...


class Index:
    """Finds the watched paper that an address belongs to."""

    def __init__(self, watched: Iterable[Watched]) -> None:
        self._ids = {key: paper.entry_id for paper in watched for key in paper.keys}

    def find(self, address: str) -> int | None:
        """The entry whose canonical keys the address names, or None."""
        return next((self._ids[key] for key in keys_of(address) if key in self._ids), None)


def highest(found: Iterable[tuple[int, Mapping[str, int]]]) -> tuple[Observed, ...]:
    """The numbers of several posts about the same papers, each paper with its highest."""
    best: dict[tuple[int, str], int] = {}
    for entry_id, numbers in found:
        for kind, value in numbers.items():
            best[entry_id, kind] = max(value, best.get((entry_id, kind), 0))
    return tuple(Observed(entry_id, kind, value) for (entry_id, kind), value in best.items())
