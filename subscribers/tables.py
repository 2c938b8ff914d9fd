"""The tables about people. Addresses stand in one column, so that erasing is one DELETE."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from subscribers.consent import State
from subscribers.orm import Base, UTCDateTime

__all__ = ["ConsentEvent", "InterestRow", "State", "Subscriber", "Suppression", "Vote"]


class Subscriber(Base):
    """One person, known by one address.

    `address_hash` (see `address.address_hash`) identifies the person without naming them:
    suppressions are joined on it, and it makes one person of one mailbox, however it is spelled.
    `links_version` is part of every signed link, so raising it kills the old ones.
    `next_send_at` is when the next digest is due, None while nobody should be mailed.
    `covered_until` is up to when papers were considered for them: later ones are still to come.
    `length` is how much of each paper a digest shows; after `quiet_days` days without a digest one
    short note comes, 0 for none. `new_email` is where they asked to be mailed instead, until confirmed.
    `parts_off` are the parts of a digest (`choices.Part`), and `sources_off` the names of the sources, that
    they do without.
    `language` is that of their mails and pages.
    `taste_changed_at` is when their interests or votes last changed: what was learned of them before
    that moment is out of date.
    """

    __tablename__ = "subscriber"
    # AUTOINCREMENT: else SQLite gives an erased person's id, and so their links, to the next one.
    __table_args__ = (Index(None, "next_send_at"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(320))
    address_hash: Mapped[str] = mapped_column(String(64), unique=True)
    state: Mapped[State] = mapped_column(String(16))
    links_version: Mapped[int] = mapped_column(default=1)
    cadence: Mapped[str] = mapped_column(String(16))
    weekday: Mapped[int] = mapped_column(default=0)
    hour: Mapped[int]
    timezone: Mapped[str] = mapped_column(String(64))
    max_papers: Mapped[int]
    length: Mapped[str] = mapped_column(String(16), default="short", server_default="short")
    quiet_days: Mapped[int] = mapped_column(default=0, server_default="0")
    parts_off: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    sources_off: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    language: Mapped[str] = mapped_column(String(16), default="en", server_default="en")
    new_email: Mapped[str | None] = mapped_column(String(320))
    paused_until: Mapped[date | None]
    next_send_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    covered_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    taste_changed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    interests: Mapped[list[InterestRow]] = relationship(
        back_populates="subscriber",
        order_by="InterestRow.position",
        cascade="all, delete-orphan",
        passive_deletes=True,
    )


class InterestRow(Base):
    """One named wish of one subscriber (`profile.Interest` as stored)."""

    __tablename__ = "interest"
    __table_args__ = (
        UniqueConstraint("subscriber_id", "kind", "text"),
        Index(None, "kind", "text"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id", ondelete="CASCADE"))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(String(200))
    weight: Mapped[float] = mapped_column(default=1.0)
    muted: Mapped[bool] = mapped_column(default=False)

    subscriber: Mapped[Subscriber] = relationship(back_populates="interests")


class Vote(Base):
    """That a reader wants more (1) or less (-1) like an entry; at most one vote an entry.

    `entry_key` is the canonical key that the entry had then, such as `arxiv:2404.06395`: no foreign
    key, for entries are no business of this package.
    """

    __tablename__ = "vote"
    __table_args__ = (
        CheckConstraint("value IN (-1, 1)", name="value"),
        Index(None, "entry_key"),
    )

    subscriber_id: Mapped[int] = mapped_column(
        ForeignKey("subscriber.id", ondelete="CASCADE"), primary_key=True
    )
    entry_key: Mapped[str] = mapped_column(String(400), primary_key=True)
    value: Mapped[int]
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class ConsentEvent(Base):
    """What somebody agreed to or withdrew, when, from where, and what they were told (GDPR 7(1)).

    Append-only. `text_version` and `text_hash` identify the words that were shown.
    """

    __tablename__ = "consent_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(
        ForeignKey("subscriber.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(24))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    network_address: Mapped[str | None] = mapped_column(String(64))
    user_agent: Mapped[str | None] = mapped_column(Text)
    text_version: Mapped[str | None] = mapped_column(String(32))
    text_hash: Mapped[str | None] = mapped_column(String(64))


class FormerAddress(Base):
    """Where somebody's mail went before a move that can still be undone from there."""

    __tablename__ = "former_address"
    # AUTOINCREMENT: an undo link names a row, and must never mean another one.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(
        ForeignKey("subscriber.id", ondelete="CASCADE"), index=True
    )
    email: Mapped[str] = mapped_column(String(320))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class Tally(Base):
    """What counts against a limit (`limits.take`): when, as seconds since 1970 with blanks between.

    `key` is a hash that tells nobody's address.
    """

    __tablename__ = "tally"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    moments: Mapped[str] = mapped_column(Text)
    last: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class Suppression(Base):
    """An address that must not be mailed, and why; kept as a hash so that it outlives erasure."""

    __tablename__ = "suppression"

    address_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    reason: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
