"""What the stages need of whatever answers a question in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Said:
    """What a model answered, believed by nobody yet. `tokens`: what it cost; 0 where nobody tells."""

    text: str
    tokens: int = 0


class Writer(Protocol):
    """A language model."""

    @property
    def name(self) -> str:
        """The model, as readers are told, in at most 120 characters."""
        ...

    @property
    def seconds(self) -> float:
        """How long an answer may take at most."""
        ...

    def write(self, messages: Sequence[dict[str, str]]) -> Said:
        """The answer to a conversation. Threads may share it. Raises WriterError."""
        ...
