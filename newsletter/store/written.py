"""The tables of what a model wrote about papers, and of what was spent on it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from subscribers.orm import Base, UTCDateTime


class Summary(Base):
    """What a model said, or why it did not, about one text of an entry.

    `text_mark`: of the title and abstract that it was asked about; out of date when they changed.
    `state`: see `model.SummaryState`. `parts`: see `summarise.validate.Parts`, {} until it is written.
    `claimed_by`/`lease_until`: who asks just now, and until when they are believed alive.
    """

    __tablename__ = "summary"

    entry_id: Mapped[int] = mapped_column(
        ForeignKey("entry.id", ondelete="CASCADE"), primary_key=True
    )
    text_mark: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    model: Mapped[str] = mapped_column(String(120))
    parts: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    reason: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(default=1)
    claimed_by: Mapped[str | None] = mapped_column(String(120))
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    retry_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)


class SummaryDay(Base):
    """What was asked of models on a day (UTC). `rest_until`: the endpoint wants no request before."""

    __tablename__ = "summary_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    requests: Mapped[int] = mapped_column(default=0)
    tokens: Mapped[int] = mapped_column(default=0)
    rest_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
