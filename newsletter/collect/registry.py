"""The kinds of sources: the entry points of the group `paperround.sources`."""

from __future__ import annotations

from importlib.metadata import entry_points

from newsletter.collect.port import Collector
from newsletter.errors import SourceError

GROUP = "paperround.sources"


def kinds() -> tuple[str, ...]:
    """The names of all installed kinds, in alphabetical order."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def collector(kind: str) -> Collector:
    """The collector of a kind. Raises SourceError when it is unknown or cannot be loaded."""
    for point in entry_points(group=GROUP, name=kind):
        try:
            made: Collector = point.load()()
        except Exception as error:  # a plugin may fail in any way; it costs only its own sources
            raise SourceError(f"the kind {kind!r} cannot be loaded: {error}") from error
        return made
    raise SourceError(f"there is no kind of source {kind!r}; there are {', '.join(kinds())}")
