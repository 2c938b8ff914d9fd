"""The signals stage: ask where papers are talked about, and write down the numbers that changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.orm import Session, sessionmaker

from newsletter.collect.github import GitHub
from newsletter.collect.hackernews import HackerNews
from newsletter.collect.http import Http
from newsletter.collect.reddit import Reddit
from newsletter.collect.signals import Observation, Observed, SignalSource
from newsletter.errors import SourceError
from newsletter.model import Watched
from newsletter.store import signals
from newsletter.store.watched import recent

log = structlog.get_logger(__name__)

#: The places that the setting SIGNALS can name.
PLACES: Mapping[str, Callable[[], SignalSource]] = {
    "hackernews": HackerNews,
    "github": GitHub,
    "reddit": Reddit,
}


@dataclass(frozen=True, slots=True)
class SignalReport:
    """How the visit to one place went: numbers seen, and those that were new or had changed."""

    name: str
    observed: int = 0
    written: int = 0
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    error: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self) | {"problems": list(self.problems), "notes": list(self.notes)}


def observe(
    sessions: sessionmaker[Session],
    http_factory: Callable[[], Http],
    names: Sequence[str],
    *,
    now: datetime,
    days: int,
    places: Mapping[str, Callable[[], SignalSource]] = PLACES,
) -> tuple[SignalReport, ...]:
    """Ask the named places about the papers of the last days. A place that fails costs only itself.

    Raises SourceError for a name that is no place.
    """
    unknown = [name for name in names if name not in places]
    if unknown:
        raise SourceError(f"{unknown[0]!r} is no place of signals: {', '.join(places)}")
    with sessions() as session:
        watched = recent(session, now.date() - timedelta(days=days)) if names else []
    if not watched:
        return ()
    with http_factory() as http:
        found = {name: _asked(name, places[name](), watched, http, now) for name in names}
    return tuple(_written(sessions, name, each, now) for name, each in found.items())


def _asked(
    name: str, place: SignalSource, watched: Sequence[Watched], http: Http, now: datetime
) -> Observation | str:
    """What a place told, or how it failed."""
    try:
        return place.observe(watched, http, now)
    except SourceError as failure:
        error = " ".join(str(failure).split())
        log.warning("signals failed", place=name, error=error)
        return error
    except Exception as failure:  # a slip in one place must not cost the run
        log.exception("a place of signals broke", place=name)
        return f"it broke: {type(failure).__name__}: {failure}"


def _written(
    sessions: sessionmaker[Session], name: str, found: Observation | str, now: datetime
) -> SignalReport:
    if isinstance(found, str):
        return SignalReport(name, error=found)
    with sessions.begin() as session:
        written = signals.record(session, _settled(session, found.observed), now)
    return SignalReport(name, len(found.observed), written, found.problems, found.notes)


def _settled(session: Session, observed: Sequence[Observed]) -> dict[signals.Place, int]:
    """The values to record: where a source only counts what it still shows, never less than before."""
    values = {(each.entry_id, each.kind): each.value for each in observed}
    partial = {(each.entry_id, each.kind) for each in observed if each.at_least}
    if partial:
        known = signals.latest(session, {entry_id for entry_id, _ in partial})
        values |= {place: max(values[place], known[place][1]) for place in partial & known.keys()}
    return values
