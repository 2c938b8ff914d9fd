"""People from and to files. A row that is wrong is reported by its line and costs no other row.

Whoever is known already is left as they are: a reader's own settings win over a file.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import IO, Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers.choices import told
from subscribers.consent import EventKind, Origin, State
from subscribers.consent_log import record
from subscribers.person_record import COLUMNS, Person, RowError, csv_rows, json_rows, understand
from subscribers.preferences import apply_preferences, read_preferences
from subscribers.profile import to_text
from subscribers.signup import begin, new_row
from subscribers.store import inserted
from subscribers.tables import ConsentEvent, Subscriber, Suppression

_BLOCK = 500
_T = TypeVar("_T")

Invite = Callable[[Session, Subscriber], None]
"""Asks an imported person who has not confirmed to do so (queues their confirmation mail)."""


@dataclass(slots=True)
class ImportReport:
    """What became of a file's rows. `suppressed` ones must not be mailed and were left out."""

    added: int = 0
    known: int = 0
    suppressed: int = 0
    errors: list[RowError] = field(default_factory=list)


def import_csv(
    session: Session, file: Iterable[str], *, now: datetime, invite: Invite | None = None
) -> ImportReport:
    """Adds the people in a CSV file (text lines). Raises ImportFileError for a wrong header."""
    return _import(session, csv_rows(file), now=now, invite=invite)


def import_json(
    session: Session, text: str, *, now: datetime, invite: Invite | None = None
) -> ImportReport:
    """Adds the people in a JSON array of objects; for `line` the report has the place in the array.

    Raises ImportFileError for anything but such an array.
    """
    return _import(session, json_rows(text), now=now, invite=invite)


def export_csv(session: Session, file: IO[str]) -> int:
    """Writes everybody, in the columns that `import_csv` reads. Returns how many there were."""
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    count, after = 0, 0
    while block := session.scalars(
        select(Subscriber).where(Subscriber.id > after).order_by(Subscriber.id).limit(_BLOCK)
    ).all():
        consents = _consents(session, block)
        writer.writerows(_written(each, consents.get(each.id, "")) for each in block)
        count, after = count + len(block), block[-1].id
        for subscriber in block:
            session.expunge(subscriber)
    return count


def _import(
    session: Session, rows: Iterable[tuple[int, Any]], *, now: datetime, invite: Invite | None
) -> ImportReport:
    report = ImportReport()
    for block in _blocks(_understood(rows, report.errors)):
        _add(session, block, report, now=now, invite=invite)
    return report


def _understood(rows: Iterable[tuple[int, Any]], errors: list[RowError]) -> Iterator[Person]:
    for line, row in rows:
        match understand(line, row):
            case Person() as person:
                yield person
            case error:
                errors.append(error)


def _add(
    session: Session,
    people: list[Person],
    report: ImportReport,
    *,
    now: datetime,
    invite: Invite | None,
) -> None:
    hashes = [person.address.hash for person in people]
    known = set(
        session.scalars(select(Subscriber.address_hash).where(Subscriber.address_hash.in_(hashes)))
    )
    suppressed = set(
        session.scalars(
            select(Suppression.address_hash).where(Suppression.address_hash.in_(hashes))
        )
    )
    fresh: dict[str, Person] = {}
    for person in people:
        if person.address.hash in suppressed:
            report.suppressed += 1
        elif person.address.hash not in known:
            fresh.setdefault(person.address.hash, person)
    # Whoever another import or a form brings in at this moment is known, too.
    rows = [new_row(person.address, person.preferences, now) for person in fresh.values()]
    ids = [id_ for (id_,) in inserted(session, Subscriber, rows, Subscriber.id)]
    wanted = select(Subscriber).where(Subscriber.id.in_(ids)).order_by(Subscriber.id)
    added = session.scalars(wanted).all()
    for subscriber in added:
        person = fresh[subscriber.address_hash]
        _settle(subscriber, person, now)
        _record_import(session, person, subscriber, now)
        if invite is not None and person.state is State.PENDING:
            invite(session, subscriber)
    session.flush()
    for subscriber in added:
        session.expunge(subscriber)
    report.added += len(added)
    report.known += len(people) - len(added) - sum(p.address.hash in suppressed for p in people)


def _settle(subscriber: Subscriber, person: Person, now: datetime) -> None:
    subscriber.state = person.state
    subscriber.confirmed_at = person.confirmed_at
    apply_preferences(subscriber, person.preferences, now=now)
    if person.state is State.CONFIRMED and person.confirmed_at is not None:
        begin(subscriber, now=now, confirmed_at=person.confirmed_at)


def _record_import(session: Session, person: Person, subscriber: Subscriber, now: datetime) -> None:
    # Where a form notes the browser, a file notes what its owner says about how consent was given.
    said = Origin(user_agent=person.consent)
    at = person.confirmed_at or now
    record(session, subscriber, EventKind.IMPORTED, now=at, origin=said)


def _consents(session: Session, block: Sequence[Subscriber]) -> dict[int, str]:
    """How each of these agreed, in words that can be imported again; the last time counts."""
    agreed = (EventKind.CONFIRMED, EventKind.IMPORTED)
    events = session.scalars(
        select(ConsentEvent)
        .where(
            ConsentEvent.subscriber_id.between(block[0].id, block[-1].id),
            ConsentEvent.kind.in_(agreed),
        )
        .order_by(ConsentEvent.id)
    )
    return {event.subscriber_id: _provenance(event) for event in events}


def _provenance(event: ConsentEvent) -> str:
    if event.kind == EventKind.IMPORTED:  # as its first owner said it
        return event.user_agent or ""
    told = [
        ("by the button in our mail", event.at.isoformat(timespec="seconds")),
        ("from", event.network_address),
        ("with", event.user_agent),
        ("shown text", event.text_version),
        ("sha256", event.text_hash),
    ]
    return ", ".join(f"{name} {value}" for name, value in told if value)


def _written(subscriber: Subscriber, consent: str) -> dict[str, Any]:
    return {
        "email": subscriber.email,
        "wishes": to_text(read_preferences(subscriber).profile),
        "cadence": subscriber.cadence,
        "weekday": subscriber.weekday,
        "hour": subscriber.hour,
        "timezone": subscriber.timezone,
        "max_papers": subscriber.max_papers,
        "length": subscriber.length,
        "quiet_days": subscriber.quiet_days,
        "language": subscriber.language,
        "paused_until": subscriber.paused_until,
        "parts_off": told(subscriber.parts_off),
        "sources_off": told(subscriber.sources_off),
        "state": str(subscriber.state),
        "confirmed_at": subscriber.confirmed_at and subscriber.confirmed_at.isoformat(),
        "consent": consent,
    }


def _blocks(values: Iterator[_T]) -> Iterator[list[_T]]:
    while block := list(islice(values, _BLOCK)):
        yield block
