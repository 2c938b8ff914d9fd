"""What readers have said of papers, as it stands now that some papers turned out to be one."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from newsletter.store.bulk import in_chunks
from newsletter.store.tables import Entry, EntryKey
from subscribers.profile import Kind
from subscribers.tables import InterestRow, State, Subscriber, Vote


def overruled(session: Session, ids: Collection[int]) -> set[tuple[int, str]]:
    """Votes, by reader and key, that a later one of the reader on the same entry overrules.

    They stand under several keys where two entries became one. `ids`: a block in key order.
    """
    return _overruled(session, Vote.subscriber_id.between(min(ids), max(ids))) if ids else set()


def _overruled(session: Session, whose: ColumnElement[bool]) -> set[tuple[int, str]]:
    later, key, other = aliased(Vote), aliased(EntryKey), aliased(EntryKey)
    query = (
        select(Vote.subscriber_id, Vote.entry_key)
        .join(key, key.key == Vote.entry_key)
        .join(other, and_(other.entry_id == key.entry_id, other.key != key.key))
        .join(
            later,
            and_(later.subscriber_id == Vote.subscriber_id, later.entry_key == other.key),
        )
        .where(
            whose,
            or_(
                later.at > Vote.at,
                and_(later.at == Vote.at, later.entry_key > Vote.entry_key),
            ),
        )
    )
    return {(subscriber_id, entry_key) for subscriber_id, entry_key in session.execute(query)}


def libraries(session: Session, largest: int, most: int) -> list[list[str]]:
    """For each confirmed reader the papers they like: voted for, or given as examples and not voted
    against; the latest `largest`. By the canonical keys of today; papers nobody has are left out.

    Of many more than `most` readers, one in so many by their ids: about as many, and ever the same ones.
    """
    voters = session.scalars(select(func.count(Vote.subscriber_id.distinct()))).one()
    givers = session.scalars(
        select(func.count(InterestRow.subscriber_id.distinct())).where(
            InterestRow.kind == Kind.SEED
        )
    ).one()
    one_in = max(1, round((voters + givers) / most))
    found: dict[int, dict[str, None]] = {}
    against: set[tuple[int, str]] = set()
    gone = _overruled(session, Vote.subscriber_id % one_in == 0)
    names: dict[str, str] = {}
    these = Subscriber.id % one_in == 0
    for subscriber_id, voted_on, current, value in session.execute(_VOTES.where(these)):
        if (subscriber_id, voted_on) in gone:
            continue
        key = names.setdefault(current, current)  # one string for all who like it
        if value > 0:
            found.setdefault(subscriber_id, {})[key] = None
        else:
            against.add((subscriber_id, key))
    for subscriber_id, current in session.execute(_EXAMPLES.where(these)):
        if (subscriber_id, current) not in against:
            key = names.setdefault(current, current)
            found.setdefault(subscriber_id, {})[key] = None
    return [list(papers)[:largest] for papers in found.values()]


def current_keys(session: Session, keys: Collection[str]) -> dict[str, str]:
    """Any key of an entry -> the canonical one of today."""
    found: dict[str, str] = {}
    for part in in_chunks(sorted(keys)):
        rows = session.execute(
            select(EntryKey.key, Entry.key)
            .join(Entry, Entry.id == EntryKey.entry_id)
            .where(EntryKey.key.in_(part))
        )
        found.update((key, current) for key, current in rows)
    return found


_VOTES = (
    select(Vote.subscriber_id, Vote.entry_key, Entry.key, Vote.value)
    .join(Subscriber, Subscriber.id == Vote.subscriber_id)
    .join(EntryKey, EntryKey.key == Vote.entry_key)
    .join(Entry, Entry.id == EntryKey.entry_id)
    .where(Subscriber.state == State.CONFIRMED)
    .order_by(Vote.at.desc(), Vote.entry_key)
)
_EXAMPLES = (
    select(InterestRow.subscriber_id, Entry.key)
    .join(Subscriber, Subscriber.id == InterestRow.subscriber_id)
    .join(EntryKey, EntryKey.key == InterestRow.text)
    .join(Entry, Entry.id == EntryKey.entry_id)
    .where(
        Subscriber.state == State.CONFIRMED,
        InterestRow.kind == Kind.SEED,
        InterestRow.muted.is_(False),
    )
    .order_by(InterestRow.subscriber_id, InterestRow.position)
)
