"""The archive's space, learned once a day in each process that plans."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

import structlog
from sqlalchemy.orm import Session

from newsletter.match.features import text_words
from newsletter.match.space import SMALLEST_ARCHIVE, Space, fit_space
from newsletter.store import reading

ARCHIVE_TEXTS = 6000

log = structlog.get_logger()


@dataclass
class Spaces:
    """Keeps the space of one day. All who plan on a day from one archive have the same."""

    _kept: dict[date, Space | None] = field(default_factory=dict, repr=False)

    def space(self, session: Session, now: datetime) -> Space | None:
        """The space as of the beginning of the day (UTC), or None while the archive is too small."""
        day = now.astimezone(UTC).date()
        if day not in self._kept:
            self._kept.clear()
            self._kept[day] = self._learn(session, datetime.combine(day, time(), UTC))
        return self._kept[day]

    def _learn(self, session: Session, until: datetime) -> Space | None:
        texts = list(reading.archive_texts(session, until, ARCHIVE_TEXTS))
        if len(texts) < SMALLEST_ARCHIVE:
            return None
        log.info("space.learning", papers=len(texts))
        return fit_space(text_words(*text.split("\n", 1)) for text in texts)
