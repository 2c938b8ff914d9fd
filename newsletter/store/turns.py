"""Turns at hosts, shared by all processes of one database: one conditional UPDATE decides who is next.

A turn is a row, not a transaction: nothing is locked while a request is on its way. Whoever died with
its turn loses it when the lease ends. The machines' clocks must agree to a second or so.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import case, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from newsletter.store.tables import HostTurn

_ASK_AGAIN = 1.0  # seconds; while another holds the turn nobody knows for how long


class SharedTurns:
    """The turns of one process; see `newsletter.collect.gate.Turns`."""

    def __init__(self, sessions: sessionmaker[Session], now: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._now = now
        self._holder = uuid.uuid4().hex

    def take(self, domain: str, lease: float) -> float:
        """0.0 if it is now our turn, else the seconds until asking again."""
        with self._sessions.begin() as session:
            now = self._now()
            taken = session.execute(
                update(HostTurn)
                .where(
                    HostTurn.domain == domain,
                    HostTurn.free_at <= now,
                    or_(HostTurn.holder.is_(None), HostTurn.held_until <= now),
                )
                .values(holder=self._holder, held_until=now + timedelta(seconds=lease))
                .returning(HostTurn.domain)
            ).first()
            row = session.execute(
                select(HostTurn.free_at, HostTurn.held_until).where(HostTurn.domain == domain)
            ).first()
        if taken:
            return 0.0
        if row is None:
            self._introduce(domain, now)
            return self.take(domain, lease)
        # A turn taken by another is a request on its way: it may be over at any moment.
        return max((row.free_at - now).total_seconds(), 0.0) or _ASK_AGAIN

    def leave(self, domain: str, pause: float) -> None:
        """Give our turn back, and let nobody take one before the pause is over."""
        with self._sessions.begin() as session:
            session.execute(
                update(HostTurn)
                .where(HostTurn.domain == domain, HostTurn.holder == self._holder)
                .values(holder=None, held_until=None, free_at=self._later(pause))
            )

    def rest(self, domain: str, pause: float) -> None:
        """Let nobody take a turn before the pause is over."""
        self._introduce(domain, self._now())
        with self._sessions.begin() as session:
            session.execute(
                update(HostTurn).where(HostTurn.domain == domain).values(free_at=self._later(pause))
            )

    def _later(self, pause: float) -> object:
        """The end of the pause, or of a longer one that somebody has asked for."""
        end = self._now() + timedelta(seconds=pause)
        return case((HostTurn.free_at > end, HostTurn.free_at), else_=end)

    def _introduce(self, domain: str, now: datetime) -> None:
        """Let there be a row for the domain; another process may be quicker."""
        try:
            with self._sessions.begin() as session:
                if session.get(HostTurn, domain) is None:
                    session.execute(insert(HostTurn).values(domain=domain, free_at=now))
        except IntegrityError:
            return
