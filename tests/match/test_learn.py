"""What a reader wants, as a vector: its order, its evidence, its edges."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.match.company import FEWEST_LIBRARIES, keep_company
from newsletter.match.explain import explain
from newsletter.match.features import Day, day_features, text_words
from newsletter.match.learn import HALF_LIFE_DAYS, fade
from newsletter.match.readers import Reader, learn_readers
from newsletter.match.space import SMALLEST_ARCHIVE, fit_space
from newsletter.model import EvidenceKind
from subscribers.profile import Interest, Kind, parse_profile
from tests.factories import entry
from tests.match.ranking import matched, places

FIELDS = {
    "proteins": [
        "protein",
        "fold",
        "backbone",
        "residue",
        "amino",
        "sequence",
        "binding",
        "structure",
    ],
    "markets": [
        "auction",
        "bidder",
        "price",
        "budget",
        "market",
        "mechanism",
        "truthful",
        "revenue",
    ],
    "graphs": ["graph", "vertex", "edge", "path", "spanning", "cut", "planar", "colouring"],
}


def text(field: str, random_: random.Random, words: int = 12) -> str:
    return " ".join(random_.choice(FIELDS[field]) for _ in range(words))


def large_space():
    random_ = random.Random(0)
    fields = sorted(FIELDS)
    return fit_space(
        text_words(text(fields[n % 3], random_, 4), text(fields[n % 3], random_))
        for n in range(SMALLEST_ARCHIVE)
    )


SPACE = large_space()
RANDOM = random.Random(1)
ENTRIES = [
    entry(number, f"{field} {number}", text(field, RANDOM))
    for number, field in enumerate([*FIELDS] * 6)
]
DAY = day_features(ENTRIES, space=SPACE)
SEEDS = {f"arxiv:{field}-{n}": (field, text(field, RANDOM)) for field in FIELDS for n in range(4)}


def rows(day: Day, reader: Reader, limit: int = 6) -> list[int]:
    return [match.row for match in matched(day, [reader], limit, SEEDS)[0]]


def seeds(*keys: str, words: str = "") -> Reader:
    given = tuple(Interest(Kind.SEED, key) for key in keys)
    return Reader((*parse_profile(words).interests, *given))


def likes(*keys: str, words: str = "") -> Reader:
    return Reader(parse_profile(words).interests, likes=tuple((key, 1.0) for key in keys))


def test_the_same_archive_gives_the_same_space() -> None:
    again = large_space()
    assert np.array_equal(again.basis, SPACE.basis)
    assert again.vocabulary.columns == SPACE.vocabulary.columns


def test_a_latent_match_is_never_told_as_a_topic() -> None:
    """What has none of a wish's words is no hit of it, however near its field is."""
    wish = parse_profile("protein").interests
    found = rows(DAY, Reader(wish), 18)
    assert found
    for row in found:
        assert "protein" in DAY.words[row]
    # ... though the space knows that it is near: it would come before other fields.
    order = np.argsort(places(DAY, [Reader(wish)])[0])
    assert {ENTRIES[row].title.split()[0] for row in order[:6]} == {"proteins"}


def test_words_of_today_can_be_asked_for() -> None:
    fresh = entry(99, "Zyxomatic graphs", "We introduce the zyxomatic number.")
    day = day_features([*ENTRIES, fresh], space=SPACE)
    assert rows(day, Reader(parse_profile("zyxomatic").interests)) == [len(ENTRIES)]


def test_without_its_cause_a_pick_falls() -> None:
    wishes = parse_profile("auction price\nplanar graph").interests
    (matches,) = matched(DAY, [Reader(wishes)], 18)
    assert len(matches) > 4
    for match in matches:
        for place in match.interests:
            assert explain(DAY, match, Reader(wishes), {})[0].kind is EvidenceKind.TOPIC
            rest = tuple(wish for at, wish in enumerate(wishes) if at != place)
            place_of = places(DAY, [Reader(wishes), Reader(rest)])[:, match.row]
            others = {m.row: m.interests for m in matched(DAY, [Reader(rest)], 18)[0]}
            assert match.row not in others or len(others[match.row]) < len(match.interests)
            assert match.row in others or place_of[1] > place_of[0]


@settings(max_examples=25, deadline=None)
@given(st.permutations(sorted(SEEDS)[:7]))
def test_the_order_of_likes_does_not_matter(keys) -> None:
    for give in (seeds, likes):
        one, other = (places(DAY, [give(*order)], SEEDS) for order in (keys, sorted(keys)))
        assert np.array_equal(one, other)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(sorted(SEEDS)), max_size=6, unique=True), st.integers(0, 17))
def test_a_like_never_lowers_its_twin(keys, row) -> None:
    texts = SEEDS | {"twin": (ENTRIES[row].title, ENTRIES[row].abstract)}
    for give in (seeds, likes):
        before, after = places(DAY, [give(*keys), give(*keys, "twin")], texts)
        assert after[row] <= before[row]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(sorted(SEEDS)), max_size=6, unique=True), st.integers(0, 17))
def test_less_like_this_never_lifts_its_twin(keys, row) -> None:
    texts = SEEDS | {"twin": (ENTRIES[row].title, ENTRIES[row].abstract)}
    reader = likes(*keys, words="graph")
    disliking = replace(reader, dislikes=(("twin", 1.0),))
    before, after = places(DAY, [reader, disliking], texts)
    assert after[row] >= before[row]


def test_who_only_voted_down_is_shown_what_is_popular_but_that() -> None:
    """However unlike the paper voted down something is, that does not make it popular."""
    day = day_features([replace(each, votes=3 * n) for n, each in enumerate(ENTRIES)], space=SPACE)
    popular = ENTRIES[-1]
    down = {"down": (ENTRIES[0].title, f"{ENTRIES[0].abstract} {popular.abstract.split()[0]}")}
    reader = replace(likes(), dislikes=(("down", 1.0),))
    order = np.argsort(places(day, [reader], down)[0]).tolist()
    fields = [each.title.split()[0] for each in ENTRIES]
    others = [row for row in order if fields[row] != fields[0]]
    assert others == sorted(others, reverse=True)
    assert set(order[: len(others)]) == set(others)


def test_a_like_leads_to_its_field_and_twins_share_their_weight() -> None:
    for give in (seeds, likes):
        found = rows(DAY, give("arxiv:markets-0", "arxiv:markets-1"))
        assert {ENTRIES[row].title.split()[0] for row in found} == {"markets"}
    texts = SEEDS | {f"twin{n}": SEEDS["arxiv:graphs-1"] for n in range(6)}
    alone = likes("arxiv:graphs-1", "arxiv:markets-1")
    doubled = likes("arxiv:graphs-1", "arxiv:markets-1", *(f"twin{n}" for n in range(6)))
    one, two = learn_readers(SPACE, [alone, doubled], texts).features.likeness(DAY.features)
    markets = [row for row in range(18) if ENTRIES[row].title.startswith("markets")]
    assert two[markets].mean() > one[markets].mean() / 7


def test_likes_fade() -> None:
    assert fade(0) == 1
    assert fade(-3) == 1
    assert fade(HALF_LIFE_DAYS) == pytest.approx(0.5)


@pytest.mark.parametrize("cells", [1, 200, 1 << 24])
def test_blocks_do_not_change_picks(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    readers = [
        give(*keys, words=words)
        for give in (seeds, likes)
        for words in ("protein", "truthful market\n-revenue", "", "cut, price ^3")
        for keys in ((), ("arxiv:graphs-1",), ("arxiv:graphs-1", "arxiv:markets-2"))
    ]
    monkeypatch.setattr("newsletter.match.score._MOST_CELLS", cells)
    together = matched(DAY, readers, 5, SEEDS)
    apart = [matched(DAY, [reader], 5, SEEDS)[0] for reader in readers]
    assert [[(m.row, m.interests) for m in one] for one in together] == [
        [(m.row, m.interests) for m in one] for one in apart
    ]


@pytest.mark.parametrize(
    "papers",
    [
        [],
        [entry(1)],
        [entry(n, "The same", "The same text.") for n in range(20)],
        [entry(n, "", "") for n in range(3)],
        [entry(n, "大语言模型", "蛋白质结构预测的扩散模型") for n in range(3)],
    ],
    ids=["none", "one", "all the same", "no text", "only Chinese"],
)
@pytest.mark.parametrize("space", [SPACE, None], ids=["archive", "fresh"])
def test_edge_days(papers, space) -> None:
    day = day_features(papers, space=space)
    many = parse_profile("\n".join(f"wish number{n}" for n in range(300))).interests
    for reader in (
        Reader(()),
        Reader(many),
        seeds("arxiv:graphs-1", "gone"),
        likes("arxiv:graphs-1", "gone"),
    ):
        order = places(day, [reader], SEEDS)
        assert sorted(order[0]) == list(range(len(papers)))
        assert len(matched(day, [reader], 10, SEEDS)[0]) <= 10
    assert len(rows(day, Reader(parse_profile("蛋白质").interests))) in {0, 1}


def dense_of(keys):
    texts = SPACE.vocabulary.vectors([text_words(*SEEDS[key]) for key in keys])
    return SPACE.features(texts).dense


def test_few_readers_lend_nothing_and_many_lead_to_what_they_like() -> None:
    by_field = {field: [key for key in SEEDS if field in key] for field in FIELDS}
    libraries = [by_field[field] for field in FIELDS for _ in range(FEWEST_LIBRARIES)]
    few = keep_company(libraries[: FEWEST_LIBRARIES - 1], dense_of)
    assert few.direction(["arxiv:graphs-1"]) is None
    company = keep_company([*libraries, ["arxiv:graphs-1", "unknown"]], dense_of)
    assert "unknown" not in company.keys
    assert company.direction(["unknown"]) is company.direction([]) is None
    direction = company.direction(["arxiv:graphs-1", "unknown"])
    assert direction is not None
    found = DAY.features.dense @ direction
    assert {ENTRIES[row].title.split()[0] for row in np.argsort(-found)[:6]} == {"graphs"}


def test_what_others_lend_orders_but_speaks_for_nothing() -> None:
    libraries = [
        [key for key in SEEDS if field in key] for field in FIELDS for _ in range(FEWEST_LIBRARIES)
    ]
    direction = keep_company(libraries, dense_of).direction(["arxiv:graphs-1"])
    nothing = parse_profile("nothing here").interests
    assert rows(DAY, Reader(nothing, lent=direction)) == []
    one = likes("arxiv:markets-1")
    before, after = places(DAY, [one, replace(one, lent=direction)], SEEDS)
    graphs = [row for row in range(18) if ENTRIES[row].title.startswith("graphs")]
    assert after[graphs].mean() < before[graphs].mean()
