"""What a subscriber's wishes and votes say, as of a moment."""

from __future__ import annotations

from datetime import datetime

from newsletter.match.learn import fade
from newsletter.match.readers import Reader
from subscribers.audience import Member

_DAY_SECONDS = 86_400.0


def reader_of(
    member: Member, now: datetime, *, first_row: int = 0, seen_rows: tuple[int, ...] = ()
) -> Reader:
    """The member as matching knows them; votes fade with their age."""
    votes = [
        (vote.entry_key, fade((now - vote.at).total_seconds() / _DAY_SECONDS), vote.value > 0)
        for vote in member.votes
    ]
    return Reader(
        member.interests,
        likes=tuple((key, trust) for key, trust, liked in votes if liked),
        dislikes=tuple((key, trust) for key, trust, liked in votes if not liked),
        first_row=first_row,
        seen_rows=seen_rows,
    )
