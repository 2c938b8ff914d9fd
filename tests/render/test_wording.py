from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import Evidence, EvidenceKind, Section
from newsletter.render import wording
from tests.factories import entry
from tests.render.letters import BY_EMMY, DECODING, TRENDING, pick


def said(evidence: Evidence) -> str:
    (reason,) = wording.reasons((evidence,))
    return (
        reason.before + reason.name + reason.after + (f": {reason.found}" if reason.found else "")
    )


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (Evidence(EvidenceKind.TOPIC, "maps", "old maps of"), "you follow maps: “old maps of”"),
        (Evidence(EvidenceKind.TOPIC, "maps", "Maps"), "you follow maps"),
        (Evidence(EvidenceKind.PHRASE, "KV cache", ""), "it says KV cache, a phrase you watch"),
        (Evidence(EvidenceKind.AUTHOR, "noether", "E. Noether"), "by E. Noether, whom you follow"),
        (
            Evidence(EvidenceKind.ORGANISATION, "deepmind", "Google DeepMind"),
            "from Google DeepMind, which you follow",
        ),
        (Evidence(EvidenceKind.SEED, "arXiv:1", "On maps"), "close to On maps, a paper you chose"),
        (Evidence(EvidenceKind.CATEGORY, "cs.CL", "cs.CL"), "in cs.CL, a category you follow"),
        (Evidence(EvidenceKind.POPULAR, "", "41 votes"), "much talked about just now: 41 votes"),
    ],
)
def test_evidence_in_plain_words(evidence, words):
    assert said(evidence) == words


def test_the_story_counts_by_wish_then_by_section():
    picks = [
        pick(1, (Evidence(EvidenceKind.SEED, "arXiv:1", "On maps"),)),
        pick(2),
        pick(3),
        pick(4, BY_EMMY, Section.FOLLOWED),
        pick(5, TRENDING, Section.TRENDING),
    ]
    names = [wording.label(pick.evidence) for pick in picks]
    assert wording.story(picks, names) == [
        ("", 2, "for", "speculative decoding"),
        (", ", 1, "close to", "On maps"),
        (", ", 1, "by people you follow", ""),
        (", ", 1, "trending", ""),
    ]


def test_topics_name_what_fits_and_count_the_rest():
    assert wording.topics(["maps", "KV caches"], 50) == "maps, KV caches"
    assert (
        wording.topics(["maps", "KV caches", "protein design"], 26) == "maps, KV caches and 1 more"
    )
    assert wording.topics(["maps", "KV caches", "proteins"], 24) == "maps and 2 more"
    assert wording.topics([], 50) == ""


@given(
    st.lists(st.text(max_size=60).map(wording.clean).filter(bool), max_size=8), st.integers(10, 60)
)
def test_topics_never_take_more_than_their_room(names, room):
    assert len(wording.topics(names, room)) <= room


def test_a_byline_shows_three_and_everyone_followed():
    paper = entry(authors=tuple(f"Author {n}" for n in range(664)))
    shown, more = wording.byline(paper, frozenset({"author 500"}))
    assert [author.name for author in shown] == ["Author 0", "Author 1", "Author 2", "Author 500"]
    assert [author.followed for author in shown] == [False, False, False, True]
    assert more == 660


def test_nobody_is_hidden_for_the_sake_of_one():
    shown, more = wording.byline(entry(authors=("A", "B", "C", "D")), frozenset())
    assert (len(shown), more) == (4, 0)


def test_a_pick_without_a_wish_has_no_label():
    assert wording.label(TRENDING) == ""
    assert wording.label(()) == ""
    assert wording.label(DECODING) == "speculative decoding"
