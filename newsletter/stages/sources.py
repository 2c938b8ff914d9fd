"""Which sources there are: those that the settings name, and those added by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from newsletter.collect.registry import collector
from newsletter.collect.specs import read_spec
from newsletter.store import sources
from newsletter.store.sources import SourceView


def add_source(session: Session, name: str, kind: str, settings: Mapping[str, Any]) -> SourceView:
    """Add a source after its kind has checked the settings. Raises SourceError or StoreError."""
    return sources.add(session, name, kind, collector(kind).check(settings))


def add_spec(session: Session, spec: str, name: str | None = None) -> SourceView:
    """Add the source that a spec such as `arxiv-rss:cs.AI+cs.LG` stands for."""
    kind, settings = read_spec(spec)
    return add_source(session, name or spec[: sources.NAME_LENGTH], kind, settings)


def ensure_sources(session: Session, specs: Sequence[str]) -> None:
    """Let the sources that the settings name be there and enabled, and no others that they named.

    What was added by hand is left alone. Raises SourceError for a spec that nobody understands.
    """
    named: set[str] = set()
    for spec in specs:
        kind, settings = read_spec(spec)
        name = spec[: sources.NAME_LENGTH]
        sources.ensure(session, name, kind, collector(kind).check(settings))
        named.add(name)
    sources.disable_unnamed(session, named)
