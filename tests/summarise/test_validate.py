"""What a model answered is believed only as far as the abstract bears it out."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import summarised
from newsletter.summarise.language import language
from newsletter.summarise.numbers import numbers
from newsletter.summarise.validate import PARTS, Parts, Refused, _faults, read_answer
from tests import inputs
from tests.chat import ABSTRACT, GOOD, TITLE


def read(**parts: object) -> Parts | Refused:
    return read_answer(json.dumps(GOOD | parts), TITLE, ABSTRACT)


def test_a_good_answer_is_taken_whole_and_a_fence_around_it_is_no_matter():
    assert read() == Parts(**GOOD)
    assert read_answer(f"```json\n{json.dumps(GOOD)}\n```", TITLE, ABSTRACT) == Parts(**GOOD)
    assert read(overview=GOOD["overview"].replace(". ", ".\n")) == Parts(**GOOD)


FOLD = "Foldmap folds old keys into one map"
BAD = {
    "not JSON": "Here is your summary: Foldmap folds caches.",
    "not an object": "[]",
    "not an object of": json.dumps({"tldr": GOOD["tldr"]}),
    "not an object of tldr": json.dumps(GOOD | {"vote": "five stars"}),
    "a part is no text": json.dumps(GOOD | {"tldr": ["Foldmap"]}),
}
FAULTS = [
    ("tldr", "Foldmap.", "8 characters"),
    ("tldr", f"{FOLD}, " * 12, "characters, not"),
    ("overview", f"{FOLD}, " * 60, "characters, not"),
    ("tldr", f"{FOLD}. It needs no training. It outperforms eviction.", "two sentences"),
    ("tldr", f"{FOLD}: see https://evil.example/x", "a link"),
    ("conclusion", f"{FOLD}: see evil-maps.com for old keys", "a link"),
    ("overview", f"{FOLD}; write to maps@evil.example about the cache", "a link"),
    ("tldr", f"<b>{FOLD}</b> of the cache", "markup"),
    ("tldr", f"**{FOLD}** of the cache", "markup"),
    ("tldr", f"[{FOLD}](about the cache)", "markup"),
    ("technical", f"# {FOLD} of the cache", "markup"),
    ("technical", f"{FOLD} {{{{ 7*7 }}}} of the cache", "markup"),
    ("tldr", f"{FOLD} in 3 steps", "a number that is not in the abstract: 3"),
    ("tldr", f"{FOLD} and gains 75 points", "a number that is not in the abstract: 75"),
    ("tldr", f"{FOLD} on five tasks", "a number that is not in the abstract: 5"),
    ("tldr", f"{FOLD} \u202eof the cache", "nobody sees"),
    ("tldr", f"{FOLD} of\u200b the cache", "nobody sees"),
    ("tldr", "Foldmap est une mémoire qui replie les clefs dans une carte pour les modèles", "French"),
    ("tldr", "Foldmap 将旧键折叠成一张地图,不需要训练,效果优于驱逐方法。", "Cjk"),
    ("tldr", "This brilliant paper deserves every vote of yours, readers must share widely", "only"),
    ("overview", "Subscribe now, click below, buy cheap watches, win prizes, call friends", "only"),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "answer"), BAD.items())
def test_another_shape_is_refused(reason, answer):
    found = read_answer(answer, TITLE, ABSTRACT)
    assert isinstance(found, Refused)
    assert found.reason.startswith(reason)


@pytest.mark.parametrize(("part", "text", "reason"), FAULTS)
def test_each_fault_of_any_part_refuses_all(part, text, reason):
    found = read(**{part: text})
    assert isinstance(found, Refused)
    assert found.reason.startswith(f"{part}: ")
    assert reason in found.reason


def test_what_stands_in_the_abstract_is_no_fault():
    abstract = f"{ABSTRACT} It runs at foldmap.org as `fold` on 3 machines with $k$-means."
    text = "Foldmap folds old keys with $k$-means as `fold` on three machines at foldmap.org"
    assert isinstance(read_answer(json.dumps(GOOD | {"technical": text}), TITLE, abstract), Parts)


def test_real_summaries_pass_but_for_one_with_a_number_of_its_own():
    inputs.require("inputs", "sources", "hf-daily-papers")
    papers = summarised.papers()
    found = [
        fault
        for paper in papers
        for fault in _faults("tldr", paper.summary, f"{paper.title}\n{paper.abstract}")
    ]
    assert len(papers) > 100
    assert found == ["a number that is not in the abstract: 800"]


@given(
    st.text() | st.dictionaries(st.sampled_from(PARTS), st.text() | st.integers()).map(json.dumps)
)
def test_any_answer_is_read(answer):
    assert isinstance(read_answer(answer, TITLE, ABSTRACT), Parts | Refused)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2,048 and 1.50 and 007", {"2048", "1.5", "7"}),
        ("GPT-4 on 3D data: 10%", {"4", "3", "10"}),
        ("five, twice, a dozen thousand", {"5", "2", "12", "1000"}),
        ("٣ maps", {"3"}),
        ("one map", set()),
    ],
)
def test_numbers_in_one_form(text, found):
    assert numbers(text) == found


def test_languages():
    assert language("We show that the map of a cache is in this paper") == "English"
    assert language("Wir zeigen, dass die Karte nicht für das Modell ist und wird") == "German"
    assert language("Мы предлагаем карту") == "CYRILLIC"
    assert language("この論文では地図を提案します") == "CJK"
    assert language("Foldmap beats GPT") == ""
    assert language("") == ""
