"""Which phrases stand in which texts, as readers mean them, and where."""

# ruff: noqa: RUF001  (texts in many alphabets)

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from newsletter.match.explain import fragment
from newsletter.match.features import day_features
from newsletter.match.inflection import plain, root
from newsletter.match.places import place, read
from newsletter.match.wishes import find, wish_of
from newsletter.match.words import STOP, tokens
from subscribers.profile import Interest, Kind, parse_wish
from tests.factories import entry

# (as typed, in a paper): the quotation marks are the reader's; without them, muted words are meant.
SAME = [
    ('"KV cache"', "Evicting the kv cache of long prompts"),
    ('"KV cache"', "a KV-cache that is paged"),
    ('"KV-cache"', "two KV caches share memory"),
    ('"kv caches"', "the KV‑cache grows"),
    ('"KV cache"', r"the \textbf{KV} cache is full"),
    ('"KV cache"', r"the {\em KV} cache"),
    ('"KV cache"', "𝐊𝐕 𝐜𝐚𝐜𝐡𝐞 pruning"),
    ('"KVCache"', "the KV cache"),
    ('"multi-modal"', "a multimodal model"),
    ('"multimodal"', "multi-modal learning"),
    ('"multi modal"', "multimodal learning"),
    ('"multimodal models"', "Multi-modal model merging"),
    ('"pre-training"', "pretraining on code"),
    ('"pretraining data"', "the pre-training data"),
    ('"self-supervised"', "self supervised speech"),
    ('"time series"', "timeseries forecasting"),
    ('"data set"', "we release three datasets"),
    ('"overfitting"', "over-fitting of small nets"),
    ('"GPT-4"', "we ask GPT4 to judge"),
    ('"gpt4"', "GPT 4 answers"),
    ('"k-means"', "$k$-means clustering"),
    ('"k-means"', "K-Means++ seeding"),
    ('"l1 norm"', r"the $\ell_1$-norm of the weights"),
    (r'"$\ell_1$-norm"', "an ℓ₁ norm"),
    ('"l_1 norm"', "L1-norm penalty"),
    ('"beta-VAE"', r"a $\beta$-VAE"),
    (r'"$\alpha$-divergence"', "the α-divergence"),
    ('"Schrödinger bridge"', 'A Schr\\"odinger bridge matching'),
    ('"Schrodinger bridge"', 'Schr{\\"o}dinger bridges'),
    ('"naïve Bayes"', 'na\\"{\\i}ve Bayes'),
    ('"naive bayes"', "naïve Bayes"),
    ('"Hölder continuous"', "Ho\u0308lder continuous maps"),
    ('"Erdős graph"', r"an Erd\H{o}s graph"),
    ('"quantum"', "quan\u00adtum error correction"),
    ('"gaussian process"', "Gaussian processes for geostatistics"),
    ('"virus"', "viruses of bats"),
    ('"GPU"', "on eight GPUs"),
    ('"video"', "long videos"),
    ('"matrix"', "random matrices"),
    ('"hypothesis"', "three hypotheses"),
    ('"meta-analysis"', "meta-analyses of trials"),
    ('"optimisation"', "convex optimization"),
    ('"tumor"', "tumour growth"),
    ("quantize", "a quantized network"),
    ("quantised", "quantizing weights"),
    ("plan", "planning with trees"),
    ("coding", "models that code"),
    ("code", "coding agents"),
    ("control", "controlled generation"),
    ("modelling", "we model rain"),
    ("study", "we studied mice"),
    ("sampling", "sampled from a prior"),
    ("change", "changing climates"),
    ("routing", "route packets"),
    ("embedding", "we embed words"),
    ("masked token", "masking tokens"),
    ("fine-tuning", "we finetuned it"),
    ("pretrained", "pre-training pays"),
    ("survey", "We surveyed 40 papers"),
    ('"attention is all you need"', "Is Attention Is All You Need still right?"),
    ('"大语言模型"', "我们训练大语言模型并评估"),
    ('"нейронные сети"', "Глубокие Нейронные сети"),
    ('"الشبكات العصبية"', "تدريب الشبكات العصبية العميقة"),
    ('"机器 学习"', "机器学习"),
]  # fmt: skip
DIFFERENT = [
    ('"KV cache"', "a cache for web pages"),
    ('"KV cache"', "the cache of KV pairs"),
    ('"KV cache"', "KV pairs in a cache"),
    ('"cache"', "caching pages"),
    ('"quantize"', "a quantized network"),
    ("quantize", "quantization of weights"),
    ("model", "modular arithmetic"),
    ("care", "car traffic"),
    ("plane", "planning with trees"),
    ("hate", "a red hat"),
    ("site", "sitting still"),
    ("string", "stronger nets"),
    ("king", "kin selection"),
    ("speed", "spe kernels"),
    ("inform", "in form of a table"),
    ("notable", "not able to learn"),
    ("asymmetric", "a symmetric matrix"),
    ('"top 10"', "top 1 0"),
    ('"GPT-4"', "GPT-41 mini"),
    ('"l1 norm"', "the l2 norm"),
    ('"graph neural network"', "neural networks on graphs"),
    ('"language model"', "a model of language"),
    ('"multi-modal"', "modal logic of many worlds"),
    ('"pre-training"', "training before testing"),
    ('"time series"', "a series of times"),
    ('"大语言模型"', "大型语言模型"),
    ('"нейронные сети"', "нейронные модели сети"),
    ("organization", "organism"),
    ("chaos", "cha cha"),
    ("general", "generate text"),
]


def wish(typed: str):
    interest = parse_wish(typed)
    return wish_of(interest)[1]


def found(typed: str, *papers: tuple[str, str]) -> list[int]:
    day = day_features([entry(number, *paper) for number, paper in enumerate(papers)])
    return list(find(day, Kind.PHRASE, wish(typed)))


@pytest.mark.parametrize(("typed", "text"), SAME)
def test_a_phrase_is_found_as_readers_mean_it(typed: str, text: str) -> None:
    assert found(
        typed, ("On rain", f"We begin. {text}"), (text, "Rain."), ("On rain", "Rain.")
    ) == [0, 1]
    span = place(text, (Kind.PHRASE, wish(typed)))
    assert span is not None
    assert text[slice(*span)].strip() == text[slice(*span)]


@pytest.mark.parametrize(("typed", "text"), DIFFERENT)
def test_a_phrase_is_not_found_where_something_else_is_said(typed: str, text: str) -> None:
    assert found(typed, ("On rain", text)) == []
    assert place(text, (Kind.PHRASE, wish(typed))) is None


def test_muted_words_and_quoted_words_differ_in_their_endings_alone() -> None:
    paper = ("We surveyed the field", "Caches.")
    assert found("survey", paper) == [0]
    assert found('"survey"', paper) == []
    assert wish_of(Interest(Kind.TOPIC, "survey", muted=True)) == (Kind.TOPIC, "survey")


words = st.text("abcdefghilmnoprstuyzé", min_size=1, max_size=12)
phrases = st.lists(
    words.filter(lambda word: word not in STOP and tokens(word)), min_size=1, max_size=4
)
variants = st.sampled_from(
    [
        " ".join,
        "-".join,
        "‑".join,
        lambda said: " ".join(said).upper(),
        lambda said: " ".join(said).title(),
        lambda said: " ".join(f"\\textbf{{{word}}}" for word in said),
        lambda said: "{\\em " + " ".join(said) + "}",
        lambda said: " ".join(f"${word}$" for word in said),
    ]
)
around = st.lists(words | st.sampled_from(["the", "of", "$x_1$", "(see", "大语"]), max_size=6)


@given(st.text() | words)
@example("embedded")
@example("processes")
@example("quizzes")
def test_a_key_is_its_own_key_and_roots_are_coarser(text: str) -> None:
    for word in tokens(text):
        assert plain(plain(word)) == plain(word)
        assert root(root(word)) == root(word) == root(plain(word))


@given(st.text() | st.text("a\\{}$\"'^_1é\u0301大 -").map(str))
def test_places_are_told_of_the_very_tokens(text: str) -> None:
    told = read(text)
    assert list(told.words) == tokens(text)
    assert [word for part in text.split() for word in tokens(part)] == tokens(text)
    assert all(
        0 <= start < end <= len(text) for start, end in zip(told.starts, told.ends, strict=True)
    )


@settings(max_examples=150, deadline=None)
@given(phrases, variants, around, around, st.booleans())
def test_a_phrase_is_found_wherever_a_variant_was_put(
    phrase, variant, before, after, quoted
) -> None:
    text = " ".join([*before, variant(phrase), *after])
    typed = " ".join(phrase)
    asked = f'"{typed}"' if quoted else typed
    day = day_features([entry(1, "Rain", text), entry(2, text, "Rain")])
    assert list(find(day, Kind.PHRASE, asked)) == [0, 1]
    span = place(text, (Kind.PHRASE, asked))
    assert span is not None
    assert find(day_features([entry(1, text[slice(*span)], "")]), Kind.PHRASE, asked)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(
        ["train", "quantize", "plan", "study", "code", "sample", "control", "cache", "match"]
    ),
    st.sampled_from(
        ["train", "quantize", "plan", "study", "code", "sample", "control", "cache", "match"]
    ),
    st.sampled_from([0, 1, 2, 3]),
)
def test_unquoted_words_are_found_with_any_ending(one: str, other: str, ending: int) -> None:
    forms = {
        "train": "trains trained training", "quantize": "quantizes quantised quantising",
        "plan": "plans planned planning", "study": "studies studied studying",
        "code": "codes coded coding", "sample": "samples sampled sampling",
        "control": "controls controlled controlling", "cache": "caches cached caching",
        "match": "matches matched matching",
    }  # fmt: skip
    said = [one, *forms[one].split()][ending]
    day = day_features([entry(1, "Rain", f"The {said} {other} falls")])
    assert list(find(day, Kind.PHRASE, f"{one} {other}")) == [0]
    assert bool(find(day, Kind.PHRASE, f'"{one} {other}"')) is (ending < 2)


@settings(max_examples=150, deadline=None)
@given(phrases.filter(lambda phrase: len(phrase) > 1), st.data())
def test_a_phrase_is_not_found_across_the_title_nor_with_a_word_missing(phrase, data) -> None:
    cut = data.draw(st.integers(1, len(phrase) - 1))
    missing = data.draw(st.integers(0, len(phrase) - 1))
    # Joined, "abab b" is ababb, and so a form of abab: no words of ours, but of the draw.
    read = [tokens(word)[0] for word in phrase]
    assume(not any(root(one + two) in {root(one), root(two)} for one, two in pairwise(read)))
    # A word that no phrase holds keeps what is left from saying the phrase by itself.
    rest = ["qqq" if at == missing else word for at, word in enumerate(phrase)]
    day = day_features(
        [entry(1, " ".join(phrase[:cut]), " ".join(phrase[cut:])), entry(2, "Rain", " ".join(rest))]
    )
    for asked in (" ".join(phrase), f'"{" ".join(phrase)}"'):
        got = list(find(day, Kind.PHRASE, asked))
        # Unless one half holds it all: "an an" in a title "an an".
        halves = [
            place(half, (Kind.PHRASE, asked))
            for half in (day.entries[0].title, day.entries[0].abstract)
        ]
        assert (0 in got) is any(halves)
        assert 1 not in got


@settings(max_examples=200, deadline=None)
@given(
    st.lists(words | st.sampled_from(["pre", "training", "pretraining", "the", "-"]), max_size=14),
    st.data(),
)
def test_find_and_place_agree(said, data) -> None:
    text = " ".join(said)
    some = data.draw(
        st.lists(st.sampled_from([*said, "pre", "training", "rain"]), min_size=1, max_size=3)
    )
    asked = data.draw(st.sampled_from(["{}", '"{}"'])).format(" ".join(some))
    day = day_features([entry(1, "", text)])
    assert bool(find(day, Kind.PHRASE, asked)) is (place(text, (Kind.PHRASE, asked)) is not None)


ABSTRACT = (
    "Long prompts fill memory. Unlike earlier work on paging and on offloading we show that a single "
    "KV-cache, (quantized once), serves many readers. Then models decode speculatively."
)


def test_the_place_is_the_words_and_no_more() -> None:
    start, end = place(ABSTRACT, (Kind.PHRASE, '"kv cache"'))
    assert ABSTRACT[start:end] == "KV-cache"
    start, end = place(ABSTRACT, (Kind.TOPIC, "quantizing the cache"))
    assert ABSTRACT[start:end] == "cache, (quantized"
    chinese = "我们训练大语言模型并评估"
    start, end = place(chinese, (Kind.PHRASE, '"语言模型"'))
    assert chinese[start:end] == "语言模型"
    assert place(ABSTRACT, (Kind.TOPIC, "protein folding")) is None


def test_a_fragment_holds_the_matched_words() -> None:
    paper = entry(1, "Paging", ABSTRACT)
    assert fragment(paper.abstract, (Kind.PHRASE, '"kv cache"')) == (
        "that a single KV-cache, (quantized once), serves many readers"
    )
    long = "work on paging and on offloading we show that a single KV-cache"
    assert fragment(paper.abstract, (Kind.PHRASE, f'"{long}"')).startswith("work on paging")
    nine = "on offloading we show that a single KV-cache"
    assert nine in fragment(paper.abstract, (Kind.PHRASE, f'"{nine}"'))
    assert fragment(paper.abstract, (Kind.PHRASE, '"paging"')).startswith("earlier work on paging")
    assert fragment(paper.abstract, (Kind.PHRASE, '"rain"')) == ""


@settings(max_examples=150, deadline=None)
@given(around, phrases, around)
def test_a_fragment_is_verbatim_and_holds_what_it_is_shown_for(before, phrase, after) -> None:
    text = " ".join([*before, *phrase, *after])
    asked = (Kind.PHRASE, f'"{" ".join(phrase)}"')
    shown = fragment(text, asked)
    assert shown in text
    assert len(shown.split()) <= 10
    assert place(shown, asked) is not None
