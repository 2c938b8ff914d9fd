"""The archive's space: learned now and then, stored, and read by all who plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import structlog
from sqlalchemy.orm import Session

from newsletter.errors import EncoderError
from newsletter.match.features import text_words
from newsletter.match.packed import pack_space, unpack_space
from newsletter.match.space import SMALLEST_ARCHIVE, Space, fit_space
from newsletter.match.vocabulary import Floats
from newsletter.stages.meaning import Meaning
from newsletter.store import reading, spaces
from newsletter.store.engine import Sessions
from newsletter.store.engine import reading as reading_sessions
from subscribers.profile import Kind

ARCHIVE_TEXTS = 12_000
SPACE_DAYS = 7
# The clockwork renews the space in the night. Where there is none, a run does it, somewhat later.
OVERDUE_DAYS = 2 * SPACE_DAYS
UNSTORED = 0
"""The version of a space that was learned only to look."""

log = structlog.get_logger()


@dataclass
class Spaces:
    """Keeps the newest stored space in memory. `meaning`: whose vectors it has besides, if any.

    Until enough papers are encoded, and while the encoder cannot be used, a space without them serves.
    """

    meaning: Meaning | None = None
    _kept: tuple[int, Space] | None = field(default=None, repr=False)

    def space(self, session: Session, now: datetime) -> tuple[int, Space] | None:
        """The newest space and its version, or None while the archive is too small.

        Only reads: where none was stored yet, one is learned and forgotten (`UNSTORED`).
        """
        found = self.stored(session)
        if found is None and (archive := self._archive(session, now)):
            return UNSTORED, unpack_space(_learned(archive))
        return found

    def stored(self, session: Session) -> tuple[int, Space] | None:
        """The newest stored space and its version, if there is one."""
        newest, kept = self._newest(session), self._kept
        if newest is None:
            return None
        if kept is None or kept[0] != newest.version:
            kept = newest.version, unpack_space(spaces.read(session, newest.version))
            self._kept = kept
        return kept

    def refresh(self, sessions: Sessions, now: datetime, *, days: int = SPACE_DAYS) -> bool:
        """Learn and store a space where there is none, or the newest is older than `days` or of half
        the papers that there are by now.

        False if nothing was stored: it is young enough, the archive is too small, or another process
        did the same meanwhile.
        """
        with reading_sessions(sessions)() as session:
            if self._young(session, self._named(), now, days):
                return False
            archive = self._archive(session, now)
            if archive is None or self._young(session, archive.encoder, now, days):
                return False
            newest = spaces.newest(session, archive.encoder)
        data = _learned(archive)  # outside any transaction: it takes seconds
        papers = len(archive.texts)
        with sessions.begin() as session:
            return spaces.save(session, archive.encoder, data, papers=papers, after=newest, now=now)

    def meant_by(self, session: Session, space: Space, keys: Sequence[str]) -> Floats | None:
        """What papers mean, (keys, dimensions); None where the space does not know."""
        if self.meaning is None or not space.encoder:
            return None
        wishes = [(Kind.SEED, key) for key in keys]
        meant = self.meaning.of_wishes(session, wishes, space.dimensions)
        nothing = np.zeros(space.dimensions, np.float32)
        return np.array([meant.get(wish, nothing) for wish in wishes]).reshape(len(keys), -1)

    def _young(self, session: Session, encoder: str, now: datetime, days: int) -> bool:
        newest = spaces.newest(session, encoder)
        if newest is None or now - newest.made_at >= timedelta(days=days):
            return False
        # What was learned from few papers is worth little once there are many more.
        many = 2 * newest.papers
        if many > ARCHIVE_TEXTS:
            return True
        return reading.archive_size(session, now, ARCHIVE_TEXTS, encoder) < many

    def _newest(self, session: Session) -> spaces.Stored | None:
        named = self._named()
        return spaces.newest(session, named) or (spaces.newest(session, "") if named else None)

    def _named(self) -> str:
        if self.meaning is None:
            return ""
        try:
            return self.meaning.encoder.name
        except EncoderError as error:
            log.warning("encoder.failed", error=str(error))
            return ""

    def _archive(self, session: Session, until: datetime) -> _Archive | None:
        """The latest papers: those that are encoded, if they are enough; None where all are too few."""
        papers = reading.archive_papers(session, until, ARCHIVE_TEXTS)
        encoder = self._named()
        if self.meaning is not None and encoder:
            rows = self.meaning.of_entries(session, [id_ for id_, _ in papers])
            encoded = np.flatnonzero(np.count_nonzero(rows, axis=1))
            if len(encoded) >= SMALLEST_ARCHIVE:
                return _Archive([papers[at][1] for at in encoded], encoder, rows[encoded])
        if len(papers) < SMALLEST_ARCHIVE:
            return None
        return _Archive([text for _, text in papers])


@dataclass(frozen=True, slots=True)
class _Archive:
    """What a space is learned from; `semantic`: the encoder's vectors of the texts."""

    texts: Sequence[str]
    encoder: str = ""
    semantic: Floats | None = None


def _learned(archive: _Archive) -> bytes:
    log.info("space.learning", papers=len(archive.texts), encoder=archive.encoder)
    words = (text_words(*text.split("\n", 1)) for text in archive.texts)
    return pack_space(fit_space(words, archive.semantic, archive.encoder))
