"""What counts as the same word."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from newsletter.match.words import name_key, stem, terms, tokens


def test_case_hyphen_plural_accent_and_latex_do_not_matter() -> None:
    assert tokens("KV-Caches") == tokens("kv cache")
    assert tokens(r"\emph{Gödel} machines") == tokens("godel machine")
    assert tokens("Theories of analyses") == ["theory", "of", "analyse"]


def test_words_that_end_in_s_by_nature_keep_it() -> None:
    for word in ("loss", "corpus", "analysis", "gas", "chaos"):
        assert stem(word) == word


def test_singular_and_plural_are_one() -> None:
    for one, many in [("cache", "caches"), ("match", "matches"), ("box", "boxes"), ("axe", "axes"),
                      ("class", "classes"), ("study", "studies"), ("model", "models")]:  # fmt: skip
        assert stem(one) == stem(many)


def test_pairs_do_not_reach_over_a_stop_word() -> None:
    assert terms(tokens("attention is all you need")) == ["attention", "need"]
    assert terms(tokens("speculative decoding")) == [
        "speculative",
        "decoding",
        "speculative decoding",
    ]


def test_chinese_is_cut_into_characters() -> None:
    assert tokens("大语言模型 LLM") == ["大", "语", "言", "模", "型", "llm"]


def test_names_are_one_in_either_order() -> None:
    assert name_key("Lovelace, Ada") == name_key("ADA  Lovelace") == "ada lovelace"
    assert name_key("José Ñandú") == name_key("Jose Nandu")


@given(st.text())
def test_any_text_has_tokens_without_blanks(text: str) -> None:
    assert all(token and not token.isspace() for token in tokens(text))
