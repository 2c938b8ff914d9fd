# ruff: noqa: RUF001  (dashes as phones type them)

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.errors import ProfileError
from subscribers.profile import (
    LONGEST_WISH,
    MOST_WISHES,
    Interest,
    Kind,
    Profile,
    make_profile,
    parse_profile,
    parse_wish,
    to_text,
    wish_text,
)


@pytest.mark.parametrize(
    ("typed", "interest"),
    [
        ("speculative decoding", Interest(Kind.TOPIC, "speculative decoding")),
        ("  speculative \t decoding ", Interest(Kind.TOPIC, "speculative decoding")),
        ("- a bullet", Interest(Kind.TOPIC, "a bullet")),
        ("• a bullet", Interest(Kind.TOPIC, "a bullet")),
        ("* a bullet", Interest(Kind.TOPIC, "a bullet")),
        ('"kv cache"', Interest(Kind.PHRASE, "kv cache")),
        ("“kv cache”", Interest(Kind.PHRASE, "kv cache")),
        ("author:Ada Lovelace", Interest(Kind.AUTHOR, "Ada Lovelace")),
        ("org:DeepMind", Interest(Kind.ORGANISATION, "DeepMind")),
        ('-Org: "Acme, Inc."', Interest(Kind.ORGANISATION, "Acme, Inc.", muted=True)),
        ('Author: "Lovelace, Ada"', Interest(Kind.AUTHOR, "Lovelace, Ada")),
        ("cat:cs.CL", Interest(Kind.CATEGORY, "cs.CL")),
        ("category: CS.cl", Interest(Kind.CATEGORY, "cs.CL")),
        ("cs.CL", Interest(Kind.CATEGORY, "cs.CL")),
        ("cs.lg", Interest(Kind.CATEGORY, "cs.LG")),
        ("cat:cs.*", Interest(Kind.CATEGORY, "cs")),
        ("CS.*", Interest(Kind.CATEGORY, "cs")),
        ("cat: stat.ml", Interest(Kind.CATEGORY, "stat.ML")),
        ('cat:"q-bio.nc"', Interest(Kind.CATEGORY, "q-bio.NC")),
        ("-cat:CS.*", Interest(Kind.CATEGORY, "cs", muted=True)),
        ("cat:astro-ph.co", Interest(Kind.CATEGORY, "astro-ph.CO")),
        ("AUTHOR:G. Hinton ^3", Interest(Kind.AUTHOR, "G. Hinton", 3.0)),
        ('-author:"van der Maaten, L."', Interest(Kind.AUTHOR, "van der Maaten, L.", muted=True)),
        ("cat:hep-th", Interest(Kind.CATEGORY, "hep-th")),
        ("cat:cond-mat.Mes-Hall", Interest(Kind.CATEGORY, "cond-mat.mes-hall")),
        ("cat:physics.optics", Interest(Kind.CATEGORY, "physics.optics")),
        ("arxiv:2404.06395", Interest(Kind.SEED, "arxiv:2404.06395")),
        ("arXiv:2404.06395v3", Interest(Kind.SEED, "arxiv:2404.06395")),
        ("2404.06395", Interest(Kind.SEED, "arxiv:2404.06395")),
        ("https://arxiv.org/abs/2404.06395v2", Interest(Kind.SEED, "arxiv:2404.06395")),
        ("http://www.arxiv.org/pdf/2404.06395.pdf", Interest(Kind.SEED, "arxiv:2404.06395")),
        ("https://arxiv.org/html/2404.06395?x=1#S2", Interest(Kind.SEED, "arxiv:2404.06395")),
        ("https://doi.org/10.48550/arXiv.2404.06395", Interest(Kind.SEED, "arxiv:2404.06395")),
        ("https://huggingface.co/papers/2404.06395", Interest(Kind.SEED, "arxiv:2404.06395")),
        ("https://arxiv.org/abs/hep-th/9901001", Interest(Kind.SEED, "arxiv:hep-th/9901001")),
        ("arxiv:math.GT/0309136", Interest(Kind.SEED, "arxiv:math/0309136")),
        ("-survey", Interest(Kind.TOPIC, "survey", muted=True)),
        ("−survey", Interest(Kind.TOPIC, "survey", muted=True)),
        ("–survey", Interest(Kind.TOPIC, "survey", muted=True)),
        ("–“case report”", Interest(Kind.PHRASE, "case report", muted=True)),
        ("- survey", Interest(Kind.TOPIC, "survey")),
        ("-survey ^2", Interest(Kind.TOPIC, "survey", 2.0, muted=True)),
        ("-a, b", Interest(Kind.PHRASE, "a, b", muted=True)),
        ('-"case report"', Interest(Kind.PHRASE, "case report", muted=True)),
        ("-author:Some Body", Interest(Kind.AUTHOR, "Some Body", muted=True)),
        ("-cat:cs.CV", Interest(Kind.CATEGORY, "cs.CV", muted=True)),
        ("mixture of experts ^2", Interest(Kind.TOPIC, "mixture of experts", 2.0)),
        ('"kv cache" ^0.5', Interest(Kind.PHRASE, "kv cache", 0.5)),
        ("O(n^2) attention", Interest(Kind.TOPIC, "O(n^2) attention")),
        ("encoder - decoder", Interest(Kind.TOPIC, "encoder - decoder")),
        ("x^2", Interest(Kind.TOPIC, "x^2")),
        ("topic: with colon", Interest(Kind.TOPIC, "topic: with colon")),
        ("a\u202eb\x07c", Interest(Kind.TOPIC, "a b c")),
        ("中文 主题", Interest(Kind.TOPIC, "中文 主题")),
    ],
)
def test_a_wish_as_readers_type_it(typed, interest):
    assert parse_wish(typed) == interest
    assert parse_wish(wish_text(interest)) == interest


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ('"kv cache', "no partner"),
        ("author:", "missing"),
        ("cat:!!", "not a category"),
        ("cat:cs.", "not a category"),
        ("cat:*", "not a category"),
        ('-kv "cache"', "no partner"),
        ("arxiv:banana", "not a number of arXiv"),
        ("https://example.org/paper", "only know papers on arXiv"),
        ("-arxiv:2404.06395", "cannot be ruled out"),
        ("!?", "no word"),
        ("word ^11", "between 0.1 and 10"),
        ("word ^2 ^3", "One weight"),
        ("x" * (LONGEST_WISH + 1), "at most 200"),
    ],
)
def test_a_wish_that_cannot_be_taken_is_quoted_in_the_message(typed, message):
    with pytest.raises(ProfileError, match=message) as caught:
        parse_profile(typed)
    assert caught.value.field == "wishes"


def test_lines_and_commas_part_wishes_but_not_within_quotation_marks():
    text = (
        'speculative decoding, "attention, please"\n\n author:"LeCun, Yann" ,-"a, b"\r\n- "c, d", e'
    )
    assert [wish_text(one) for one in parse_profile(text).interests] == [
        "speculative decoding",
        '"attention, please"',
        'author:"LeCun, Yann"',
        '-"a, b"',
        '"c, d"',
        "e",
    ]


def test_repetitions_are_folded_into_the_first():
    assert to_text(parse_profile('KV cache\nkv  cache\n"KV cache"')) == 'KV cache\n"KV cache"'


def test_what_is_asked_for_and_ruled_out_is_a_contradiction():
    with pytest.raises(ProfileError, match="both ask"):
        parse_profile('"survey", -survey')
    with pytest.raises(ProfileError, match="both ask"):
        parse_profile("-survey, survey")


def test_a_topic_may_stand_beside_a_muted_phrase_of_its_words():
    assert len(parse_profile('case report, -"case report"').interests) == 2


def test_there_is_a_limit():
    wishes = [f"wish {number}" for number in range(MOST_WISHES)]
    assert len(parse_profile("\n".join(wishes)).interests) == MOST_WISHES
    with pytest.raises(ProfileError, match="more than 300"):
        parse_profile("\n".join([*wishes, "one more"]))


def test_no_text_is_no_wish():
    assert parse_profile(" \n ,, \n") == Profile()


texts = st.text(max_size=60) | st.text(alphabet='ab ,-"^.:2\n•/\\“”', max_size=40)


@given(texts)
def test_any_text_is_either_refused_or_goes_round_unchanged(text):
    try:
        profile = parse_profile(text)
    except ProfileError:
        return
    assert parse_profile(to_text(profile)) == profile
    for interest in profile.interests:
        assert interest.text == interest.text.strip()
        assert interest.text.isprintable()
        assert 0 < len(interest.text) <= LONGEST_WISH


@given(st.lists(texts, max_size=6))
def test_wishes_parsed_alone_go_round_together(typed):
    interests = []
    for text in typed:
        try:
            interest = parse_wish(text)
        except ProfileError:
            continue
        if "," not in interest.text:
            interests.append(interest)
    try:
        profile = make_profile(interests)
    except ProfileError:
        return
    assert parse_profile(to_text(profile)) == profile


def test_accents_without_end_cost_nothing_and_others_are_composed() -> None:
    began = process_time()
    with pytest.raises(ProfileError):
        parse_profile("a" + "\u0301\u0316" * 60_000)
    assert process_time() - began < 2
    wishes = parse_profile(", ".join(f"e\u0301tude {n}" for n in range(200))).interests
    assert [wish.text for wish in wishes] == [f"\u00e9tude {n}" for n in range(200)]
