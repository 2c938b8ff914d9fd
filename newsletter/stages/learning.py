"""Learning ahead of time, so that in a reader's morning nothing is left to learn."""

from __future__ import annotations

from datetime import datetime

from newsletter.stages.spaces import Spaces
from newsletter.stages.tastes import Tastes, readers_of
from newsletter.store import tastes
from newsletter.store.engine import Sessions
from newsletter.store.engine import reading as reading_sessions
from subscribers import audience

_BLOCK = 500
# Two minutes or so of work: whoever stops the process need not wait longer.
_AT_ONCE = 20_000


def learn_stale(sessions: Sessions, spaces: Spaces, now: datetime, limit: int = _AT_ONCE) -> int:
    """Learn and store the profiles that are out of date, of `limit` readers at most; how many.

    In the order of ids, each block in a short transaction of its own, with learning outside of it.
    Nothing happens while no space is stored.
    """
    with reading_sessions(sessions)() as session:
        found = spaces.stored(session)
    if found is None:
        return 0
    known, after, count = Tastes(*found, now, spaces.meaning), 0, 0
    while count < limit:
        with reading_sessions(sessions)() as session:
            ids = tastes.stale(
                session, known.standard, after=after, limit=min(_BLOCK, limit - count)
            )
            if not ids:
                break
            members = audience.among(session, ids, now=now)
            learned = known.learn(session, members, readers_of(session, members, now))
        with sessions.begin() as session:
            count += learned.save(session)
        after = ids[-1]
    return count
