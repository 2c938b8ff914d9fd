"""Texts read as term vectors, and kept: many readers like the same papers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from newsletter.match.vocabulary import Floats, Vocabulary
from newsletter.match.words import tokens

_MOST = 20_000  # that are kept, some 3 kB each with their text


@dataclass
class Texts:
    """Reads texts in one vocabulary. Reading an abstract costs a hundred times what looking it up does."""

    vocabulary: Vocabulary
    _kept: dict[str, tuple[NDArray[np.int32], Floats]] = field(default_factory=dict, repr=False)

    def vectors(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """(texts, terms), unit rows."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._kept]
        if (
            len(self._kept) + len(fresh) > _MOST
        ):  # what is asked for now is likely to be asked again
            self._kept = {text: self._kept[text] for text in texts if text in self._kept}
        made = self.vocabulary.vectors([tokens(text) for text in fresh])
        for text, start, stop in zip(fresh, made.indptr, made.indptr[1:], strict=False):
            self._kept[text] = made.indices[start:stop].copy(), made.data[start:stop].copy()
        rows = [self._kept[text] for text in texts]
        starts = np.cumsum([0, *(len(data) for _, data in rows)])
        columns = np.concatenate([np.zeros(0, np.int32), *(columns for columns, _ in rows)])
        data = np.concatenate([np.zeros(0, np.float32), *(data for _, data in rows)])
        return sparse.csr_matrix((data, columns, starts), shape=(len(rows), made.shape[1]))
