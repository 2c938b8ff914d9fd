"""How common what somebody asks for is among the latest papers, so that a form can say so."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsletter.match.features import text_words
from newsletter.match.phrases import Shelf
from newsletter.match.wishes import wish_of
from newsletter.match.words import STOP, tokens
from newsletter.store.engine import Sessions
from newsletter.store.reading import archive_texts
from subscribers.profile import Interest, Kind

PAPERS = 2000
FEWEST = 100  # of fewer papers a share says little
TOO_COMMON = 1 / 3
_KEPT = timedelta(hours=6)


@dataclass(frozen=True)
class _Latest:
    """The latest papers as they were read at a moment."""

    shelf: Shelf
    papers: int
    read_at: datetime


@dataclass
class Commonness:
    """Keeps the latest papers of a process for some hours. `sessions` only read."""

    sessions: Sessions
    now: Callable[[], datetime]
    _latest: _Latest | None = field(default=None, repr=False)
    _reading: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def too_common(self, interests: Sequence[Interest]) -> dict[Interest, float]:
        """The topics and phrases among these that over a third of the papers meet, with their share.

        Nothing while there are too few papers to tell.
        """
        latest = self._read()
        if latest.papers < FEWEST:
            return {}
        shares = {one: _meeting(latest.shelf, one) / latest.papers for one in interests}
        return {interest: share for interest, share in shares.items() if share > TOO_COMMON}

    def share_of(self, phrase: str) -> float | None:
        """The share of the papers that hold a phrase; None while there are too few papers to tell."""
        latest = self._read()
        if latest.papers < FEWEST:
            return None
        return len(latest.shelf.holding(phrase)) / latest.papers

    def _read(self) -> _Latest:
        with self._reading:  # one reads; whoever asks meanwhile waits for it
            now = self.now()
            if self._latest is None or now - self._latest.read_at > _KEPT:
                self._latest = self._fresh(now)
            latest = self._latest
            if latest.papers < FEWEST:
                self._latest = None  # the first papers of a new installation may come any minute
            return latest

    def _fresh(self, now: datetime) -> _Latest:
        with self.sessions() as session:
            texts = [text.split("\n", 1) for text in archive_texts(session, now, PAPERS)]
        words = [text_words(title, abstract) for title, abstract in texts]
        return _Latest(Shelf.of(words), len(words), now)


def _meeting(shelf: Shelf, interest: Interest) -> int:
    """How many papers hold a phrase, or all words of a topic wherever they stand."""
    kind, text = wish_of(interest)
    if kind is Kind.PHRASE or (kind is Kind.TOPIC and interest.muted):
        return len(shelf.holding(text))
    if kind is Kind.TOPIC:
        return len(shelf.with_all({word for word in tokens(text) if word not in STOP}))
    return 0
