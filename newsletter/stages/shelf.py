"""All papers' places in memory, for the pages that compare papers: read once, then kept up to date."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from newsletter.errors import EncoderError
from newsletter.match.packed import unpack_space
from newsletter.match.related import Halves, Neighbours
from newsletter.match.space import Space
from newsletter.match.vocabulary import Floats
from newsletter.stages.meaning import Meaning
from newsletter.stages.placing import latent_of, name_of
from newsletter.store import spaces, vectors

_LOOKS_EVERY = timedelta(minutes=5)
# A newer space takes over once nearly all papers have a place in it.
_ENOUGH = 0.9


@dataclass(frozen=True)
class Shelved:
    """A space, and every paper that has a place in it."""

    version: int
    space: Space
    papers: Neighbours

    def about(self, topic: str, ids: Sequence[int]) -> Floats:
        """How much papers are about a topic in words; 0 for what has no place yet."""
        return self.papers.about(latent_of(self.space, [topic])[0], ids)


@dataclass
class Shelf:
    """Keeps the places in memory, one copy a process, and looks for new ones every five minutes.

    `meaning`: whose vectors count besides, if any. Threads may share it.
    """

    meaning: Meaning | None = None
    _kept: Shelved | None = field(default=None, repr=False)
    _looked_at: datetime | None = field(default=None, repr=False)
    _looking: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def shelved(self, session: Session, now: datetime) -> Shelved | None:
        """What there is to compare with; None while no paper has a place.

        While one thread looks for new places the others go on with what there is.
        """
        due = self._looked_at is None or now - self._looked_at >= _LOOKS_EVERY
        if due and self._looking.acquire(blocking=self._looked_at is None):
            try:
                if self._looked_at is None or now - self._looked_at >= _LOOKS_EVERY:
                    self._kept = self._looked(session)
                    self._looked_at = now
            finally:
                self._looking.release()
        return self._kept

    def _looked(self, session: Session) -> Shelved | None:
        version = self._version(session)
        kept = self._kept
        if version is None:
            return None
        if kept is None or kept.version != version:
            space = unpack_space(spaces.read(session, version))
            ids, latent = vectors.read(
                session, name_of(version), vectors.ids(session, name_of(version)).tolist()
            )
            if not len(ids):
                return None
            return Shelved(version, space, Neighbours.of(ids, latent, self._semantic(session, ids)))
        return self._with_new(session, kept)

    def _with_new(self, session: Session, kept: Shelved) -> Shelved:
        """What was placed since; a text that changed keeps its old place until the next space."""
        name = name_of(kept.version)
        fresh = np.setdiff1d(vectors.ids(session, name), kept.papers.ids, assume_unique=True)
        ids, latent = vectors.read(session, name, fresh.tolist())
        if not len(ids):
            return kept
        more = kept.papers.with_more(ids, latent, self._semantic(session, ids))
        return Shelved(kept.version, kept.space, more)

    def _version(self, session: Session) -> int | None:
        """The newest space that nearly as many papers have a place in as in any other."""
        known = spaces.versions(session)
        placed = vectors.counts(session, [name_of(version) for version in known])
        most = max(placed.values(), default=0)
        enough = (v for v in known if most and placed.get(name_of(v), 0) >= _ENOUGH * most)
        return next(enough, None)

    def _semantic(self, session: Session, ids: NDArray[np.int64]) -> Halves:
        dims = self._kept.papers.semantic.shape[1] if self._kept else None
        if self.meaning is None or dims == 0:
            return np.zeros((len(ids), 0), np.float16)
        try:
            return self.meaning.of_entries(session, ids.tolist(), dims).astype(np.float16)
        except EncoderError:
            return np.zeros((len(ids), dims or 0), np.float16)
