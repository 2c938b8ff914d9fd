"""What public pages, feeds and the API show of the papers: days, weeks, months, names, one paper.

Everything is read at most once for as long as nothing was written: `Browser` keeps what it answered until
`version` changes, so that a page that many look at costs a look-up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256

from sqlalchemy.orm import Session

from newsletter.match.lookup import lookup
from newsletter.match.names import listed_as, organisation_key
from newsletter.match.query import Clue, ClueKind, Query
from newsletter.match.trending import WEIGHTS
from newsletter.stages.answers import Answers, stretch
from newsletter.stages.boards import COUNTED, Board, day_board, settled_at, talk
from newsletter.stages.browsed import DayOrder, DayPage, ListPage, PaperPage, Shown, SpanPage
from newsletter.stages.papers import paper_page
from newsletter.stages.quiet import batches, why_quiet
from newsletter.stages.showing import shown as as_shown
from newsletter.store import browsing, records, search
from newsletter.store.search import Asked
from subscribers.errors import ProfileError
from subscribers.profile import parse_wish

MOST_A_PAGE = 100
MOST_LISTED = 500
"""Of the papers of a name or a category so many of the newest can be turned over."""


@dataclass
class Browser:
    """Answers what the site asks. Threads may share one; there should be one a process."""

    _answers: Answers = field(default_factory=Answers, repr=False)

    def version(self, session: Session, now: datetime, until: date | None = None) -> str:
        """Names the state of everything that lists show: for an ETag. One cheap statement.

        It also changes every ten minutes, unless what is shown ends at a day `until` that is long over.
        """
        over = until is not None and now >= settled_at(until)
        told = (browsing.version(session), None if over else stretch(now))
        return sha256(repr(told).encode()).hexdigest()[:24]

    def paper_version(self, session: Session, key: str) -> str | None:
        """Names the state of one paper by any of its keys; None where there is none."""
        told = records.version(session, key)
        return None if told is None else sha256(repr(told).encode()).hexdigest()[:24]

    def day(
        self,
        session: Session,
        day: date,
        now: datetime,
        *,
        order: DayOrder = DayOrder.TRENDING,
        category: str = "",
        source: str = "",
        offset: int = 0,
        count: int = 50,
    ) -> DayPage:
        """A part of a day's papers. `category`: a category or archive; `source`: see `DayPage.sources`."""
        asked = ("page", day, order, category, source, *_part(offset, count))

        def read() -> DayPage:
            board = self._board(session, day, now)
            chosen = board.chosen(order, category, source)
            start, many = _part(offset, count)
            shown = chosen[start : start + many]
            run = browsing.edition(session, day)
            brought = batches(board.counts, run.report if run else None)
            before, after = browsing.neighbours(session, day, day)
            return DayPage(
                day=day, order=order, offset=start, total=len(chosen), listed=len(board.rows),
                papers=as_shown(
                    session, {row.entry_id: day for row in shown}, now,
                    {row.entry_id: row.heat for row in shown},
                ),
                before=before, after=after,
                categories=board.categories(), sources=board.sources(), batches=brought,
                quiet=why_quiet(
                    day, now, counts=board.counts, kinds=board.kinds, brought=brought,
                    collected=run is not None and run.collected_at is not None,
                ),
                collected_at=run.collected_at if run else None,
            )  # fmt: skip

        return self._answers.once(session, asked, now, read)

    def latest_day(self, session: Session, now: datetime) -> date | None:
        """The latest day up to today that has papers; None where there are none at all."""
        tomorrow = now.date() + timedelta(days=1)
        return self._answers.once(
            session, ("latest",), now, lambda: browsing.neighbours(session, tomorrow, tomorrow)[0]
        )

    def span(
        self,
        session: Session,
        first: date,
        last: date,
        now: datetime,
        *,
        offset: int = 0,
        count: int = 50,
    ) -> SpanPage:
        """The most talked about of a week, a month or any other days, by all that was said of them.

        Where hardly any are talked about, the newest follow.
        """
        start, many = _part(offset, count)

        def read() -> SpanPage:
            ranked = self._ranked(session, first, last, now)
            ids = list(ranked)[start : start + many]
            before, after = browsing.neighbours(session, first, last)
            return SpanPage(
                first=first, last=last, offset=start, total=len(ranked),
                listed=browsing.count_between(session, first, last),
                papers=as_shown(session, {id_: ranked[id_] for id_ in ids}, now),
                before=before, after=after,
            )  # fmt: skip

        return self._answers.once(session, ("span", first, last, start, many), now, read)

    def days(self, session: Session, first: date, last: date, now: datetime) -> Mapping[date, int]:
        """How many papers each day has, for a calendar; days without any are absent."""
        return self._answers.once(
            session, ("days", first, last), now, lambda: browsing.counts(session, first, last)
        )

    def months(self, session: Session, now: datetime) -> Mapping[tuple[int, int], int]:
        """(year, month) -> how many papers were first listed in it, in order of time."""

        def read() -> dict[tuple[int, int], int]:
            found: dict[tuple[int, int], int] = {}
            for day, count in browsing.first_listed_counts(session).items():
                month = (day.year, day.month)
                found[month] = found.get(month, 0) + count
            return found

        return self._answers.once(session, ("months",), now, read)

    def by_author(
        self, session: Session, name: str, now: datetime, *, offset: int = 0, count: int = 50
    ) -> ListPage:
        """The papers of everybody whom a name may mean, the newest first."""
        return self._list(session, Clue(ClueKind.AUTHOR, name), now, offset, count)

    def by_organisation(
        self, session: Session, name: str, now: datetime, *, offset: int = 0, count: int = 50
    ) -> ListPage:
        """The papers whose organisation has all words of a name, side by side, the newest first."""
        return self._list(session, Clue(ClueKind.ORGANISATION, name), now, offset, count)

    def in_category(
        self, session: Session, category: str, now: datetime, *, offset: int = 0, count: int = 50
    ) -> ListPage:
        """The papers of a category or archive, the newest first; none for what is no category."""
        try:
            clue = Clue(ClueKind.CATEGORY, parse_wish(f"cat:{category}").text)
        except ProfileError:
            return ListPage(name=category, papers=(), total=0)
        return self._list(session, clue, now, offset, count)

    def paper(self, session: Session, key: str, now: datetime) -> PaperPage | None:
        """One paper by any of its keys; None where there is none."""
        return paper_page(session, key, now)

    def shown(
        self, session: Session, ids: Mapping[int, date] | list[int], now: datetime
    ) -> tuple[Shown, ...]:
        """Papers as lists show them, in the order given: what a search or a look-up has found."""
        return as_shown(session, ids, now)

    def _board(self, session: Session, day: date, now: datetime) -> Board:
        return self._answers.once(
            session, ("board", day), now, lambda: day_board(session, day, now)
        )

    def _ranked(self, session: Session, first: date, last: date, now: datetime) -> dict[int, date]:
        def read() -> dict[int, date]:
            spoken = browsing.spoken_of(session, first, last, WEIGHTS)
            stood: dict[int, dict[str, int]] = {}
            for entry_id, kind, value in browsing.highest(session, list(spoken), COUNTED):
                stood.setdefault(entry_id, {})[kind] = value
            ranked = sorted(spoken, key=lambda id_: (-talk(stood.get(id_, {})), -id_))
            found = {id_: spoken[id_] for id_ in ranked[:MOST_LISTED]}
            if len(found) < MOST_A_PAGE:
                found = {**browsing.newest_of(session, first, last, MOST_A_PAGE), **found}
                rest = [id_ for id_ in found if id_ not in spoken]
                found = {id_: found[id_] for id_ in [*ranked, *rest][:MOST_LISTED]}
            return found

        return self._answers.once(session, ("ranked", first, last), now, read)

    def _list(
        self, session: Session, clue: Clue, now: datetime, offset: int, count: int
    ) -> ListPage:
        start, many = _part(offset, count)

        def read() -> ListPage:
            query = Query(wanted=(clue,))
            look = lookup(query)
            hits = (
                search.candidates(session, query, Asked.all_of(look), MOST_LISTED + 1, ranked=False)
                if look.needs
                else []
            )
            ids = [hit.entry_id for hit in hits[:MOST_LISTED]]
            papers = as_shown(session, ids[start : start + many], now)
            return ListPage(
                name=_known_as(clue, papers), papers=papers, total=len(ids),
                cut=len(hits) > MOST_LISTED, offset=start,
            )  # fmt: skip

        return self._answers.once(session, ("list", clue, start, many), now, read)


def _known_as(clue: Clue, papers: tuple[Shown, ...]) -> str:
    if clue.kind is ClueKind.AUTHOR:
        listed = (listed_as(clue.text, paper.entry.authors) for paper in papers)
        return next(filter(None, listed), clue.text)
    if clue.kind is ClueKind.ORGANISATION:
        wanted = organisation_key(clue.text)
        same = (
            paper.entry.organisation
            for paper in papers
            if paper.entry.organisation and organisation_key(paper.entry.organisation) == wanted
        )
        return next(same, clue.text)
    return clue.text


def _part(offset: int, count: int) -> tuple[int, int]:
    return max(offset, 0), min(max(count, 0), MOST_A_PAGE)
