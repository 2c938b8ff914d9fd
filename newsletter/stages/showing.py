"""Entries as lists show them: with their numbers, their sources and a sentence or two."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from threading import Lock

from sqlalchemy.orm import Session

from newsletter.match.trending import Heat
from newsletter.model import Entry, Summary
from newsletter.stages.browsed import Shown
from newsletter.store import browsing, reading
from newsletter.summarise.choose import summary_of

LONGEST_TLDR = 300
"""Characters."""

_KEPT = 20_000
_SHOWN = ("votes", "comments", "hn-points", "stars")


@dataclass
class Showing:
    """Makes `Shown` values. Choosing sentences takes long, so what was chosen is kept; threads may share
    one.
    """

    _chosen: OrderedDict[Hashable, Summary] = field(default_factory=OrderedDict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def shown(
        self,
        session: Session,
        ids: Mapping[int, date] | list[int],
        now: datetime,
        heats: Mapping[int, Heat] | None = None,
    ) -> tuple[Shown, ...]:
        """The entries in the order given, with numbers as of now; without a day, that of the last listing.

        Unknown ids are left out.
        """
        entries = reading.entries_by_id(session, list(ids))
        facts = browsing.listing_facts(session, entries)
        kinds = {place.id: place.kind for place in browsing.places(session).values()}
        numbers: dict[tuple[int, str], int] = {}
        for entry_id, kind, _, value in browsing.signals_of(session, list(entries), _SHOWN, now):
            numbers[entry_id, kind] = value
        found = []
        for id_ in ids:
            if (entry := entries.get(id_)) is None:
                continue
            last, sources = facts.get(id_, (entry.first_listed_on, ()))
            full = replace(
                entry,
                votes=numbers.get((id_, "votes"), entry.votes),
                comments=numbers.get((id_, "comments"), entry.comments),
                points=numbers.get((id_, "hn-points"), 0),
                sources=tuple(sorted({kinds[each] for each in sources if each in kinds})),
            )
            heat = (heats or {}).get(id_)
            found.append(
                Shown(
                    entry=full, tldr=self._tldr(full),
                    day=ids[id_] if isinstance(ids, Mapping) else last,
                    stars=numbers.get((id_, "stars"), 0),
                    heat=heat.value if heat else 0.0, hot=heat is not None and heat.hot,
                )
            )  # fmt: skip
        return tuple(found)

    def _tldr(self, entry: Entry) -> Summary:
        mark = (entry.id, hash((entry.title, entry.abstract, entry.tldr, entry.written)))
        with self._lock:
            if mark in self._chosen:
                self._chosen.move_to_end(mark)
                return self._chosen[mark]
        chosen = summary_of(entry, LONGEST_TLDR)
        with self._lock:
            self._chosen[mark] = chosen
            while len(self._chosen) > _KEPT:
                self._chosen.popitem(last=False)
        return chosen
