"""The archive's space: learned now and then, stored, and read by all who plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from newsletter.match.features import text_words
from newsletter.match.packed import pack_space, unpack_space
from newsletter.match.space import SMALLEST_ARCHIVE, Space, fit_space
from newsletter.store import reading, spaces
from newsletter.store.engine import Sessions
from newsletter.store.engine import reading as reading_sessions

ARCHIVE_TEXTS = 6000
SPACE_DAYS = 7
# The clockwork renews the space in the night. Where there is none, a run does it, somewhat later.
OVERDUE_DAYS = 2 * SPACE_DAYS
UNSTORED = 0
"""The version of a space that was learned only to look."""

log = structlog.get_logger()


@dataclass
class Spaces:
    """Keeps the newest stored space in memory. `encoder`: whose vectors it has, "" for none."""

    encoder: str = ""
    _kept: tuple[int, Space] | None = field(default=None, repr=False)

    def space(self, session: Session, now: datetime) -> tuple[int, Space] | None:
        """The newest space and its version, or None while the archive is too small.

        Only reads: where none was stored yet, one is learned and forgotten (`UNSTORED`).
        """
        found = self.stored(session)
        if found is None and (texts := _archive(session, now)):
            return UNSTORED, unpack_space(_learned(texts))
        return found

    def stored(self, session: Session) -> tuple[int, Space] | None:
        """The newest stored space and its version, if there is one."""
        newest, kept = spaces.newest(session, self.encoder), self._kept
        if newest is None:
            return None
        if kept is None or kept[0] != newest.version:
            kept = newest.version, unpack_space(spaces.read(session, newest.version))
            self._kept = kept
        return kept

    def refresh(self, sessions: Sessions, now: datetime, *, days: int = SPACE_DAYS) -> bool:
        """Learn and store a space where there is none, or the newest is older than `days`.

        False if nothing was stored: it is young enough, the archive is too small, or another process
        did the same meanwhile.
        """
        with reading_sessions(sessions)() as session:
            newest = spaces.newest(session, self.encoder)
            if newest is not None and now - newest.made_at < timedelta(days=days):
                return False
            texts = _archive(session, now)
        if not texts:
            return False
        data = _learned(texts)  # outside any transaction: it takes seconds
        with sessions.begin() as session:
            return spaces.save(
                session, self.encoder, data, papers=len(texts), after=newest, now=now
            )


def _archive(session: Session, until: datetime) -> list[str]:
    """The latest texts; none where they are too few."""
    texts = list(reading.archive_texts(session, until, ARCHIVE_TEXTS))
    return texts if len(texts) >= SMALLEST_ARCHIVE else []


def _learned(texts: list[str]) -> bytes:
    log.info("space.learning", papers=len(texts))
    return pack_space(fit_space(text_words(*text.split("\n", 1)) for text in texts))
