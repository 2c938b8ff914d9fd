"""What came back: each mail once, with what it said and what it led to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    delete,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from newsletter.bounce.scoring import Effect
from newsletter.bounce.values import Kind
from subscribers.consent import EventKind
from subscribers.orm import Base, UTCDateTime
from subscribers.returning import FRESH_STARTS
from subscribers.store import inserted
from subscribers.tables import ConsentEvent

RAW_KEPT = timedelta(days=30)
"""How long the text is kept of what nobody understood."""
_MOVES = (EventKind.ADDRESS_CHANGED, EventKind.ADDRESS_RESTORED)
_TOKENS_KEPT = timedelta(days=1)  # longer than any provider's signature is good for


class Returned(Base):
    """A mail, or a provider's report, that came back.

    `digest`: SHA-256 of all its bytes, which makes it once. `way`: how it came (`file`, `smtp`, `imap`,
    `ses`, ...). `kind`: the gravest that it says of anybody. `size`: octets, of a large mail those that
    were read. `raw`: its first bytes where nobody understood it, for `RAW_KEPT`; else none.
    `subscriber_id`: whose it is, where it is one reader's alone, so that erasing them erases it.
    """

    __tablename__ = "returned"
    __table_args__ = (Index(None, "received_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    way: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(16))
    message_id: Mapped[str] = mapped_column(Text)
    size: Mapped[int]
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    subscriber_id: Mapped[int | None] = mapped_column(
        ForeignKey("subscriber.id", ondelete="CASCADE"), index=True
    )


class Bounce(Base):
    """What a returned mail says of one recipient, and what it led to (`bounce.scoring.Effect`)."""

    __tablename__ = "bounce"
    __table_args__ = (Index(None, "subscriber_id", "at"), Index(None, "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    returned_id: Mapped[int] = mapped_column(
        ForeignKey("returned.id", ondelete="CASCADE"), index=True
    )
    subscriber_id: Mapped[int | None] = mapped_column(
        ForeignKey("subscriber.id", ondelete="CASCADE")
    )
    delivery_id: Mapped[int | None] = mapped_column(
        ForeignKey("delivery.id", ondelete="SET NULL"), index=True
    )
    kind: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    diagnostic: Mapped[str] = mapped_column(Text)
    effect: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class HookToken(Base):
    """What a provider signed in place of an event, and the digest of the event that it came with first.

    `token`: SHA-256 of the provider's name and its token.
    """

    __tablename__ = "hook_token"

    token: Mapped[str] = mapped_column(String(64), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


def bind(session: Session, token: str, digest: str, now: datetime) -> bool:
    """Whether this event is the first that a token comes with, or that one once more."""
    row = {"token": token, "digest": digest, "seen_at": now}
    if inserted(session, HookToken, [row], HookToken.token):
        return True
    known = select(HookToken.digest).where(HookToken.token == token)
    return session.scalar(known) == digest


def keep(session: Session, rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Store returned mails; the ids, by digest, of those whose bytes were not here before."""
    # All in one order, so that two who bring the same mails never wait for each other in a circle.
    in_order = sorted(rows, key=lambda row: str(row["digest"]))
    return {
        row.digest: row.id
        for row in inserted(session, Returned, in_order, Returned.digest, Returned.id)
    }


def bad_days(
    session: Session, subscriber_ids: Collection[int], kinds: Collection[Kind], since: datetime
) -> dict[int, set[date]]:
    """Of each reader the days (UTC) since then on which their mail came back for a reason of these kinds.

    What came back before they were asked again, confirmed or changed their address does not count.
    """
    found: defaultdict[int, set[date]] = defaultdict(set)
    if not subscriber_ids:
        return found
    rows = session.execute(
        select(Bounce.subscriber_id, Bounce.at).where(
            Bounce.subscriber_id.in_(subscriber_ids),
            Bounce.kind.in_([kind.value for kind in kinds]),
            Bounce.effect != Effect.KEPT.value,
            Bounce.at >= since,
            ~_happened_since(Bounce.subscriber_id, Bounce.at, FRESH_STARTS),
        )
    )
    for who, moment in rows:
        if who is not None:
            found[who].add(moment.date())
    return found


def moved_since(subscriber_id: InstrumentedAttribute[Any], moment: Any) -> ColumnElement[bool]:
    """The condition that a reader has changed their address since a moment (both of the same query)."""
    return _happened_since(subscriber_id, moment, _MOVES)


def _happened_since(
    subscriber_id: InstrumentedAttribute[Any], moment: Any, kinds: Collection[EventKind]
) -> ColumnElement[bool]:
    return exists().where(
        ConsentEvent.subscriber_id == subscriber_id,
        ConsentEvent.kind.in_([event.value for event in kinds]),
        ConsentEvent.at >= moment,
    )


def counts(session: Session, until: datetime, days: int) -> list[tuple[str, str, int]]:
    """What came back in the days up to a moment: kind, effect, how many."""
    rows = session.execute(
        select(Bounce.kind, Bounce.effect, func.count())
        .where(Bounce.at < until, Bounce.at >= until - timedelta(days=days))
        .group_by(Bounce.kind, Bounce.effect)
        .order_by(Bounce.kind, Bounce.effect)
    )
    return [(kind, effect, count) for kind, effect, count in rows]


def prune(session: Session, now: datetime) -> None:
    """Drop what is kept for a time only: texts that nobody understood, providers' tokens."""
    old = Returned.received_at < now - RAW_KEPT
    session.execute(update(Returned).where(old, Returned.raw != b"").values(raw=b""))
    session.execute(delete(HookToken).where(HookToken.seen_at < now - _TOKENS_KEPT))


def kept_texts(session: Session) -> Iterator[tuple[int, bytes]]:
    """The texts that are kept, with their ids."""
    rows = select(Returned.id, Returned.raw).where(Returned.raw != b"")
    for row in session.execute(rows.execution_options(yield_per=50)):
        yield row.id, row.raw


def drop_texts(session: Session, ids: Sequence[int], address: str) -> None:
    """Drop these texts, and every diagnostic that names an address."""
    for start in range(0, len(ids), 500):
        some = Returned.id.in_(ids[start : start + 500])
        session.execute(update(Returned).where(some).values(raw=b""))
    named = func.lower(Bounce.diagnostic).contains(address.lower(), autoescape=True)
    session.execute(update(Bounce).where(named).values(diagnostic=""))
