"""Votes: a reader's "more like this" and "less like this" on papers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from subscribers.store import insert_or_change
from subscribers.tables import Subscriber, Vote
from subscribers.tokens import LESS, MORE


@dataclass(frozen=True, slots=True)
class VoteGiven:
    """A vote as it stands: on which entry, `MORE` or `LESS`, and since when.

    `entry_key` is the canonical key of that time; the entry may have a stronger one since.
    """

    entry_key: str
    value: int
    at: datetime


def vote(
    session: Session, subscriber: Subscriber, entry_key: str, value: int, *, now: datetime
) -> bool:
    """Records `value`, `MORE` or `LESS`, in place of any vote before. False if it stood already."""
    if value not in {MORE, LESS}:
        raise ValueError(f"no vote: {value}")
    row = {"subscriber_id": subscriber.id, "entry_key": entry_key, "value": value, "at": now}
    changed = insert_or_change(session, Vote, row, unless_equal="value")
    return _noted(session, subscriber, changed, now)


def unvote(session: Session, subscriber: Subscriber, entry_key: str, *, now: datetime) -> bool:
    """Takes a vote back, whichever it was. False if there was none."""
    gone = session.execute(
        delete(Vote)
        .where(Vote.subscriber_id == subscriber.id, Vote.entry_key == entry_key)
        .returning(Vote.entry_key)
        .execution_options(synchronize_session=False)
    ).all()
    return _noted(session, subscriber, bool(gone), now)


def vote_on(session: Session, subscriber_id: int, entry_key: str) -> int | None:
    """What somebody voted on an entry: `MORE`, `LESS`, or None."""
    return session.scalar(
        select(Vote.value).where(Vote.subscriber_id == subscriber_id, Vote.entry_key == entry_key)
    )


def votes_by(session: Session, subscriber_id: int) -> tuple[VoteGiven, ...]:
    """One person's votes, by entry key."""
    return tuple(VoteGiven(*row) for row in session.execute(_VOTES, {"whose": subscriber_id}))


_VOTES = (
    select(Vote.entry_key, Vote.value, Vote.at)
    .where(Vote.subscriber_id == bindparam("whose"))
    .order_by(Vote.entry_key)
)


def votes_of(session: Session, ids: Collection[int]) -> dict[int, tuple[VoteGiven, ...]]:
    """The votes of these people, each one's by entry key; who never voted is absent.

    `ids` is a block in key order: the votes of all who lie between are read.
    """
    if not ids:
        return {}
    rows = session.execute(
        select(Vote.subscriber_id, Vote.entry_key, Vote.value, Vote.at)
        .where(Vote.subscriber_id.between(min(ids), max(ids)))
        .order_by(Vote.subscriber_id, Vote.entry_key)
    )
    wanted = set(ids)
    found: dict[int, list[VoteGiven]] = {}
    for subscriber_id, entry_key, value, at in rows:
        if subscriber_id in wanted:
            found.setdefault(subscriber_id, []).append(VoteGiven(entry_key, value, at))
    return {subscriber_id: tuple(votes) for subscriber_id, votes in found.items()}


def _noted(session: Session, subscriber: Subscriber, changed: bool, now: datetime) -> bool:
    if changed:
        subscriber.taste_changed_at = now
        session.flush()
    return changed
