"""The sources table: which places papers come from, and how their last visits went."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from newsletter.errors import StoreError
from newsletter.store.tables import Source

NAME_LENGTH = 100

_PATIENT = 3  # failures in a row before a source is left alone for a while
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=15), timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """A source as the other stages read it.

    `failures`: how many times in a row it failed; from the third on it is left alone until `retry_at`.
    `complete_until`: the last day whose announcements are all in, where the kind can be caught up.
    """

    id: int
    name: str
    kind: str
    settings: Mapping[str, Any]
    enabled: bool
    validators: Mapping[str, Mapping[str, str]]
    cursor: Mapping[str, Any]
    last_success_at: datetime | None
    last_error: str | None
    failures: int
    complete_until: date | None = None
    retry_at: datetime | None = None


def all_sources(session: Session, *, enabled_only: bool = False) -> list[SourceView]:
    """All sources, in the order in which they were added."""
    query = select(Source).order_by(Source.id)
    if enabled_only:
        query = query.where(Source.enabled)
    return [_view(source) for source in session.scalars(query)]


def get(session: Session, name: str) -> SourceView:
    """The source of that name. Raises StoreError if there is none."""
    source = session.scalar(select(Source).where(Source.name == name))
    if source is None:
        raise StoreError(f"there is no source {name!r}")
    return _view(source)


def add(session: Session, name: str, kind: str, settings: Mapping[str, Any]) -> SourceView:
    """Add a source whose settings were checked by its kind. Raises StoreError for a taken name."""
    if not name.strip() or len(name) > NAME_LENGTH or not name.isprintable():
        raise StoreError("a source's name is 1 to 100 printable characters")
    if session.scalar(select(Source.id).where(Source.name == name)) is not None:
        raise StoreError(f"there is already a source {name!r}")
    source = Source(name=name, kind=kind, settings=dict(settings), enabled=True, failures=0)
    source.validators, source.cursor = {}, {}
    session.add(source)
    session.flush()
    return _view(source)


def ensure(session: Session, name: str, kind: str, settings: Mapping[str, Any]) -> None:
    """Let the source that the settings name be there, enabled, and with these settings."""
    source = session.scalar(select(Source).where(Source.name == name))
    if source is None:
        add(session, name, kind, settings)
        source = session.scalars(select(Source).where(Source.name == name)).one()
    source.kind, source.settings = kind, dict(settings)
    source.from_settings = source.enabled = True


def disable_unnamed(session: Session, named: Collection[str]) -> None:
    """Disable the sources that the settings named before and no longer do."""
    session.execute(
        update(Source).where(Source.from_settings, Source.name.not_in(named)).values(enabled=False)
    )


def remove(session: Session, name: str) -> None:
    """Remove a source and its listings; its entries stay, so that none comes back as new."""
    found = get(session, name)
    session.execute(delete(Source).where(Source.id == found.id))


def enable(session: Session, name: str, *, enabled: bool = True) -> None:
    """Let a source be collected, or leave it out."""
    found = get(session, name)
    session.execute(update(Source).where(Source.id == found.id).values(enabled=enabled))


def remember_batch(
    session: Session,
    source_id: int,
    *,
    validators: Mapping[str, Mapping[str, str]] | None,
    cursor: Mapping[str, Any] | None,
) -> None:
    """Keep where the source stands, in the transaction that saves its entries; None leaves it."""
    source = session.get_one(Source, source_id)
    if validators is not None and source.validators != validators:
        source.validators = {url: dict(known) for url, known in validators.items()}
    if cursor is not None and source.cursor != dict(cursor):
        source.cursor = dict(cursor)


def remember_success(session: Session, source_id: int, now: datetime) -> None:
    """The source was read to its end."""
    session.execute(
        update(Source)
        .where(Source.id == source_id)
        .values(last_success_at=now, last_error=None, failures=0, retry_at=None)
    )


def remember_failure(session: Session, source_id: int, line: str, now: datetime) -> None:
    """The source failed; `line` says how. One that keeps failing is asked less and less often."""
    source = session.get_one(Source, source_id)
    source.last_error = line
    source.failures += 1
    pause = backoff(source.failures)
    source.retry_at = now + pause if pause else None


def backoff(failures: int) -> timedelta:
    """How long to leave a source alone that failed so many times in a row.

    >>> [str(backoff(count)) for count in (2, 3, 4, 20)]
    ['0:00:00', '0:15:00', '0:30:00', '6:00:00']
    """
    if failures < _PATIENT:
        return timedelta(0)
    doubled: timedelta = _FIRST_PAUSE * 2 ** min(failures - _PATIENT, 10)
    return min(doubled, _LONGEST_PAUSE)


def remember_complete(session: Session, source_id: int, until: date) -> None:
    """All announcements up to that day are in; an earlier day than known changes nothing."""
    source = session.get_one(Source, source_id)
    if source.complete_until is None or source.complete_until < until:
        source.complete_until = until


def _view(source: Source) -> SourceView:
    return SourceView(
        id=source.id,
        name=source.name,
        kind=source.kind,
        settings=source.settings,
        enabled=source.enabled,
        validators=source.validators,
        cursor=source.cursor,
        last_success_at=source.last_success_at,
        last_error=source.last_error,
        failures=source.failures,
        complete_until=source.complete_until,
        retry_at=source.retry_at,
    )
