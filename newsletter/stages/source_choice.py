"""Which entries only come from sources that a reader does without."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from newsletter.store import listings


@dataclass
class SourceChoice:
    """What listed the entries of a run; read where a reader asks, and kept, for readers share a day."""

    _names: dict[int, frozenset[str]] = field(default_factory=dict, repr=False)

    def unwanted(
        self, session: Session, entry_ids: Collection[int], sources_off: frozenset[str]
    ) -> set[int]:
        """Those of these entries that no other source listed than the ones that a reader does without."""
        if not sources_off:
            return set()
        missing = [id_ for id_ in entry_ids if id_ not in self._names]
        if missing:
            self._names |= dict.fromkeys(missing, frozenset[str]())
            self._names |= listings.listed_by(session, missing)
        return {id_ for id_ in entry_ids if (names := self._names[id_]) and names <= sources_off}
