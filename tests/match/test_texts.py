"""What is kept of texts is what reading them again would give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.match import texts
from newsletter.match.texts import Texts
from newsletter.match.vocabulary import Vocabulary
from newsletter.match.words import tokens

SAID = ["graph cuts", "a market for robots", "", "robots cut graphs", "unknown", "market"]
VOCABULARY = Vocabulary.fit([tokens(text) for text in SAID[:4]])


@given(st.lists(st.lists(st.sampled_from(SAID), max_size=8), max_size=5))
def test_kept_texts_are_as_read_afresh_however_few_are_kept(asked) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(texts, "_MOST", 3)
        kept = Texts(VOCABULARY)
        for some in asked:
            afresh = VOCABULARY.vectors([tokens(text) for text in some])
            np.testing.assert_array_equal(kept.vectors(some).toarray(), afresh.toarray())


def test_a_text_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(texts, "tokens", lambda text: read.append(text) or tokens(text))
    kept = Texts(VOCABULARY)
    for _ in range(3):
        kept.vectors(SAID)
    assert read == SAID
