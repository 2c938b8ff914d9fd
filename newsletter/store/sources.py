"""The sources table: which places papers come from, and how their last visits went."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from newsletter.errors import StoreError
from newsletter.store.tables import Source

NAME_LENGTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """A source as the other stages read it. `failures`: how many times in a row it failed."""

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
    validators: Mapping[str, Mapping[str, str]],
    cursor: Mapping[str, Any] | None,
) -> None:
    """Keep where the source stands, in the transaction that saves its entries."""
    source = session.get_one(Source, source_id)
    fresh = {url: dict(known) for url, known in validators.items()}
    if source.validators != fresh:
        source.validators = fresh
    if cursor is not None and source.cursor != dict(cursor):
        source.cursor = dict(cursor)


def remember_success(session: Session, source_id: int, now: datetime) -> None:
    """The source was read to its end."""
    session.execute(
        update(Source)
        .where(Source.id == source_id)
        .values(last_success_at=now, last_error=None, failures=0)
    )


def remember_failure(session: Session, source_id: int, line: str) -> None:
    """The source failed; `line` says how."""
    session.execute(
        update(Source)
        .where(Source.id == source_id)
        .values(last_error=line, failures=Source.failures + 1)
    )


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
    )
