"""What readers want, as of a moment: their votes and wishes, and the profiles learned from them.

A profile is stored and used until the reader's votes or wishes change, the space does, or its likes have
faded for a week. It is ranked only as it is stored, rounded, so that nobody's picks depend on whether it
was read or has just been learned.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from newsletter.match.company import Company
from newsletter.match.learn import fade
from newsletter.match.packed import rounded, unpack_profiles
from newsletter.match.profiles import Profiles
from newsletter.match.readers import Reader, keys_of, learn_readers, learned_from
from newsletter.match.space import Space
from newsletter.match.texts import Texts
from newsletter.match.wishes import Seeds
from newsletter.stages.company import borrowing, read_company
from newsletter.stages.meaning import Meaning
from newsletter.stages.spaces import SPACE_DAYS, UNSTORED
from newsletter.store import reading, tastes, voting
from subscribers.audience import Member

_DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Learned:
    """Profiles that were learned just now, to be stored; `members` in the order of ids."""

    members: Sequence[Member]
    profiles: Profiles
    version: int
    now: datetime

    def save(self, session: Session) -> int:
        """Store them, unless they are of a space that is not stored; how many were."""
        if self.version == UNSTORED:
            return 0
        whose = [(member.id, member.taste_changed_at) for member in self.members]
        return tastes.save(session, whose, self.profiles, self.version, self.now)


@dataclass(frozen=True, slots=True)
class Known:
    """The profiles of a block, in its order, and those among them that were learned just now."""

    profiles: Profiles
    learned: Learned


@dataclass
class Tastes:
    """Profiles in one version of the space, as of `now`."""

    version: int
    space: Space
    now: datetime
    meaning: Meaning | None = None
    _texts: Texts = field(init=False, repr=False)
    _company: list[Company | None] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self._texts = Texts(self.space.vocabulary)

    @property
    def standard(self) -> tastes.Standard:
        """What a stored profile must be to be used."""
        return tastes.Standard(self.version, self.now - timedelta(days=SPACE_DAYS))

    def read_or_learn(
        self, session: Session, members: Sequence[Member], readers: Sequence[Reader], seeds: Seeds
    ) -> Known:
        """The profiles of a block of members in key order: read, or learned where out of date."""
        ids = [member.id for member in members]
        had, stored = tastes.read(session, ids, self.standard, self.space)
        place = {id_: at for at, id_ in enumerate(had)}
        rows = [row for row, id_ in enumerate(ids) if id_ not in place]
        place |= {ids[row]: len(had) + at for at, row in enumerate(rows)}
        learned = self.learn(
            session, [members[row] for row in rows], [readers[row] for row in rows], seeds
        )
        together = Profiles.joined([stored, learned.profiles]) if rows else stored
        return Known(together[[place[id_] for id_ in ids]] if rows else stored, learned)

    def learn(
        self,
        session: Session,
        members: Sequence[Member],
        readers: Sequence[Reader],
        seeds: Seeds | None = None,
    ) -> Learned:
        """Learn these members' profiles. `seeds`: texts that were read already."""
        if not readers:
            return Learned((), unpack_profiles((), self.space), self.version, self.now)
        lent, known = self._lent(session, readers), dict(seeds or {})
        known |= reading.texts_by_key(session, keys_of(lent) - known.keys())
        meanings = None
        if self.meaning is not None and self.space.encoder:
            wishes = learned_from(lent)
            meanings = self.meaning.of_wishes(session, wishes, self.space.dimensions)
        profiles = learn_readers(self.space, lent, known, meanings, self._texts)
        return Learned(members, rounded(profiles, self.space), self.version, self.now)

    def _lent(self, session: Session, readers: Sequence[Reader]) -> Sequence[Reader]:
        if not self._company:  # read by the first who needs it: most runs learn nobody
            self._company.append(read_company(session, self.version))
        company = self._company[0]
        return borrowing(session, readers, company) if company else readers


def readers_of(session: Session, members: Sequence[Member], now: datetime) -> list[Reader]:
    """The members of a block in key order, as matching knows them."""
    overruled = voting.overruled(session, [member.id for member in members])
    gone: dict[int, set[str]] = {}
    for subscriber_id, key in overruled:
        gone.setdefault(subscriber_id, set()).add(key)
    return [reader_of(member, now, gone.get(member.id, ())) for member in members]


def reader_of(member: Member, now: datetime, overruled: Collection[str] = ()) -> Reader:
    """The member as matching knows them; votes fade with their age.

    `overruled`: keys whose vote a later one on the same entry took the place of.
    """
    votes = [
        (vote.entry_key, fade((now - vote.at).total_seconds() / _DAY_SECONDS), vote.value > 0)
        for vote in member.votes
        if vote.entry_key not in overruled
    ]
    return Reader(
        member.interests,
        likes=tuple((key, trust) for key, trust, liked in votes if liked),
        dislikes=tuple((key, trust) for key, trust, liked in votes if not liked),
    )
