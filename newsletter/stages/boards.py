"""A day's papers in order: light rows, read once and sorted, filtered and counted in memory."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from sqlalchemy.orm import Session

from newsletter.match import trending
from newsletter.match.trending import WEIGHTS, Attention, Heat
from newsletter.stages.browsed import DayOrder, Facet
from newsletter.stages.origins import Origin, origin_of
from newsletter.store import browsing
from newsletter.store.attention import first_voted_on

COUNTED = frozenset({*WEIGHTS, "stars"})
"""The signals that lists show or are sorted by."""

_DAY = timedelta(days=1)
_COLD = Heat(0.0, hot=False)

Numbers = Mapping[str, int]
"""How high each signal of an entry stood."""


@dataclass(frozen=True, slots=True)
class Row:
    """A paper of a day, without its texts."""

    entry_id: int
    categories: tuple[str, ...]
    places: frozenset[Origin]
    first_seen_at: datetime
    numbers: Numbers
    heat: Heat

    @property
    def talk(self) -> float:
        """All attention to it, weighted."""
        return talk(self.numbers)


@dataclass(frozen=True, slots=True)
class Board:
    """All papers of a day, and how many each place listed."""

    rows: tuple[Row, ...]
    counts: Mapping[Origin, int]
    kinds: tuple[str, ...]

    def chosen(self, order: DayOrder, category: str, source: str) -> list[Row]:
        """The rows that meet the filters ("" lets all through), in order; a category may be an archive."""
        found = [
            row
            for row in self.rows
            if (not category or any(_within(category, each) for each in row.categories))
            and (not source or any(place.value == source for place in row.places))
        ]
        return sorted(found, key=_KEYS[order], reverse=True)

    def categories(self) -> tuple[Facet, ...]:
        """The categories with their numbers of papers, the most first."""
        many = Counter(each for row in self.rows for each in dict.fromkeys(row.categories))
        ranked = sorted(many.items(), key=lambda item: (-item[1], item[0]))
        return tuple(Facet(name, name, count) for name, count in ranked)

    def sources(self) -> tuple[Facet, ...]:
        """The places with their numbers of papers, the most first."""
        ranked = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        return tuple(Facet(place.value, place.name, count) for place, count in ranked)


def talk(numbers: Numbers) -> float:
    """Attention as `match.trending` weighs it."""
    return sum(weight * numbers.get(kind, 0) for kind, weight in WEIGHTS.items())


def settled_at(last: date) -> datetime:
    """When the order of a day stays as it is: a day after it ended."""
    return datetime.combine(last + 2 * _DAY, time(), UTC)


def day_board(session: Session, day: date, now: datetime) -> Board:
    """The board of a day. What trended on a day that is over is told as of a day after its end."""
    places = browsing.places(session)
    listings = browsing.listed_on(session, day)
    of_entry = defaultdict(list)
    for listing in listings:
        of_entry[listing.entry_id].append(listing)
    said = history(session, list(of_entry), now)
    first_listed = {id_: shown[0].first_listed_on for id_, shown in of_entry.items()}
    heat = _heats(session, first_listed, said, min(now, settled_at(day)))
    rows = []
    counts: Counter[Origin] = Counter()
    for entry_id, shown in of_entry.items():
        origins = frozenset(
            origin_of(places[each.source_id].kind, places[each.source_id].name) for each in shown
        )
        counts.update(origins)
        numbers = {kind: line[-1][1] for kind, line in said.get(entry_id, {}).items()}
        rows.append(
            Row(
                entry_id, tuple(shown[0].categories), origins, shown[0].first_seen_at, numbers,
                heat.get(entry_id, _COLD),
            )
        )  # fmt: skip
    return Board(tuple(rows), counts, tuple(place.kind for place in places.values()))


def history(
    session: Session, ids: Sequence[int], moment: datetime
) -> dict[int, dict[str, list[tuple[datetime, int]]]]:
    """How each entry's signals grew until a moment: entry -> kind -> (when, value) in time order."""
    found: dict[int, dict[str, list[tuple[datetime, int]]]] = {}
    rows = browsing.signals_of(session, ids, COUNTED, moment)
    for (entry_id, kind), line in groupby(rows, key=lambda row: row[:2]):
        found.setdefault(entry_id, {})[kind] = [(at, value) for _, _, at, value in line]
    return found


def _heats(
    session: Session,
    first_listed: Mapping[int, date],
    said: Mapping[int, Mapping[str, Sequence[tuple[datetime, int]]]],
    moment: datetime,
) -> dict[int, Heat]:
    spoken = {
        id_: {kind: [each for each in line if each[0] <= moment] for kind, line in lines.items()}
        for id_, lines in said.items()
        if lines.keys() & WEIGHTS.keys()
    }
    since = {id_: first_listed[id_] for id_ in spoken}
    since |= first_voted_on(session, list(spoken))
    attention = [
        Attention(id_, datetime.combine(since[id_], time(), UTC), lines)
        for id_, lines in spoken.items()
    ]
    found = trending.heats(attention, moment, trending.DAILY)
    return {each.entry_id: heat for each, heat in zip(attention, found, strict=True)}


def _within(wanted: str, category: str) -> bool:
    return category == wanted or category.startswith(f"{wanted}.")


_KEYS = {
    DayOrder.TRENDING: lambda row: (
        row.heat.hot, row.talk > 0, row.heat.value, row.talk, row.entry_id,
    ),
    DayOrder.NEWEST: lambda row: (row.first_seen_at, row.entry_id),
    DayOrder.DISCUSSED: lambda row: (
        row.numbers.get("comments", 0) + row.numbers.get("hn-comments", 0), row.talk, row.entry_id,
    ),
}  # fmt: skip
