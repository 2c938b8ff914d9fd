"""Entries as lists show them: with their numbers and their sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from newsletter.match.trending import Heat
from newsletter.stages.browsed import Shown
from newsletter.store import browsing, reading

_SHOWN = ("votes", "comments", "hn-points", "stars")


def shown(
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
                entry=full,
                day=ids[id_] if isinstance(ids, Mapping) else last,
                stars=numbers.get((id_, "stars"), 0),
                heat=heat.value if heat else 0.0,
                hot=heat is not None and heat.hot,
            )
        )
    return tuple(found)
