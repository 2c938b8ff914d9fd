"""Sentence models on the CPU, by sentence-transformers: the extra `paperround[semantic]`."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from newsletter.encode.models import Model, find_model, fingerprint, without_extra
from newsletter.encode.port import Encoder
from newsletter.errors import EncoderError, NewsletterError

Precision = Literal["bfloat16", "float32"]

_AT_ONCE = 32  # the library sorts texts by length first, so that a batch holds little padding


def open_encoder(wanted: str | None) -> Encoder | None:
    """The encoder of the setting, or None where none is set; nothing is looked for or loaded yet."""
    return SentenceEncoder(wanted) if wanted else None


class SentenceEncoder:
    """One sentence model, looked for and loaded at first use, then kept; threads may share it.

    `wanted`: see `find_model`. `precision`: unless given, bfloat16 where the processor computes in
    it (here it was 1.6 times as fast, cosine to float32 above .9999), else float32.
    """

    def __init__(self, wanted: str, precision: Precision | None = None) -> None:
        self._wanted = wanted
        self._precision = precision
        self._loading = threading.Lock()
        self._kept: Any = None

    @cached_property
    def name(self) -> str:
        """The model's label and a hash of its files."""
        return fingerprint(self._found)

    @property
    def dims(self) -> int:
        """How many numbers a vector has."""
        return int(self._model().get_embedding_dimension())

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, dims), each row of length 1. Raises EncoderError."""
        model = self._model()
        if not texts:
            return np.zeros((0, self.dims), np.float32)
        with _plainly(self._found):
            rows = model.encode(list(texts), batch_size=_AT_ONCE, show_progress_bar=False)
        vectors = np.asarray(rows, np.float32)
        # Here and not by the model: in bfloat16 a length is only right to two digits.
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: NDArray[np.float32] = vectors / np.maximum(lengths, np.float32(1e-12))
        return unit

    @cached_property
    def _found(self) -> Model:
        return find_model(self._wanted)

    def _model(self) -> Any:
        with self._loading:
            if self._kept is None:
                self._kept = _load(self._found, self._precision)
        return self._kept


def _load(found: Model, precision: Precision | None) -> Any:
    try:
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging
    except ImportError as error:
        raise without_extra() from error
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    chosen = precision or _best_precision(torch.cpu.get_capabilities())
    with _plainly(found):
        return SentenceTransformer(
            str(found.folder),
            device="cpu",
            local_files_only=True,
            model_kwargs={"dtype": getattr(torch, chosen)},
        )


def _best_precision(capabilities: dict[str, Any]) -> Precision:
    # Where the processor cannot, bfloat16 is emulated, and slower than float32.
    able = any(value for name, value in capabilities.items() if name.endswith("bf16"))
    return "bfloat16" if able else "float32"


@contextmanager
def _plainly(found: Model) -> Iterator[None]:
    """Whatever the libraries raise over a model that is broken, as one line that names its folder."""
    try:
        yield
    except NewsletterError:
        raise
    except Exception as error:
        said = (str(error).strip().splitlines() or [""])[0]
        raise EncoderError(
            f"the model in {found.folder} cannot be used: {type(error).__name__}: {said}"
        ) from error
