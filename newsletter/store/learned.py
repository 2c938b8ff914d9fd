"""The tables of what matching has learned. All of it can be learned again; only that takes time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from subscribers.orm import Base, UTCDateTime


class LearnedSpace(Base):
    """What the archive taught, as `match.packed.pack_space` makes it; the id is its version.

    `encoder` names what its semantic vectors come from, "" where it has none. `learning`: the
    `match.packed.LEARNING` of the code that made it. `papers`: how many it was learned from.
    """

    __tablename__ = "space"
    # AUTOINCREMENT: a version that was deleted must never name another space.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    encoder: Mapped[str] = mapped_column(String(120), default="")
    learning: Mapped[int]
    papers: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)


class LearnedTaste(Base):
    """A reader's profile in a space; see `match.packed.PackedProfile`.

    `changed_at`: the reader's `taste_changed_at` when it was learned: once that has moved on, the
    profile is out of date.
    """

    __tablename__ = "taste"

    subscriber_id: Mapped[int] = mapped_column(
        ForeignKey("subscriber.id", ondelete="CASCADE"), primary_key=True
    )
    space_id: Mapped[int]
    learned_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    terms: Mapped[bytes] = mapped_column(LargeBinary)
    dense: Mapped[bytes] = mapped_column(LargeBinary)
    mean: Mapped[float]
    spread: Mapped[float]


class LearnedCompany(Base):
    """What several readers like together, as `match.packed.pack_company` makes it: one row.

    `space_id`: the space in whose features it is told. Nothing in it is about one reader.
    """

    __tablename__ = "company"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    space_id: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    learning: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)
