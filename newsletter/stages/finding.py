"""Stored papers by what people call them: one of their keys, or their title."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from newsletter.match.query import Query
from newsletter.match.words import tokens
from newsletter.render.cards import shown_title
from newsletter.store import reading, search
from newsletter.store.engine import Sessions
from newsletter.store.engine import reading as reading_sessions
from newsletter.store.search import Asked
from subscribers.finding import FoundPaper, FoundPapers

_FEWEST_WORDS = 2
_LIKELY = 10
"""So many of the newest papers that hold a title's words side by side are looked at."""


class Finder:
    """Looks papers up for the pages. Only reads."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = reading_sessions(sessions)

    def find(self, keys: Sequence[str], titles: Sequence[str]) -> FoundPapers:
        """The papers by these keys and titles, each under what it was asked by; unknown ones are
        absent.
        """
        with self._sessions() as session:
            # What no database can hold is nobody's key; PostgreSQL would refuse the question.
            ids = reading.ids_by_key(session, [key for key in keys if key.isprintable()])
            named = {title: self._by_title(session, title) for title in dict.fromkeys(titles)}
            wanted = {*ids.values(), *(id_ for id_ in named.values() if id_ is not None)}
            entries = reading.entries_by_id(session, wanted)
        papers = {
            id_: FoundPaper(each.key, shown_title(each.title)) for id_, each in entries.items()
        }
        return FoundPapers(
            {key: papers[id_] for key, id_ in ids.items() if id_ in papers},
            {title: papers[id_] for title, id_ in named.items() if id_ in papers},
        )

    def _by_title(self, session: Session, title: str) -> int | None:
        wanted = tokens(title)
        if len(wanted) < _FEWEST_WORDS:
            return None
        asked = Asked((((tuple(wanted),),),))
        found = search.candidates(session, Query(), asked, _LIKELY, ranked=False)
        entries = reading.entries_by_id(session, [each.entry_id for each in found])
        same = (id_ for id_, each in entries.items() if tokens(each.title) == wanted)
        return min(same, default=None)
