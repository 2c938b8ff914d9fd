"""Seed papers that no source has listed: fetched from arXiv by their ids, so that they can be matched on.

They are stored as papers of their own day, years ago perhaps, and so are never news themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.collect.http import Http
from newsletter.collect.port import Request
from newsletter.collect.registry import collector
from newsletter.model import Listed
from newsletter.store import entries, sources
from newsletter.store.engine import Sessions
from newsletter.store.tables import EntryKey
from subscribers.profile import Kind
from subscribers.tables import InterestRow

SOURCE = "seed papers"
_KIND = "arxiv-api"
_AT_ONCE = 100
_LONG_AGO = timedelta(days=365)


def fetch_seeds(
    sessions: Sessions, http_factory: Callable[[], Http], now: datetime, **settings: Any
) -> int:
    """Fetch the seed papers that are missing; returns how many came. Raises SourceError.

    `settings` are further ones of the kind arxiv-api, such as `base_url`.
    """
    with sessions() as session:
        missing = _missing(session)
    if not missing:
        return 0
    ids = [key.removeprefix("arxiv:") for key in missing]
    found = _ask(http_factory, {"ids": ids, **settings}, now)
    with sessions.begin() as session:
        source_id = _source(session)
        saved = entries.save(session, source_id, [_of_its_day(paper, now) for paper in found], now)
        return saved.new


def _missing(session: Session) -> list[str]:
    known = select(EntryKey.key).where(EntryKey.key == InterestRow.text).exists()
    return list(
        session.scalars(
            select(InterestRow.text)
            .where(InterestRow.kind == Kind.SEED, InterestRow.text.startswith("arxiv:"), ~known)
            .distinct()
            .order_by(InterestRow.text)
            .limit(_AT_ONCE)
        )
    )


def _ask(
    http_factory: Callable[[], Http], settings: Mapping[str, Any], now: datetime
) -> list[Listed]:
    found: list[Listed] = []
    api = collector(_KIND)
    with http_factory() as http:
        for batch in api.collect(Request(api.check(settings), now.date(), now), http):
            found.extend(batch.listed)
    return found


def _of_its_day(paper: Listed, now: datetime) -> Listed:
    day = paper.published_at.date() if paper.published_at else (now - _LONG_AGO).date()
    return replace(paper, day=day)


def _source(session: Session) -> int:
    """The row that the listings of seed papers hang on; never visited by itself."""
    known = {source.name: source.id for source in sources.all_sources(session)}
    if SOURCE in known:
        return known[SOURCE]
    added = sources.add(session, SOURCE, _KIND, {})
    sources.enable(session, SOURCE, enabled=False)
    return added.id
