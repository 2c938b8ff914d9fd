"""What is typed into the search box: its parts, what is told of what cannot be taken, wishes from it."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.match.query import (
    LONGEST_QUERY,
    MOST_CLUES,
    Clue,
    ClueKind,
    parse_query,
)
from newsletter.match.query_wishes import interests_of
from subscribers.profile import make_profile, parse_profile, to_text


def wanted(text: str) -> list[tuple[str, str]]:
    query = parse_query(text)
    assert query.problems == ()
    return [(clue.kind.value, clue.text) for clue in query.wanted]


def test_words_phrases_names_and_categories() -> None:
    assert wanted('speculative decoding "kv cache" author:Hinton cat:cs.cl source:arXiv') == [
        ("word", "speculative"),
        ("word", "decoding"),
        ("phrase", "kv cache"),
        ("author", "Hinton"),
        ("category", "cs.CL"),
        ("source", "arxiv"),
    ]


def test_a_quoted_name_may_have_blanks_and_typographic_quotes_are_quotes() -> None:
    assert wanted("author:“van der Maaten”") == [("author", "van der Maaten")]
    assert wanted("cat:cs.*") == [("category", "cs")]


def test_a_minus_rules_out_whatever_follows_it() -> None:
    query = parse_query(
        'pruning -survey -"case report" -author:"Doe, Jane" \N{MINUS SIGN}cat:cs.CV -source:hf'
    )
    assert query.unwanted == (
        Clue(ClueKind.WORD, "survey"),
        Clue(ClueKind.PHRASE, "case report"),
        Clue(ClueKind.AUTHOR, "Doe, Jane"),
        Clue(ClueKind.CATEGORY, "cs.CV"),
        Clue(ClueKind.SOURCE, "hf"),
    )
    assert wanted("k-means") == [("word", "k-means")]


@pytest.mark.parametrize(
    ("text", "after", "before"),
    [
        ("after:2026", date(2026, 1, 1), None),
        ("since:2026-06", date(2026, 6, 1), None),
        ("after:2026-06-02 before:2026-7", date(2026, 6, 2), date(2026, 7, 1)),
        ("after:2025 after:2026", date(2026, 1, 1), None),
    ],
)
def test_dates_are_days_months_or_years(text: str, after: date | None, before: date | None) -> None:
    query = parse_query(text)
    assert (query.after, query.before, query.problems) == (after, before, ())
    assert query.asks


@pytest.mark.parametrize(
    "text",
    [
        "2404.06395",
        "arXiv:2404.06395v3",
        "https://arxiv.org/abs/2404.06395",
        "10.48550/arXiv.2404.06395",
    ],
)
def test_a_paper_is_named_by_its_number_or_address(text: str) -> None:
    assert wanted(text) == [("key", "arxiv:2404.06395")]


def test_a_doi_is_a_key_as_well() -> None:
    assert wanted("https://doi.org/10.1000/XyZ") == [("key", "doi:10.1000/xyz")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("author:", "no word in “author:”"),
        ("after:soon", "After after: a date is needed"),
        ("before:2026-13", "a date is needed"),
        ("-after:2026 x", "a date is needed"),
        ("cat:!!", "no word in “cat:!!”"),
        ("cat:cs.CL.x", "not a category"),
        ('an "open quotation', "no partner"),
        ("cats OR dogs", "OR is read as a word"),
        ("-survey", "not only what to leave out"),
        ("pruning -pruning", "both asked for and ruled out"),
        ("x after:2026 before:2025", "No day is both"),
        ("", "Type a word or two"),
        ("x" * 201, "at most 200 characters"),
        ("word " * 200, "at most 500 characters"),
        (" ".join(f"w{n}" for n in range(30)), f"at most {MOST_CLUES} parts"),
    ],
)
def test_what_cannot_be_taken_is_told_in_plain_words(text: str, said: str) -> None:
    assert any(said in problem for problem in parse_query(text).problems)


@pytest.mark.parametrize(
    "text", ["a" * 10_000, "\0" * 50, 'author: : - cat: ""', "- -- ---", "()*^:"]
)
def test_nothing_to_look_for_is_a_clear_answer(text: str) -> None:
    query = parse_query(text)
    assert not query.asks
    assert query.wanted == ()
    assert query.problems


def test_an_unknown_name_before_a_colon_is_a_part_of_a_title() -> None:
    assert wanted("BERT: pre-training")[0] == ("word", "BERT:")


@given(st.text(max_size=3000))
def test_any_text_is_read_and_bounded(text: str) -> None:
    query = parse_query(text)
    assert len(query.text) <= LONGEST_QUERY
    assert len(query.wanted) + len(query.unwanted) <= MOST_CLUES
    assert "\0" not in query.text and "\n" not in query.text
    assert query.asks or query.problems
    assert parse_query(query.text).wanted == query.wanted


@given(
    st.lists(
        st.sampled_from(
            ['"kv cache"', "-x", "author:", 'author:"', "after:2026", "\0", "cat:cs.CL", "é̂"]
        )
    )
)
def test_wishes_of_any_search_can_be_stored_and_read_again(parts: list[str]) -> None:
    profile = make_profile(interests_of(parse_query(" ".join(parts))))
    assert parse_profile(to_text(profile)) == profile


def test_a_search_becomes_wishes() -> None:
    query = parse_query(
        'state space "kv cache" author:Hinton cat:cs.CL -survey source:hf after:2026'
    )
    assert to_text(make_profile(interests_of(query))).split("\n") == [
        "state space",
        '"kv cache"',
        "author:Hinton",
        "cat:cs.CL",
        "-survey",
    ]
    assert interests_of(parse_query("after:2026 -survey")) == []
    assert interests_of(parse_query("10.1000/xyz")) == []
