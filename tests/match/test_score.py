"""Who gets what, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.match.explain import explain
from newsletter.match.features import day_features
from newsletter.match.readers import Reader
from newsletter.model import EvidenceKind
from subscribers.profile import Interest, Kind, parse_profile
from tests.factories import entry
from tests.match.ranking import matched

ENTRIES = [
    entry(
        1,
        "Draft models for speculative decoding",
        "We let a small draft model propose tokens that a large language model verifies in parallel.",
        categories=("cs.CL", "cs.LG"),
    ),
    entry(
        2,
        "Evicting keys from the KV cache",
        "Long prompts fill the KV cache. We evict keys by how much attention they received.",
        authors=("Grace Hopper",),
        categories=("cs.LG",),
    ),
    entry(
        3,
        "A cache for web pages",
        "Web servers keep pages in a cache close to the reader.",
        categories=("cs.NI",),
    ),
    entry(
        4,
        "Protein design by diffusion",
        "A diffusion model designs protein backbones that fold as intended.",
        categories=("q-bio.BM",),
    ),
    entry(
        5,
        "A survey of protein language models",
        "This survey reviews language models of protein sequences.",
        categories=("q-bio.QM", "cs.CL"),
    ),
    entry(6, "Auctions with budgets", "Truthful auctions for bidders with budgets.", votes=120),
]
DAY = day_features(ENTRIES)


def ids(wishes: str, **more: object) -> list[int]:
    reader = Reader(parse_profile(wishes).interests, **more)  # type: ignore[arg-type]
    return [DAY.entries[match.row].id for match in matched(DAY, [reader], 10)[0]]


def evidence(wishes: str, entry_id: int):
    reader = Reader(parse_profile(wishes).interests)
    for match in matched(DAY, [reader], 10)[0]:
        if DAY.entries[match.row].id == entry_id:
            return explain(DAY, match, reader, {})[0]
    pytest.fail(f"{entry_id} was not matched")


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ("speculative decoding", [1]),
        ('"kv cache"', [2]),
        ('"KV-caches"', [2]),
        ('author:"Hopper, Grace"', [2]),
        ("author:Grace Hopper", [2]),
        ("cat:q-bio.BM", [4]),
        ("cat:q-bio", [4, 5]),
        ("protein design", [4, 5]),
        ("protein design\n-survey", [4]),
        ("protein design\n-cat:q-bio", []),
        ("cat:cs.LG\n-author:Grace Hopper", [1]),
        ("quantum error correction", []),
    ],
)
def test_a_wish_finds_what_it_says(wishes: str, expected: list[int]) -> None:
    assert sorted(ids(wishes)) == sorted(expected)


def test_a_quoted_phrase_does_not_match_its_words_apart() -> None:
    assert ids('"cache key"') == []
    assert 3 not in ids('"kv cache"')


def test_a_phrase_does_not_reach_from_the_title_into_the_abstract() -> None:
    assert ids('"budgets truthful"') == []


def test_no_wish_means_what_is_popular() -> None:
    found = ids("")
    assert found[0] == 6
    assert evidence("", 6).kind is EvidenceKind.POPULAR


def test_only_muted_words_means_popular_without_them() -> None:
    assert 5 not in ids("-survey")
    assert ids("-survey")[0] == 6


def test_what_was_considered_or_sent_does_not_come_again() -> None:
    assert ids("cat:q-bio", first_row=4) == [5]
    assert ids("cat:q-bio", seen_rows=(4,)) == [4]


def test_a_seed_paper_finds_its_like() -> None:
    seed = Interest(Kind.SEED, "arxiv:2001.00001")
    texts = {"arxiv:2001.00001": ("Folding proteins", "Protein backbones by a diffusion model")}
    (matches,) = matched(DAY, [Reader((seed,))], 10, texts)
    assert DAY.entries[matches[0].row].id == 4
    assert explain(DAY, matches[0], Reader((seed,)), texts)[0].detail == "Folding proteins"
    assert matched(DAY, [Reader((seed,))], 10, {}) == [[]]


def test_evidence_quotes_the_paper() -> None:
    assert evidence('"kv cache"', 2).detail == "prompts fill the KV cache"
    author = evidence('author:"hopper, grace"', 2)
    assert (author.kind, author.detail) == (EvidenceKind.AUTHOR, "Grace Hopper")
    topic = evidence("speculative decoding", 1)
    assert topic.interest == "speculative decoding"
    assert topic.detail in f"{ENTRIES[0].title} {ENTRIES[0].abstract}"


def test_a_followed_organisation_brings_its_papers_and_a_muted_one_none() -> None:
    day = day_features(
        [replace(e, organisation="Acme Labs" if e.id in {3, 5} else None) for e in ENTRIES]
    )

    def found(wishes: str) -> list[int]:
        reader = Reader(parse_profile(wishes).interests)
        (matches,) = matched(day, [reader], 10, {})
        for match in matches[:1]:
            told = explain(day, match, reader, {})[0]
            assert (told.kind, told.detail) == (EvidenceKind.ORGANISATION, "Acme Labs")
        return [day.entries[match.row].id for match in matches]

    assert sorted(found("org:acme")) == [3, 5]
    assert not {3, 5} & set(found("org:acme\n-org:acme labs"))


def test_the_heavier_wish_comes_first() -> None:
    assert ids('"kv cache" ^3\n"diffusion model"')[0] == 2
    assert ids('"kv cache"\n"diffusion model" ^3')[0] == 4


def test_an_empty_day_and_no_readers() -> None:
    assert matched(day_features([]), [Reader(())], 10, {}) == [[]]
    assert matched(DAY, [], 10) == []


WISHES = st.lists(
    st.sampled_from(
        ["protein", '"language model"', "cat:cs.LG", "author:Grace Hopper", "cache", "diffusion ^2"]
    ),
    max_size=4,
    unique=True,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(WISHES, min_size=1, max_size=5), st.sampled_from(["survey", "cache", "protein"]))
def test_blocks_do_not_change_picks_and_what_is_muted_never_passes(profiles, muted) -> None:
    readers = [
        Reader(parse_profile("\n".join([*wishes, f"-{muted}"])).interests)
        for wishes in ([wish for wish in each if wish != muted] for each in profiles)
    ]
    together = matched(DAY, readers, 3)
    apart = [matched(DAY, [reader], 3)[0] for reader in readers]
    for one, other in zip(together, apart, strict=True):
        assert [(match.row, match.interests) for match in one] == [
            (match.row, match.interests) for match in other
        ]
        for match in one:
            found = DAY.entries[match.row]
            assert muted not in f"{found.title} {found.abstract}".lower()
