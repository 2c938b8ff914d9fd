"""What readers would get, without planning or sending it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from newsletter.app import App
from newsletter.model import Digest, Entry, Manner, Skip
from newsletter.pipeline import everybody
from newsletter.stages.letters import Person
from newsletter.stages.sections import manner_of
from newsletter.store import attention, editions
from newsletter.store.engine import reading as reading_sessions
from subscribers import audience


@dataclass(frozen=True, slots=True)
class Would:
    """What somebody would get."""

    person: Person
    digest: Digest | Skip
    entries: dict[int, Entry]
    manner: Manner

    @property
    def count(self) -> int:
        """How many papers."""
        return len(self.digest.picks) if isinstance(self.digest, Digest) else 0

    @property
    def why(self) -> str:
        """The wishes that they are for, or why there are none."""
        if isinstance(self.digest, Skip):
            return self.digest.reason.value
        wishes = (
            pick.evidence[0].interest or "popular today"
            for pick in self.digest.picks
            if pick.evidence
        )
        return ", ".join(dict.fromkeys(wishes))


def would_get(app: App, day: date, now: datetime, email: str | None) -> list[Would]:
    """What everybody, or the one at an address, would get for the edition of `day`."""
    planner = app.planner(now)
    found: list[Would] = []
    with reading_sessions(app.sessions)() as session:
        complete = day in editions.complete_days(session, [day])
        if email is None:
            blocks = everybody(day, now).above(session, 0)
        else:
            member = audience.by_address(session, email, now=now)
            blocks = iter([[replace(member, edition_day=day)]] if member else [])
        for members in blocks:
            for member, digest in zip(members, planner.choose(session, members), strict=True):
                ids = [p.entry_id for p in digest.picks] if isinstance(digest, Digest) else []
                person = Person(member.id, member.email, member.links_version)
                known = attention.entries_as_of(session, ids, now)
                manner = manner_of(member, now, complete=complete)
                found.append(Would(person, digest, known, manner))
    return found
