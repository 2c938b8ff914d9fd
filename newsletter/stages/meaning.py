"""What texts mean to the encoder: papers by their stored vectors, readers' words encoded as they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from newsletter.encode.port import Encoder
from newsletter.errors import EncoderError
from newsletter.match.vocabulary import Floats
from newsletter.match.wishes import Wish, text_of
from newsletter.store import reading, vectors
from subscribers.profile import Kind

_KEPT = 50_000

log = structlog.get_logger()


@dataclass
class Meaning:
    """An encoder beside the vectors that are stored under its name."""

    encoder: Encoder
    _typed: dict[str, NDArray[np.float16]] = field(default_factory=dict, repr=False)

    def of_entries(
        self, session: Session, ids: Sequence[int], dimensions: int | None = None
    ) -> Floats:
        """The entries' vectors, (ids, dimensions); zeros where one has not been encoded.

        Without `dimensions`, as many as the stored ones have.
        """
        found, matrix = vectors.read(session, self.encoder.name, ids)
        dimensions = matrix.shape[1] if dimensions is None else dimensions
        place = {id_: at for at, id_ in enumerate(found)}
        rows = np.zeros((len(ids), dimensions), np.float32)
        for at, id_ in enumerate(ids):
            if id_ in place:
                rows[at] = matrix[place[id_]]
        return rows

    def of_wishes(
        self, session: Session, wishes: Sequence[Wish], dimensions: int
    ) -> dict[Wish, Floats]:
        """What wishes mean; without the papers that have not been encoded, and without readers' words
        while the encoder cannot be used.
        """
        entry_of = reading.ids_by_key(session, [text for kind, text in wishes if kind is Kind.SEED])
        papers = [wish for wish in wishes if wish[0] is Kind.SEED and wish[1] in entry_of]
        rows = self.of_entries(session, [entry_of[key] for _, key in papers], dimensions)
        found = {wish: row for wish, row in zip(papers, rows, strict=True) if row.any()}
        words = {wish: text_of(wish, {}) for wish in wishes if wish[0] is not Kind.SEED}
        self._encode(sorted(set(words.values()) - self._typed.keys()))
        for wish, text in words.items():
            if text in self._typed:
                found[wish] = self._typed[text].astype(np.float32)
        return found

    def _encode(self, texts: Sequence[str]) -> None:
        if not texts:
            return
        if len(self._typed) > _KEPT:
            self._typed.clear()
        try:
            rows = self.encoder.encode(texts)
        except EncoderError as error:
            log.warning("encoder.failed", error=str(error))
            return
        self._typed.update(zip(texts, rows.astype(np.float16), strict=True))
