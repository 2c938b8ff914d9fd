"""What models wrote: which papers wait for it, whose turn it is to ask, what came of it, what was spent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, func, or_, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, defer

from newsletter.model import DeliveryState, SummaryKind, SummaryState
from newsletter.model import Summary as Told
from newsletter.store.bulk import in_chunks
from newsletter.store.tables import Delivery, Entry, Listing, Pick
from newsletter.store.written import Summary, SummaryDay
from subscribers.orm import Base

_SUMMARY = Base.metadata.tables["summary"]
_DAY = Base.metadata.tables["summary_day"]
_CANDIDATES = 1000  # of each kind; more than any day's budget
_SHORTEST = 200  # characters; a shorter abstract is its own summary
_SETTLED = (SummaryState.WRITTEN, SummaryState.REFUSED)


@dataclass(frozen=True, slots=True)
class Paper:
    """What a model is told of an entry."""

    entry_id: int
    title: str
    abstract: str


def text_mark(title: str, abstract: str) -> str:
    """Names a text: equal marks, equal texts."""
    return hashlib.sha256(f"{title}\n{abstract}".encode("utf-8", "replace")).hexdigest()


def told(title: str, abstract: str, summary: Summary | None) -> Told | None:
    """The TL;DR that a model wrote of this very text, if it did."""
    if summary is None or summary.state != SummaryState.WRITTEN:
        return None
    if summary.text_mark != text_mark(title, abstract):
        return None
    return Told(summary.parts["tldr"], SummaryKind.MODEL, summary.model)


def wanted(session: Session, now: datetime, *, picks_only: bool = False) -> list[Paper]:
    """Entries that a model should be asked about now, those first that most readers wait for.

    Picks of today's and yesterday's editions, those not sent yet first; then what was listed these
    days and has votes, the most first. `picks_only`: only what is not sent yet.
    Without those that are settled, being asked about or to be asked about later, and those with
    hardly any abstract.
    """
    since = now.date() - timedelta(days=1)
    ids = _picked(session, since, unsent_only=picks_only)
    if not picks_only:
        ids = list(dict.fromkeys([*ids, *_popular(session, since)]))
    texts: dict[int, tuple[str, str]] = {}
    known: dict[int, Summary] = {}
    for part in in_chunks(ids):
        rows = session.execute(
            select(Entry.id, Entry.title, Entry.abstract).where(
                Entry.id.in_(part), func.length(Entry.abstract) >= _SHORTEST
            )
        )
        texts |= {row.id: (row.title, row.abstract) for row in rows}
        found = session.scalars(
            select(Summary).where(Summary.entry_id.in_(part)).options(defer(Summary.parts))
        )
        known |= {summary.entry_id: summary for summary in found}
    return [
        Paper(entry_id, *texts[entry_id])
        for entry_id in ids
        if entry_id in texts and _is_free(known.get(entry_id), text_mark(*texts[entry_id]), now)
    ]


def _picked(session: Session, since: date, *, unsent_only: bool) -> list[int]:
    unsent = Delivery.state.in_((DeliveryState.PLANNED, DeliveryState.DEFERRED))
    rows = session.execute(
        select(Pick.entry_id)
        .join(Delivery, Delivery.id == Pick.delivery_id)
        .where(Delivery.edition_day >= since, unsent if unsent_only else true())
        .group_by(Pick.entry_id)
        .order_by(func.sum(case((unsent, 1), else_=0)).desc(), func.count().desc(), Pick.entry_id)
        .limit(_CANDIDATES)
    )
    return [row.entry_id for row in rows]


def _popular(session: Session, since: date) -> list[int]:
    votes = func.max(Listing.votes)
    rows = session.execute(
        select(Entry.id)
        .join(Listing, Listing.entry_id == Entry.id)
        .where(Entry.first_listed_on >= since, Entry.withdrawn_at.is_(None), Listing.votes > 0)
        .group_by(Entry.id)
        .order_by(votes.desc(), Entry.id)
        .limit(_CANDIDATES)
    )
    return [row.id for row in rows]


def _is_free(known: Summary | None, mark: str, now: datetime) -> bool:
    if known is None:
        return True
    if known.state == SummaryState.ASKING:
        return known.lease_until is None or known.lease_until <= now
    if known.text_mark != mark:
        return True
    return known.state == SummaryState.WAITING and (known.retry_at is None or known.retry_at <= now)


def claim(
    session: Session, paper: Paper, model: str, *, owner: str, now: datetime, lease: timedelta
) -> int:
    """Take the paper for this owner alone: how often it has been asked about now, 0 if another has it.

    Decided by one statement, so that no two ask about the same text at once or after one another.
    """
    mark = text_mark(paper.title, paper.abstract)
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    fresh: dict[str, Any] = {
        "text_mark": mark, "state": SummaryState.ASKING, "model": model, "parts": {}, "reason": None,
        "claimed_by": owner, "lease_until": now + lease, "retry_at": None, "settled_at": None,
    }  # fmt: skip
    table = _SUMMARY.c
    free = or_(
        and_(table.state == SummaryState.ASKING, table.lease_until <= now),
        and_(table.state == SummaryState.WAITING, table.retry_at <= now),
        and_(table.state != SummaryState.ASKING, table.text_mark != mark),
    )
    again = case((table.text_mark == mark, table.attempts + 1), else_=1)
    insert = dialect.insert(_SUMMARY).values(entry_id=paper.entry_id, attempts=1, **fresh)
    taken = session.execute(
        insert.on_conflict_do_update(
            index_elements=["entry_id"], set_=fresh | {"attempts": again}, where=free
        ).returning(table.attempts)
    ).scalar()
    return int(taken or 0)


def spend(session: Session, day: date, budget: int, now: datetime) -> bool:
    """Count one more request of a day (UTC), unless its budget is spent or the endpoint wants rest."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    insert = dialect.insert(_DAY).values(day=day, requests=0, tokens=0)
    session.execute(insert.on_conflict_do_nothing())
    rested = or_(SummaryDay.rest_until.is_(None), SummaryDay.rest_until <= now)
    spent = session.execute(
        update(SummaryDay)
        .where(SummaryDay.day == day, SummaryDay.requests < budget, rested)
        .values(requests=SummaryDay.requests + 1)
        .returning(SummaryDay.day)
    ).first()
    return spent is not None


def count_tokens(session: Session, day: date, tokens: int) -> None:
    """Add to what the answers of a day (UTC) cost."""
    if tokens:
        session.execute(
            update(SummaryDay)
            .where(SummaryDay.day == day)
            .values(tokens=SummaryDay.tokens + tokens)
        )


def spent(session: Session, day: date) -> tuple[int, int, datetime | None]:
    """What was asked on a day (UTC): (requests, tokens, until when the endpoint wants rest)."""
    row = session.get(SummaryDay, day)
    return (row.requests, row.tokens, row.rest_until) if row else (0, 0, None)


def rest(session: Session, day: date, until: datetime) -> None:
    """Let nobody ask before a moment."""
    session.execute(update(SummaryDay).where(SummaryDay.day == day).values(rest_until=until))


def settle(
    session: Session,
    paper: Paper,
    owner: str,
    now: datetime,
    *,
    parts: Mapping[str, str] | None = None,
    reason: str | None = None,
    retry_at: datetime | None = None,
    attempts: int | None = None,
    tokens: int = 0,
) -> None:
    """Write down what came of a claim: the parts, or the reason, and when to ask again (None: never).

    `attempts`: how many count, if not all.
    """
    state = SummaryState.REFUSED if retry_at is None else SummaryState.WAITING
    if parts is not None:
        state = SummaryState.WRITTEN
    session.execute(
        update(Summary)
        .where(Summary.entry_id == paper.entry_id, Summary.claimed_by == owner)
        .values(
            state=state, parts=dict(parts or {}), reason=reason, retry_at=retry_at,
            settled_at=now if state in _SETTLED else None, claimed_by=None, lease_until=None,
            attempts=Summary.attempts if attempts is None else attempts,
        )
    )  # fmt: skip
    count_tokens(session, now.date(), tokens)
