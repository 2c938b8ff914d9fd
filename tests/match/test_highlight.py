"""What is marked in found papers: pieces of plain text that make up the text again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from newsletter.match.highlight import SNIPPET, Piece, marked, snippet, sought
from newsletter.match.query import parse_query


def shown(pieces: tuple[Piece, ...]) -> str:
    return "".join(f"[{piece.text}]" if piece.marked else piece.text for piece in pieces)


def test_words_and_phrases_are_marked_whatever_their_case_and_plural() -> None:
    what = sought(parse_query('"kv cache" the models'))
    assert shown(marked("The KV-caches of a Model, and a cache", what)) == (
        "The [KV-caches] of a [Model], and a cache"
    )


def test_only_what_was_asked_for_is_marked() -> None:
    what = sought(parse_query("author:Lovelace cat:cs.CL -model"))
    assert shown(marked("A model of Lovelace", what)) == "A model of Lovelace"


def test_a_snippet_shows_where_most_of_it_stands() -> None:
    text = (
        f"{'Nothing here counts. ' * 30}We prune large models by speculation. {'And so on. ' * 60}"
    )
    found = shown(snippet(text, sought(parse_query("prune speculation models"))))
    assert found.startswith("… We [prune] large [models] by [speculation]. And so on.")
    assert found.endswith(" …")
    assert len(found) < SNIPPET + 40


def test_without_a_meeting_place_a_snippet_is_the_beginning() -> None:
    assert shown(snippet("Short.", sought(parse_query("absent")))) == "Short."
    found = shown(snippet("word " * 200, sought(parse_query("absent"))))
    assert found.startswith("word word") and found.endswith("word …")


TEXTS = st.text(st.sampled_from("ab <>&\"'é̂\\$\n.") | st.characters(), max_size=600)


@given(TEXTS, st.sampled_from(["a", '"a b"', "é", "ab b a", "<b>"]))
def test_pieces_are_the_text_and_nothing_else(text: str, typed: str) -> None:
    what = sought(parse_query(typed))
    assert "".join(piece.text for piece in marked(text, what)) == text
    pieces = [piece.text for piece in snippet(text, what, 60) if piece.text not in {"… ", " …"}]
    assert "".join(pieces) in text
