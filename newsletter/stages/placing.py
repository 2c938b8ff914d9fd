"""Where each paper lies in the archive's space: computed when it is collected, stored, read by the site."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from newsletter.match.features import text_words
from newsletter.match.space import Space
from newsletter.match.vocabulary import Floats
from newsletter.stages.spaces import Spaces
from newsletter.store import vectors
from newsletter.store.engine import Sessions, reading

PREFIX = "space-"
_BATCH = 1_000


def name_of(version: int) -> str:
    """The name under which the places in a version of the space are stored."""
    return f"{PREFIX}{version}"


def latent_of(space: Space, texts: Sequence[str]) -> Floats:
    """Unit vectors of texts along the space's latent directions; a paper's title and abstract have a
    line break between them.
    """
    words = [
        text_words(*text.split("\n", 1)) if "\n" in text else text_words(text, "") for text in texts
    ]
    return space.latent(space.vocabulary.vectors(words))


def place_missing(
    sessions: Sessions, spaces: Spaces, stopped: Callable[[], bool] = lambda: False
) -> int:
    """Place all papers that have no place in the newest space yet, or another text since; how many.

    Each batch is committed by itself. Once all have one, their places in older spaces are deleted.
    Nothing is done while the archive is too small for a space.
    """
    with reading(sessions)() as session:
        found = spaces.stored(session)
    if found is None or not found[1].basis.shape[1]:
        return 0
    version, space = found
    placed, last = 0, 0
    while not stopped():
        with reading(sessions)() as session:
            texts = vectors.missing_from(session, name_of(version), last, _BATCH)
        if not texts:
            with sessions.begin() as session:
                vectors.forget(session, PREFIX, name_of(version))
            break
        last = texts[-1].entry_id
        rows = latent_of(space, [each.text for each in texts])
        with sessions.begin() as session:
            placed += vectors.save(session, name_of(version), texts, rows.astype(np.float32))
    return placed
