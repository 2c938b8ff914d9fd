"""Who is to be mailed: read in blocks, in the order of ids, as frozen values. Memory stays flat.

A block is read when it is asked for, so the caller may commit between two of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, Table, bindparam, case, func, select, update
from sqlalchemy.orm import Session

from subscribers.address import parse_address
from subscribers.choices import Part
from subscribers.consent import State
from subscribers.feedback import VoteGiven, votes_of
from subscribers.length import Length
from subscribers.profile import Interest, Kind
from subscribers.schedule import (
    Cadence,
    Schedule,
    due_day,
    edition_day,
    missed_until,
    next_send_after_day,
)
from subscribers.signup import LOOK_BACK
from subscribers.suppression import not_suppressed
from subscribers.tables import InterestRow, Subscriber

BLOCK = 1000
_TABLE = cast("Table", Subscriber.__table__)
_NOTHING: frozenset[Part] = frozenset()
_KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One subscriber as the daily run needs them.

    `edition_day` is the local date that their digest is for; `due_at` is None for somebody who is
    not due but asked for by name. Papers first seen after `covered_until` are new to them.
    `away_until`: what was first seen by then was missed by an earlier digest that did not come (a pause,
    a standstill of ours); None where none was missed.
    `parts_off`, `sources_off`: what they do without. `in_place_of`: somebody whom they stand for in a
    preview, 0 for nobody.
    `taste_changed_at`: when their interests or votes last changed, None if that was never noted.
    """

    id: int
    email: str
    links_version: int
    max_papers: int
    length: Length
    quiet_days: int
    language: str
    schedule: Schedule
    due_at: datetime | None
    edition_day: date
    covered_until: datetime
    away_until: datetime | None
    interests: tuple[Interest, ...]
    votes: tuple[VoteGiven, ...]
    taste_changed_at: datetime | None
    parts_off: frozenset[Part] = frozenset()
    sources_off: frozenset[str] = frozenset()
    in_place_of: int = 0

    @property
    def had_as(self) -> int:
        """Whose papers they have had."""
        return self.in_place_of or self.id


def due(
    session: Session, *, now: datetime, after: int = 0, upto: int | None = None, block: int = BLOCK
) -> Iterator[list[Member]]:
    """Blocks of those whose digest is due at `now`, by id in `(after, upto]`."""
    return _blocks(
        session, [Subscriber.next_send_at <= now], now=now, after=after, upto=upto, block=block
    )


def everybody(
    session: Session, *, now: datetime, after: int = 0, upto: int | None = None, block: int = BLOCK
) -> Iterator[list[Member]]:
    """Blocks of all who may be mailed, due or not: for a run that an operator forces."""
    return _blocks(session, [], now=now, after=after, upto=upto, block=block)


def every(session: Session, size: int, *, due_at: datetime | None = None) -> list[int]:
    """The id of every `size`-th who is confirmed, in order; with `due_at`, of those who are due then.

    Some of these may not be mailed after all: good for cutting ranges, not for counting.
    """
    counted = select(
        Subscriber.id, func.row_number().over(order_by=Subscriber.id).label("place")
    ).where(Subscriber.state == State.CONFIRMED)
    if due_at is not None:
        counted = counted.where(Subscriber.next_send_at <= due_at)
    rows = counted.subquery()
    return list(
        session.scalars(select(rows.c.id).where(rows.c.place % size == 0).order_by(rows.c.id))
    )


def by_address(session: Session, email: str, *, now: datetime) -> Member | None:
    """The one who may be mailed at an address, due or not. Raises AddressError if it is none."""
    known = Subscriber.address_hash == parse_address(email).hash
    blocks = _blocks(session, [known], now=now, after=0, upto=None, block=1)
    return next((found[0] for found in blocks), None)


def among(session: Session, ids: Collection[int], *, now: datetime) -> list[Member]:
    """Those of `ids`, at most a block, who may be mailed, due or not; by id."""
    known = Subscriber.id.in_(ids)
    return next(_blocks(session, [known], now=now, after=0, upto=None, block=len(ids)), [])


def advance(
    session: Session, members: Sequence[Member], *, covered_until: datetime, now: datetime
) -> None:
    """Marks members as served for their edition day: papers up to `covered_until` are behind them,
    and they are due next on a later local day.

    Somebody who moved their hour while we were at work keeps the moment that their change set.
    """
    if not members:
        return
    table = _TABLE
    as_read = case(
        (
            table.c.next_send_at.is_not_distinct_from(bindparam("due_at", type_=_moment_type())),
            bindparam("next_due", type_=_moment_type()),
        ),
        else_=table.c.next_send_at,
    )
    served = (
        update(table)
        .where(table.c.id == bindparam("member_id"), table.c.state == State.CONFIRMED.value)
        .values(covered_until=covered_until, next_send_at=as_read)
    )
    # Many keep the same hours.
    next_due = cache(lambda schedule, day: next_send_after_day(schedule, day, now))
    session.execute(
        served,
        [
            {
                "member_id": member.id,
                "due_at": member.due_at,
                "next_due": next_due(member.schedule, member.edition_day),
            }
            for member in members
        ],
    )


def held(session: Session, ids: Sequence[int]) -> set[int]:
    """Those of a block in key order, and of whoever lies between, who are still there; they stay until
    the commit, for what is written about somebody who is erased just now would be refused.
    """
    if not ids:
        return set()
    asked = (
        select(Subscriber.id)
        .where(Subscriber.id.between(min(ids), max(ids)))
        .order_by(Subscriber.id)
        .with_for_update(read=True, key_share=True)
    )
    return set(session.scalars(asked))


def mailable(session: Session, ids: Collection[int], *, now: datetime) -> set[int]:
    """Those of `ids` who may be mailed at this moment: confirmed, not paused, not suppressed."""
    asked = select(Subscriber.id, Subscriber.timezone, Subscriber.paused_until).where(
        Subscriber.id.in_(ids), Subscriber.state == State.CONFIRMED, not_suppressed()
    )
    return {row.id for row in session.execute(asked) if not _paused(row, now)}


def _blocks(
    session: Session,
    conditions: list[ColumnElement[bool]],
    *,
    now: datetime,
    after: int,
    upto: int | None,
    block: int,
) -> Iterator[list[Member]]:
    if upto is not None:
        conditions = [*conditions, Subscriber.id <= upto]
    while True:
        rows = session.execute(
            select(*_COLUMNS)
            .where(
                Subscriber.id > after,
                Subscriber.state == State.CONFIRMED,
                *conditions,
                not_suppressed(),
            )
            .order_by(Subscriber.id)
            .limit(block)
        ).all()
        if not rows:
            return
        after = rows[-1].id
        awake = [row for row in rows if not _paused(row, now)]
        ids = [row.id for row in awake]
        interests, votes = _interests(session, ids), votes_of(session, ids)
        if awake:
            yield [
                _member(row, tuple(interests.get(row.id, ())), votes.get(row.id, ()), now)
                for row in awake
            ]


def _interests(session: Session, ids: list[int]) -> dict[int, list[Interest]]:
    """Their wishes, each person's in their own order."""
    asked = (
        select(
            InterestRow.subscriber_id,
            InterestRow.kind,
            InterestRow.text,
            InterestRow.weight,
            InterestRow.muted,
        )
        .where(InterestRow.subscriber_id.in_(ids))
        .order_by(InterestRow.subscriber_id, InterestRow.position)
    )
    found: dict[int, list[Interest]] = {}
    for subscriber_id, kind, text, weight, muted in session.execute(asked):
        found.setdefault(subscriber_id, []).append(Interest(_KINDS[kind], text, weight, muted))
    return found


def _member(
    row: Row[*tuple[Any, ...]],
    interests: tuple[Interest, ...],
    votes: tuple[VoteGiven, ...],
    now: datetime,
) -> Member:
    schedule = Schedule(
        cadence=Cadence(row.cadence),
        hour=row.hour,
        timezone=row.timezone,
        weekday=row.weekday,
        paused_until=row.paused_until,
    )
    is_due = row.next_send_at is not None and row.next_send_at <= now
    day = due_day(schedule, row.next_send_at, now) if is_due else edition_day(now, row.timezone)
    covered_until = row.covered_until or now - LOOK_BACK
    # Who has just joined, by form or by file, has missed nothing, though their first digest looks back.
    joined = max(row.created_at, row.confirmed_at or row.created_at)
    return Member(
        id=row.id,
        email=row.email,
        links_version=row.links_version,
        max_papers=row.max_papers,
        length=Length(row.length),
        quiet_days=row.quiet_days,
        language=row.language,
        schedule=schedule,
        due_at=row.next_send_at,
        edition_day=day,
        covered_until=covered_until,
        away_until=missed_until(schedule, day, max(covered_until, joined)),
        interests=interests,
        votes=votes,
        taste_changed_at=row.taste_changed_at,
        parts_off=frozenset(map(Part, row.parts_off)) if row.parts_off else _NOTHING,
        sources_off=frozenset(row.sources_off) if row.sources_off else frozenset(),
    )


def _paused(row: Row[*tuple[Any, ...]], now: datetime) -> bool:
    return row.paused_until is not None and edition_day(now, row.timezone) < row.paused_until


def _moment_type() -> Any:
    return _TABLE.c.next_send_at.type


_COLUMNS = (
    Subscriber.id,
    Subscriber.email,
    Subscriber.links_version,
    Subscriber.max_papers,
    Subscriber.length,
    Subscriber.quiet_days,
    Subscriber.parts_off,
    Subscriber.sources_off,
    Subscriber.language,
    Subscriber.created_at,
    Subscriber.confirmed_at,
    Subscriber.cadence,
    Subscriber.weekday,
    Subscriber.hour,
    Subscriber.timezone,
    Subscriber.paused_until,
    Subscriber.next_send_at,
    Subscriber.covered_until,
    Subscriber.taste_changed_at,
)
