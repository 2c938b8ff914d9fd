"""A small real encoder for tests: bags of words, each word a fixed random direction."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray


@dataclass
class WordBags:
    """The more words two texts share, the nearer they are. `seen`: the texts of each call."""

    name: str = "word-bags-1"
    dims: int = 64
    seen: list[list[str]] = field(default_factory=list)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.seen.append(list(texts))
        rows = np.zeros((len(texts), self.dims), np.float32)
        rows[:, 0] = 1e-3  # so that a text without words has a direction too
        for number, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                rows[number] += _direction(word, self.dims)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@cache
def _direction(word: str, dims: int) -> NDArray[np.float32]:
    return np.random.default_rng(zlib.crc32(word.encode())).standard_normal(dims, np.float32)
