"""Writing a plan into the ledger: deliveries and their picks, in bulk, once per person and edition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from newsletter.model import DeliveryState, Digest, Evidence, EvidenceKind, Skip
from newsletter.store.bulk import insert_new_rows
from newsletter.store.tables import Delivery, Edition, Pick


@dataclass(frozen=True, slots=True)
class Planned:
    """What one subscriber is to get for one edition; `note` is a line about the day for its reader."""

    subscriber_id: int
    day: date
    digest: Digest | Skip
    note: str | None = None


def plan(session: Session, rows: Sequence[Planned], now: datetime) -> list[Planned]:
    """Write what is not there yet, and return just that: who was planned for a day stays planned."""
    for day in sorted({row.day for row in rows}):
        ensure_edition(session, day, now)
    inserted = insert_new_rows(
        session,
        Delivery,
        [_delivery(row, now) for row in rows],
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
    insert_new_rows(session, Pick, picks)
    return fresh


def ensure_edition(session: Session, day: date, now: datetime) -> None:
    """Make the edition's row if there is none."""
    edition = {"day": day, "created_at": now, "complete": False, "report": {}}
    insert_new_rows(session, Edition, [edition])


def _delivery(row: Planned, now: datetime) -> dict[str, Any]:
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
            "section": pick.section.value,
            "score": round(pick.score, 6),
            "evidence": [_stored(evidence) for evidence in pick.evidence],
        }
        for position, pick in enumerate(digest.picks)
    ]


def _stored(evidence: Evidence) -> list[Any]:
    said = [evidence.kind.value, evidence.interest, evidence.detail]
    return said if evidence.place is None else [*said, list(evidence.place)]


def read_evidence(stored: Sequence[Sequence[Any]]) -> tuple[Evidence, ...]:
    """The evidence of a pick, from its stored form."""
    return tuple(
        Evidence(EvidenceKind(kind), interest, detail, tuple(place[0]) if place else None)
        for kind, interest, detail, *place in stored
    )
