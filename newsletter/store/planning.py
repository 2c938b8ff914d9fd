"""Writing a plan into the ledger: deliveries and their picks, in bulk, once per person and edition.

A delivery's `context` holds, beside its picks, all that its mail is made of; what is as usual is left out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy.orm import Session

from newsletter.model import (
    Change,
    DeliveryState,
    Digest,
    Evidence,
    EvidenceKind,
    Heard,
    Manner,
    Skip,
)
from newsletter.store import tables
from newsletter.store.bulk import insert_new_rows
from newsletter.store.tables import Delivery, Edition
from subscribers.language import ENGLISH
from subscribers.length import Length

_HEARD = tuple(field.name for field in fields(Heard))


@dataclass(frozen=True, slots=True)
class Planned:
    """What one subscriber is to get for one edition; `note` is a line about the day for its reader."""

    subscriber_id: int
    day: date
    digest: Digest | Skip
    note: str | None = None
    manner: Manner = field(default_factory=Manner)


def plan(session: Session, rows: Sequence[Planned], now: datetime) -> list[Planned]:
    """Write what is not there yet, and return just that: who was planned for a day stays planned."""
    for day in sorted({row.day for row in rows}):
        ensure_edition(session, day, now)
    inserted = insert_new_rows(
        session,
        Delivery,
        [delivery_row(row, now) for row in rows],
        returning=(Delivery.id, Delivery.subscriber_id, Delivery.edition_day),
    )
    ids = {(subscriber_id, day): id_ for id_, subscriber_id, day in inserted}
    fresh = [row for row in rows if (row.subscriber_id, row.day) in ids]
    picks = [
        pick
        for row in fresh
        if isinstance(row.digest, Digest)
        for pick in _picks(row, row.digest, ids[row.subscriber_id, row.day])
    ]
    insert_new_rows(session, tables.Pick, picks)
    return fresh


def ensure_edition(session: Session, day: date, now: datetime) -> None:
    """Make the edition's row if there is none."""
    edition = {"day": day, "created_at": now, "complete": False, "report": {}}
    insert_new_rows(session, Edition, [edition])


def delivery_row(row: Planned, now: datetime) -> dict[str, Any]:
    """A delivery as it is stored when it is planned."""
    skipped = row.digest if isinstance(row.digest, Skip) else None
    digest = row.digest if isinstance(row.digest, Digest) else None
    return {
        "subscriber_id": row.subscriber_id,
        "edition_day": row.day,
        "state": (DeliveryState.SKIPPED if skipped else DeliveryState.PLANNED).value,
        "reason": skipped.reason.value if skipped else None,
        "considered": digest.considered if digest else 0,
        "left_out": digest.left_out if digest else 0,
        "note": row.note,
        "context": _context(digest, row.manner) if digest else {},
        "planned_at": now,
        "attempts": 0,
        "settled_at": now if skipped else None,
    }


def _picks(row: Planned, digest: Digest, delivery_id: int) -> list[dict[str, Any]]:
    return [
        {
            "subscriber_id": row.subscriber_id,
            "entry_id": pick.entry_id,
            "delivery_id": delivery_id,
            "position": position,
            "section": str(pick.section),
            "score": round(pick.score, 6),
            "evidence": [_stored(evidence) for evidence in pick.evidence],
        }
        for position, pick in enumerate(digest.picks)
    ]


def _context(digest: Digest, manner: Manner) -> dict[str, Any]:
    said: dict[str, Any] = {
        "length": manner.length.value,
        "next_at": manner.next_at.isoformat() if manner.next_at else None,
        "timezone": manner.timezone,
        "language": manner.language if manner.language != ENGLISH else None,
        "weekly": manner.weekly,
        "complete": manner.complete,
        "away_since": digest.away_since.isoformat() if digest.away_since else None,
        "quiet_days": digest.quiet_days,
        "changes": [
            [each.title, each.url, each.withdrawn, each.version, list(each.changed)]
            for each in digest.changes
        ],
        "heard": _told(digest.heard) if digest.heard else None,
    }
    return {name: value for name, value in said.items() if value}


@dataclass(frozen=True, slots=True)
class Context:
    """What a mail is made of besides its picks: what it looks back on, and how it is written."""

    changes: tuple[Change, ...]
    away_since: date | None
    quiet_days: int
    manner: Manner
    heard: Heard | None = None


# Most readers of an edition share their context with others, and many picks their evidence.
@lru_cache(maxsize=1024)
def read_context(stored: str) -> Context:
    """The context of a delivery, from the JSON that is stored."""
    context = json.loads(stored)
    next_at, away = context.get("next_at"), context.get("away_since")
    changes = tuple(
        Change(title=title, url=url, withdrawn=gone, version=version, changed=tuple(changed))
        for title, url, gone, version, changed in context.get("changes", ())
    )
    manner = Manner(
        length=Length(context.get("length", Length.SHORT)),
        weekly=context.get("weekly", False),
        complete=context.get("complete", False),
        next_at=datetime.fromisoformat(next_at) if next_at else None,
        timezone=context.get("timezone", "UTC"),
        language=context.get("language", ENGLISH),
    )
    heard = context.get("heard")
    return Context(
        changes,
        date.fromisoformat(away) if away else None,
        context.get("quiet_days", 0),
        manner,
        Heard(**heard) if heard else None,
    )


def _told(heard: Heard) -> dict[str, Any]:
    return {name: value for name in _HEARD if (value := getattr(heard, name))}


def _stored(evidence: Evidence) -> list[Any]:
    # Millions are stored: `str` reads the name of an enum's member ten times as fast as `value`.
    said = [str(evidence.kind), evidence.interest, evidence.detail]
    return said if evidence.place is None else [*said, list(evidence.place)]


@lru_cache(maxsize=8192)
def read_evidence_text(stored: str) -> tuple[Evidence, ...]:
    """As `read_evidence`, from the JSON that is stored."""
    return read_evidence(json.loads(stored))


def read_evidence(stored: Sequence[Sequence[Any]]) -> tuple[Evidence, ...]:
    """The evidence of a pick, from its stored form."""
    return tuple(
        Evidence(EvidenceKind(kind), interest, detail, tuple(place[0]) if place else None)
        for kind, interest, detail, *place in stored
    )
