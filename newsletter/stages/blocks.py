"""Who a plan is for, block by block, and how a large audience is cut into shards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from subscribers import audience
from subscribers.audience import BLOCK, Member

# Large enough to hide what a shard costs, small enough for the last ones to end together.
SHARD = 4 * BLOCK


@dataclass(frozen=True, slots=True)
class Blocks:
    """Whoever is due at `now`, or, with `day`, everybody who may be mailed, for that day's edition.

    Only ids in `(after, upto]`.
    """

    now: datetime
    day: date | None = None
    after: int = 0
    upto: int | None = None

    def above(self, session: Session, id_: int) -> Iterator[list[Member]]:
        """Blocks of those with an id above the given one, read from the session."""
        after = max(id_, self.after)
        if self.day is None:
            yield from audience.due(session, now=self.now, after=after, upto=self.upto)
            return
        for block in audience.everybody(session, now=self.now, after=after, upto=self.upto):
            yield [replace(member, edition_day=self.day) for member in block]

    def shards(self, session: Session, size: int = SHARD) -> list[Blocks]:
        """The same people as ranges of ids of about `size` each."""
        ends = audience.every(session, size, due_at=self.now if self.day is None else None)
        bounds = [self.after, *(end for end in ends if end > self.after)]
        return [
            replace(self, after=after, upto=upto)
            for after, upto in zip(bounds, [*bounds[1:], self.upto], strict=True)
        ]
