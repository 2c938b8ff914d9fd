"""How editions stand: counts by state and reason, the first deliveries, what is still to be sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import and_, func, or_, select, text, true, update
from sqlalchemy.orm import Session

from newsletter.model import DeliveryState, SkipReason
from newsletter.store.returned import Bounce
from newsletter.store.tables import Delivery, Edition, Notice, Pick
from subscribers.tables import Subscriber

# What a row without a reason of its own waits for.
_REASONS = {
    DeliveryState.PLANNED: "waits for its turn",
    DeliveryState.SENDING: "on its way to the relay",
}
# In literals, for only so will the small index of what waits do.
_WAITS = text("state IN ('planned', 'deferred', 'uncertain') AND claimed_by IS NULL")


def waiting(session: Session, most: int) -> int:
    """How many deliveries wait to be sent, counted up to `most`."""
    some = select(Delivery.id).where(_WAITS).limit(most).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def refusals(session: Session, day: date) -> tuple[int, int]:
    """How many mails of an edition were refused for good, and submitted, since it was resumed."""
    resumed = select(Edition.resumed_at).where(Edition.day == day).scalar_subquery()
    since = func.coalesce(Delivery.settled_at > resumed, true())
    rows = session.execute(
        select(Delivery.state, func.count())
        .where(
            Delivery.edition_day == day,
            or_(
                Delivery.state == DeliveryState.SUBMITTED,
                and_(Delivery.state == DeliveryState.FAILED, Delivery.reason.like("5%")),
            ),
            since,
        )
        .group_by(Delivery.state)
    )
    found = {DeliveryState(state): count for state, count in rows}
    return found.get(DeliveryState.FAILED, 0), found.get(DeliveryState.SUBMITTED, 0)


def submitted_since(session: Session, now: datetime) -> int:
    """How many digests were submitted, or may have been, on this day (UTC)."""
    midnight = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    days = (now - timedelta(days=3)).date(), (now + timedelta(days=1)).date()
    count = session.scalar(
        select(func.count())
        .select_from(Delivery)
        .where(
            Delivery.edition_day.between(*days),
            or_(
                and_(Delivery.state == DeliveryState.SUBMITTED, Delivery.settled_at >= midnight),
                Delivery.claimed_by.is_not(None),
            ),
        )
    )
    return count or 0


def reopen_late(session: Session, day: date | None) -> int:
    """Plan anew what was skipped because its time had passed; how many."""
    where = [Delivery.state == DeliveryState.SKIPPED, Delivery.reason == SkipReason.LATE]
    found = session.execute(
        update(Delivery)
        .where(*where, *([Delivery.edition_day == day] if day else []))
        .values(state=DeliveryState.PLANNED, reason=None, settled_at=None)
        .returning(Delivery.id),
        execution_options={"synchronize_session": False},
    )
    return len(found.all())


def counts(session: Session, day: date) -> list[tuple[DeliveryState, str | None, int]]:
    """How many deliveries of an edition stand where and why; they add up to its audience.

    Only what was submitted has no reason.
    """
    reason = func.coalesce(Delivery.reason, "")
    rows = session.execute(
        select(Delivery.state, reason, func.count())
        .where(Delivery.edition_day == day)
        .group_by(Delivery.state, reason)
        .order_by(Delivery.state, reason)
    )
    found = [(DeliveryState(state), why, count) for state, why, count in rows]
    return [(state, why or _REASONS.get(state), count) for state, why, count in found]


def notice_counts(
    session: Session, until: datetime, days: int
) -> list[tuple[str, DeliveryState, str | None, int]]:
    """How many notices of so many days up to a moment stand where and why, by kind; they add up to all
    that were called for. Only what was submitted has no reason.
    """
    reason = func.coalesce(Notice.reason, "")
    rows = session.execute(
        select(Notice.kind, Notice.state, reason, func.count())
        .where(Notice.created_at >= until - timedelta(days=days), Notice.created_at < until)
        .group_by(Notice.kind, Notice.state, reason)
        .order_by(Notice.kind, Notice.state, reason)
    )
    found = [(kind, DeliveryState(state), why, count) for kind, state, why, count in rows]
    return [(kind, state, why or _REASONS.get(state), count) for kind, state, why, count in found]


@dataclass(frozen=True, slots=True)
class Overview:
    """One delivery, as people look at it. `wishes`: what the picks were chosen for."""

    email: str
    state: DeliveryState
    reason: str | None
    picks: int
    wishes: str
    receipt: str | None


def overview(session: Session, day: date, limit: int) -> list[Overview]:
    """The first deliveries of an edition, in the order of planning."""
    rows = session.execute(
        select(Delivery, Subscriber.email)
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(Delivery.edition_day == day)
        .order_by(Delivery.id)
        .limit(limit)
    ).all()
    found = []
    for delivery, email in rows:
        evidence = session.scalars(
            select(Pick.evidence).where(Pick.delivery_id == delivery.id).order_by(Pick.position)
        ).all()
        wishes = dict.fromkeys(stored[0][1] or "popular today" for stored in evidence if stored)
        state = DeliveryState(delivery.state)
        found.append(
            Overview(
                email, state, delivery.reason, len(evidence), ", ".join(wishes), delivery.receipt
            )
        )
    return found


def last_edition(session: Session) -> Edition | None:
    """The latest edition, if there is one."""
    return session.scalars(select(Edition).order_by(Edition.day.desc()).limit(1)).one_or_none()


def oldest_unsent(session: Session, now: datetime) -> datetime | None:
    """Since when the longest-waiting delivery has been due that nobody holds back."""
    since = func.coalesce(Delivery.retry_at, Delivery.planned_at)
    return session.scalar(select(func.min(since)).where(_WAITS, since <= now))


@dataclass(frozen=True, slots=True)
class Standing:
    """What watchers count: every state, of the latest editions; seconds of the longest wait."""

    deliveries: dict[tuple[date, DeliveryState], int]
    notices: dict[DeliveryState, int]
    returned: dict[str, int]
    oldest_unsent: float
    stopped: int
    complete: int


def standing(session: Session, now: datetime, editions: int = 3) -> Standing:
    """How things stand; every state is there, those with nothing in them as 0."""
    days = session.scalars(select(Edition.day).order_by(Edition.day.desc()).limit(editions)).all()
    rows = session.execute(
        select(Delivery.edition_day, Delivery.state, func.count())
        .where(Delivery.edition_day.in_(days))
        .group_by(Delivery.edition_day, Delivery.state)
    )
    deliveries = {(day, state): 0 for day in days for state in DeliveryState}
    deliveries |= {(day, DeliveryState(state)): count for day, state, count in rows}
    told = session.execute(select(Notice.state, func.count()).group_by(Notice.state))
    notices = dict.fromkeys(DeliveryState, 0) | {DeliveryState(s): count for s, count in told}
    back = session.execute(
        select(Bounce.kind, func.count())
        .where(Bounce.at >= now - timedelta(days=30))
        .group_by(Bounce.kind)
    )
    oldest, last = oldest_unsent(session, now), last_edition(session)
    stopped = session.scalar(
        select(func.count()).select_from(Edition).where(Edition.stopped_at.is_not(None))
    )
    return Standing(
        deliveries,
        notices,
        {str(kind): count for kind, count in back},
        (now - oldest).total_seconds() if oldest else 0.0,
        stopped or 0,
        int(last is not None and last.complete),
    )
