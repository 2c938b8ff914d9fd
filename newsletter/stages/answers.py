"""Keeps what was read for the site until something is written."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import TypeVar, cast

from sqlalchemy.orm import Session

from newsletter.store import browsing

T = TypeVar("T")

# Heat fades and batches fall due as time passes, though nothing is written.
_FRESH_FOR = timedelta(minutes=10)
_KEPT = 2_000


@dataclass
class Answers:
    """Values by what was asked for, as of one state of the database. Threads may share it."""

    _answers: OrderedDict[Hashable, object] = field(default_factory=OrderedDict, repr=False)
    _of: Hashable = None
    _lock: Lock = field(default_factory=Lock, repr=False)

    def once(self, session: Session, asked: Hashable, now: datetime, read: Callable[[], T]) -> T:
        """What `read` returns, or returned before and nothing was written since."""
        state = (browsing.version(session), stretch(now))
        with self._lock:
            if self._of != state:
                self._answers.clear()
                self._of = state
            elif asked in self._answers:
                self._answers.move_to_end(asked)
                return cast("T", self._answers[asked])
        found = read()
        with self._lock:
            if self._of == state:
                self._answers[asked] = found
                while len(self._answers) > _KEPT:
                    self._answers.popitem(last=False)
        return found


def stretch(now: datetime) -> int:
    """The number of the ten minutes that a moment is in: what is kept is told anew in the next."""
    return int(now.timestamp() // _FRESH_FOR.total_seconds())
