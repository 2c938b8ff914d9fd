"""What came back: each mail once, as it came, with what it said and what it led to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from subscribers.orm import Base, UTCDateTime
from subscribers.store import insert_new


class Returned(Base):
    """A mail, or a provider's report, that came back; kept up to a bound, whatever it is.

    `digest`: SHA-256 of all its bytes, which makes it once. `way`: how it came (`file`, `lmtp`, `imap`,
    `ses`, ...). `kind`: the gravest that it says of anybody. `raw`: its first bytes, `size` of how many.
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


def keep(session: Session, row: dict[str, object]) -> int | None:
    """Store a returned mail, and its id; None if its bytes were here before."""
    if not insert_new(session, Returned, [row]):
        return None
    return session.scalars(select(Returned.id).where(Returned.digest == row["digest"])).one()


def settle(session: Session, returned_id: int, readers: set[int | None]) -> None:
    """Tie a returned mail to its reader, if it is one reader's alone."""
    if len(readers) == 1 and (only := next(iter(readers))) is not None:
        session.execute(
            update(Returned).where(Returned.id == returned_id).values(subscriber_id=only)
        )


def bad_days(
    session: Session, subscriber_id: int, kinds: Sequence[str], after: datetime
) -> set[date]:
    """The days (UTC) after a moment on which a mail to a reader came back for a reason of these kinds."""
    moments = session.scalars(
        select(Bounce.at).where(
            Bounce.subscriber_id == subscriber_id,
            Bounce.kind.in_(kinds),
            Bounce.effect != "kept",
            Bounce.at > after,
        )
    )
    return {moment.date() for moment in moments}


def counts(session: Session, until: datetime, days: int) -> list[tuple[str, str, int]]:
    """What came back in the days up to a moment: kind, effect, how many."""
    rows = session.execute(
        select(Bounce.kind, Bounce.effect, func.count())
        .where(Bounce.at < until, Bounce.at >= until - timedelta(days=days))
        .group_by(Bounce.kind, Bounce.effect)
        .order_by(Bounce.kind, Bounce.effect)
    )
    return [(kind, effect, count) for kind, effect, count in rows]
