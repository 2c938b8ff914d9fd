"""What the stages need of whatever turns texts into vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Encoder(Protocol):
    """Turns texts into vectors; the nearer two meanings, the larger the product of their vectors.

    All of it raises EncoderError when no vectors can be had, with what to do about it.
    """

    @property
    def name(self) -> str:
        """Names model and revision, in at most 120 characters: equal names, comparable vectors."""
        ...

    @property
    def dims(self) -> int:
        """How many numbers a vector has."""
        ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, dims), each row of length 1. Texts that are too long for the model are cut."""
        ...
