"""What was learned survives being stored: the same order, nothing that could run."""

from __future__ import annotations

import io
import zlib

import numpy as np
import pytest

from newsletter.match import points
from newsletter.match.company import FEWEST_LIBRARIES, FEWEST_READERS, keep_company
from newsletter.match.features import day_features, text_words
from newsletter.match.packed import (
    pack_company,
    pack_profiles,
    pack_space,
    rounded,
    unpack_company,
    unpack_space,
)
from newsletter.match.readers import Reader, learn_readers
from newsletter.match.score import match_block
from newsletter.match.space import SMALLEST_ARCHIVE, fit_space
from subscribers.profile import parse_profile
from tests.match.test_learn import ENTRIES, SEEDS, SPACE, likes

READERS = [
    likes("arxiv:graphs-1", "arxiv:markets-2", words="protein"),
    likes("arxiv:proteins-0"),
    Reader(parse_profile("truthful market\n-revenue").interests),
    Reader(()),
]


def ranked(space, readers=READERS):
    day = day_features(ENTRIES, space=space)
    profiles = rounded(learn_readers(space, readers, SEEDS), space)
    found = match_block(day, readers, profiles, [6] * len(readers), SEEDS)
    return [[match.row for match in one.matches] for one in found]


def test_a_stored_space_ranks_alike_and_is_stored_again_alike() -> None:
    data = pack_space(SPACE)
    again = unpack_space(data)
    assert ranked(again) == ranked(SPACE)
    assert pack_space(again) == data
    assert again.background is not None


def test_a_space_with_meaning_keeps_it() -> None:
    drawn = np.random.default_rng(0).standard_normal((SMALLEST_ARCHIVE, 4)).astype(np.float32)
    meant = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    texts = (text_words(f"word{n % 9} word{n % 7}", "") for n in range(SMALLEST_ARCHIVE))
    space = fit_space(texts, meant, "an encoder")
    again = unpack_space(pack_space(space))
    assert (again.encoder, again.dimensions) == ("an encoder", 4)
    assert np.abs(again.archive.dense - space.archive.dense).max() < 1e-3


def test_a_small_and_an_empty_space_can_be_stored() -> None:
    for texts in ([], [["one", "word"], ["another"]]):
        space = fit_space(texts)
        again = unpack_space(pack_space(space))
        assert again.vocabulary.columns == space.vocabulary.columns
        assert again.background is None


def test_what_is_rounded_once_stays_as_it_is() -> None:
    once = rounded(learn_readers(SPACE, READERS, SEEDS), SPACE)
    twice = rounded(once, SPACE)
    assert pack_profiles(twice) == pack_profiles(once)
    assert np.array_equal(once.mean, twice.mean)


def test_objects_are_refused() -> None:
    buffer = io.BytesIO()
    np.savez(buffer, terms=np.array([object()]))
    with pytest.raises(ValueError, match="allow_pickle"):
        unpack_space(zlib.compress(buffer.getvalue()))


def test_company_survives_and_names_no_paper_that_few_like() -> None:
    common = [["a", "b"]] * FEWEST_LIBRARIES
    private = [["a", "secret"]] * (FEWEST_READERS - 1)
    company = keep_company([*common, *private], _some_dense)
    assert company.keys == ("a", "b")
    again = unpack_company(pack_company(company))
    assert again.keys == company.keys
    assert again.direction(["secret"]) is None
    before, after = company.direction(["a"]), again.direction(["a"])
    assert before is not None
    assert after is not None
    assert np.allclose(before, after, rtol=1e-2, atol=1e-4)
    shown = keep_company([*common, *private, ["a", "secret"]], _some_dense)
    assert shown.direction(["secret"]) is not None


def _some_dense(keys):
    return np.random.default_rng(len(keys)).standard_normal((len(keys), 8)).astype(np.float32)


@pytest.mark.parametrize("many", [1, 3, 10_000])
def test_how_many_are_learned_at_once_does_not_matter(
    many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = learn_readers(SPACE, READERS, SEEDS)
    for bound in ("_MOST_POINTS", "_MOST_READERS", "_POINTS_AT_ONCE", "_ROWS_AT_ONCE"):
        monkeypatch.setattr(points, bound, many)
    found = learn_readers(SPACE, READERS, SEEDS)
    assert np.abs(found.features.dense - expected.features.dense).max() < 1e-6
    assert np.abs((found.features.terms - expected.features.terms).toarray()).max() < 1e-6
    assert np.allclose(found.mean, expected.mean, atol=1e-6)
