"""The tables of the daily run. People's tables are in `subscribers.tables`; both share one metadata."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

import newsletter.store.learned
import newsletter.store.returned
import newsletter.store.searchable
import newsletter.store.written  # noqa: F401  (all fill the metadata, too)
import subscribers.tables  # noqa: F401  (foreign keys below point into the shared metadata)
from subscribers.orm import Base, UTCDateTime


class Source(Base):
    """A configured place that papers come from.

    `settings`: what its kind needs (`{"address": ...}`, `{"categories": [...]}`).
    `validators`: `{url: {"etag": ..., "last_modified": ...}}` for conditional GET.
    `cursor`: what the collector needs to go on from; moved only after its entries are committed.
    `from_settings`: the operator's settings name it; it is disabled when they no longer do.
    `complete_until`: the last day whose announcements are all in, where the kind can be caught up.
    `retry_at`: it failed several times in a row and is left alone until then.
    """

    __tablename__ = "source"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    settings: Mapped[dict[str, Any]] = mapped_column(JSON)
    enabled: Mapped[bool] = mapped_column(default=True)
    validators: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    cursor: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    from_settings: Mapped[bool] = mapped_column(default=False)
    complete_until: Mapped[date | None]
    retry_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_success_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)
    failures: Mapped[int] = mapped_column(default=0)


class Entry(Base):
    """One paper, once, whatever sources list it.

    `field_versions`: `{"comment": 1}` for each text that comes from an older version than
    `version`, because the newer one did not give it: merging must not depend on who came first.
    `withdrawn_at`: when its withdrawal was first seen; such a paper is never mailed.
    """

    __tablename__ = "entry"
    __table_args__ = (
        Index(None, "first_seen_at"),
        Index(None, "first_listed_on"),
        Index(None, "updated_at"),
        Index(None, "withdrawn_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(400), unique=True)
    title: Mapped[str] = mapped_column(Text)
    abstract: Mapped[str] = mapped_column(Text)
    authors: Mapped[list[str]] = mapped_column(JSON)
    categories: Mapped[list[str]] = mapped_column(JSON)
    url: Mapped[str] = mapped_column(Text)
    pdf_url: Mapped[str | None] = mapped_column(Text)
    code_url: Mapped[str | None] = mapped_column(Text)
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int | None]
    field_versions: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    comment: Mapped[str | None] = mapped_column(Text)
    organisation: Mapped[str | None] = mapped_column(Text)
    tldr: Mapped[str | None] = mapped_column(Text)
    keywords: Mapped[list[str]] = mapped_column(JSON, default=list)
    first_seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    first_listed_on: Mapped[date]
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class EntryKey(Base):
    """Every canonical key that an entry is known by; its UNIQUE key is what makes an entry "once"."""

    __tablename__ = "entry_key"

    key: Mapped[str] = mapped_column(String(400), primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id", ondelete="CASCADE"), index=True)


class Listing(Base):
    """That a source showed an entry on a day."""

    __tablename__ = "listing"
    __table_args__ = (Index(None, "day", "entry_id", "type"), Index(None, "seen_at"))

    entry_id: Mapped[int] = mapped_column(
        ForeignKey("entry.id", ondelete="CASCADE"), primary_key=True
    )
    source_id: Mapped[int] = mapped_column(
        ForeignKey("source.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(16))
    votes: Mapped[int | None]
    comments: Mapped[int | None]
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Signal(Base):
    """Social attention of an entry (`votes`, `hn-points`, `stars`, ...) as it stood at a moment.

    A row is written when the number differs from the one before, so the rows are its history.
    """

    __tablename__ = "signal"
    __table_args__ = (Index(None, "observed_at"),)

    entry_id: Mapped[int] = mapped_column(
        ForeignKey("entry.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(24), primary_key=True)
    observed_at: Mapped[datetime] = mapped_column(UTCDateTime, primary_key=True)
    value: Mapped[int]


class EntryVector(Base):
    """What an entry means, as one encoder tells it: `vector` holds float16 numbers, little end first.

    `encoder`: see `Encoder.name`; vectors of different encoders cannot be compared.
    `entry_updated_at`: the entry's `updated_at` when its text was read; out of date once it moved on.
    """

    __tablename__ = "entry_vector"

    entry_id: Mapped[int] = mapped_column(
        ForeignKey("entry.id", ondelete="CASCADE"), primary_key=True
    )
    encoder: Mapped[str] = mapped_column(String(120), primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    entry_updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Revision(Base):
    """A later version of an entry. `changed`: the fields that differ from what was known before."""

    __tablename__ = "revision"
    __table_args__ = (Index(None, "seen_at"),)

    entry_id: Mapped[int] = mapped_column(
        ForeignKey("entry.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed: Mapped[list[str]] = mapped_column(JSON)


class HostTurn(Base):
    """Whose turn it is to ask the hosts below a domain, over all processes that share the database.

    Nobody may ask before `free_at`. `holder` is asking just now; after `held_until` it counts as dead.
    """

    __tablename__ = "host_turn"

    domain: Mapped[str] = mapped_column(String(255), primary_key=True)
    free_at: Mapped[datetime] = mapped_column(UTCDateTime)
    holder: Mapped[str | None] = mapped_column(String(120))
    held_until: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Edition(Base):
    """One day's run. `report`: per source what was collected, missing or wrong, as shown to people.

    `stopped_at`, `stopped_why`: no more of it leaves until an operator resumes it; what was refused before
    `resumed_at` no longer counts against it.
    """

    __tablename__ = "edition"

    day: Mapped[date] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    collected_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    complete: Mapped[bool] = mapped_column(default=False)
    report: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    stopped_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    stopped_why: Mapped[str | None] = mapped_column(Text)
    resumed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


def _waiting(name: str) -> Index:
    """A small index in the order of planning: a million rows that are done are not looked at again."""
    waits = text("state IN ('planned', 'deferred', 'uncertain') AND claimed_by IS NULL")
    return Index(f"ix_{name}_waiting", "id", sqlite_where=waits, postgresql_where=waits)


def _held(name: str) -> Index:
    """What is being worked on: a batch a sender."""
    held = text("claimed_by IS NOT NULL")
    return Index(f"ix_{name}_held", "claimed_by", sqlite_where=held, postgresql_where=held)


class Delivery(Base):
    """The ledger row of one digest: the only truth about what was sent.

    With its picks it is all that the mail is made of, so that a retry sends the same bytes. `context`:
    what the mail says beyond its picks, see `store.planning`.
    `claimed_by`/`lease_until`: which sender process works on it, and until when it is believed alive.
    A claimed row stays `planned` until just before its mail goes on the wire; `sending` therefore
    means "may have left", and nothing else does. `uncertain_at` stays when an uncertain mail was sent
    again, so that every possible double is marked for good.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("subscriber_id", "edition_day"),
        Index(None, "edition_day", "state"),
        _waiting("delivery"),
        _held("delivery"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id", ondelete="CASCADE"))
    edition_day: Mapped[date] = mapped_column(ForeignKey("edition.day"))
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(Text)
    considered: Mapped[int] = mapped_column(default=0)
    left_out: Mapped[int] = mapped_column(default=0)
    note: Mapped[str | None] = mapped_column(Text)
    context: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    planned_at: Mapped[datetime] = mapped_column(UTCDateTime)
    claimed_by: Mapped[str | None] = mapped_column(String(120))
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    uncertain_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    receipt: Mapped[str | None] = mapped_column(Text)


class Pick(Base):
    """An entry in a subscriber's digest. The primary key is the promise: never the same paper twice."""

    __tablename__ = "pick"
    __table_args__ = (Index("ix_pick_entry_id", "entry_id", "subscriber_id"),)

    subscriber_id: Mapped[int] = mapped_column(
        ForeignKey("subscriber.id", ondelete="CASCADE"), primary_key=True
    )
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"), primary_key=True)
    delivery_id: Mapped[int] = mapped_column(
        ForeignKey("delivery.id", ondelete="CASCADE"), index=True
    )
    position: Mapped[int]
    section: Mapped[str] = mapped_column(String(16))
    score: Mapped[float]
    evidence: Mapped[list[Any]] = mapped_column(JSON)


class Notice(Base):
    """A mail that is no digest (the confirmation mail), queued in the transaction that calls for it.

    Uses the states of a delivery. `context`: what its template needs beyond the subscriber.
    """

    __tablename__ = "notice"
    __table_args__ = (_waiting("notice"), _held("notice"))

    id: Mapped[int] = mapped_column(primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(
        ForeignKey("subscriber.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(24))
    context: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    claimed_by: Mapped[str | None] = mapped_column(String(120))
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    uncertain_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    receipt: Mapped[str | None] = mapped_column(Text)
