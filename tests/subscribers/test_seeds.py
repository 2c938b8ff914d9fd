from __future__ import annotations

import json
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.errors import ProfileError
from subscribers.finding import FoundPaper, FoundPapers
from subscribers.profile import Interest, Kind, Profile, parse_profile, parse_wish, to_text
from subscribers.seeds import LONGEST, MOST_SEEDS, Mention, looks_like_a_name, read_seeds
from subscribers.sowing import sow

BIBTEX = """
@string{acl = "Proc. ACL"}
@article{one, title = {A {Great} Paper about \\emph{Maps}}, author={Ada Lovelace},
  eprint = {2404.06395}, archivePrefix = {arXiv}, primaryClass={cs.CL}}
@inproceedings{two, title={Maps of Places}, booktitle = acl, doi={10.1000/ABC}}
@article{three, title={By Scholar}, journal={arXiv preprint arXiv:1706.03762}, year={2017}}
@misc{four, title={On a Page}, url={https://arxiv.org/abs/1512.03385v2}}
@article{five, eprint={12345}, archivePrefix={HAL}, title={Elsewhere}}
"""
RIS = """TY  - JOUR
TI  - Maps of Places
DO  - 10.1000/ABC
UR  - https://arxiv.org/abs/1706.03762
ER  -
TY  - JOUR
T1  - The last one is cut off
"""
CSL = json.dumps(
    [
        {"id": "a", "title": "Maps of Places", "DOI": "10.1000/ABC", "author": [{"family": "L"}]},
        {"title": "With a URL", "URL": "https://arxiv.org/abs/1706.03762"},
        {"title": ["not", "text"]},
        "nonsense",
    ]
)
SCHOLAR = (
    "Authors,Title,Publication,Volume,Number,Pages,Year,Publisher\n"
    '"Lovelace, Ada; ",Maps of Places,arXiv preprint arXiv:2404.06395,,,,2024,\n'
    '"Noether, Emmy; ","A title, with a comma",Annals,12,3,1-9,1918,\n'
)


def told(text: str) -> list[tuple[tuple[str, ...], str]]:
    return [(each.keys, each.title) for each in read_seeds(text).mentions]


def test_bibtex():
    assert told(BIBTEX) == [
        (("arxiv:2404.06395",), "A Great Paper about Maps"),
        (("doi:10.1000/abc",), "Maps of Places"),
        ((), "By Scholar"),
        (("arxiv:1512.03385",), "On a Page"),
        ((), "Elsewhere"),
    ]


def test_ris_even_if_cut_off():
    assert told(RIS) == [
        (("doi:10.1000/abc", "arxiv:1706.03762"), "Maps of Places"),
        ((), "The last one is cut off"),
    ]


def test_csl_json():
    assert told(CSL) == [
        (("doi:10.1000/abc",), "Maps of Places"),
        (("arxiv:1706.03762",), "With a URL"),
    ]
    assert told('{"items": [{"title": "Maps of Places"}]}') == [((), "Maps of Places")]


def test_google_scholars_csv():
    assert told(SCHOLAR) == [
        (("arxiv:2404.06395",), "Maps of Places"),
        ((), "A title, with a comma"),
    ]


def test_lines():
    pasted = read_seeds(
        "arXiv:1706.03762v3\nhttps://arxiv.org/pdf/2404.06395\nmath.GT/0309136\n10.48550/arXiv.1512.03385\n"
        "https://doi.org/10.1000/ABC\n\nDeep Residual Learning for Image Recognition\n"
        "author: Emmy Noether\nhttps://orcid.org/0000-0002-1825-0097\n"
    )
    assert [each.keys for each in pasted.mentions] == [
        ("arxiv:1706.03762",),
        ("arxiv:2404.06395",),
        ("arxiv:math/0309136",),
        ("arxiv:1512.03385",),
        ("doi:10.1000/abc",),
        (),
    ]
    assert pasted.mentions[-1].title == "Deep Residual Learning for Image Recognition"
    assert pasted.authors == ("Emmy Noether",)
    assert pasted.orcids == ("0000-0002-1825-0097",)


@pytest.mark.parametrize(
    "text", ["@article{broken, title={", "{", "[1, 2", "TY  - JOUR\nXX\n" * 0 + "[}"]
)
def test_an_export_that_cannot_be_read_is_told(text):
    with pytest.raises(ProfileError, match="cannot read it") as caught:
        read_seeds(text)
    assert caught.value.field == "seeds"


def test_bounds():
    many = "\n".join(f"2404.{n:05}" for n in range(MOST_SEEDS + 7))
    pasted = read_seeds(many)
    assert (len(pasted.mentions), pasted.more) == (MOST_SEEDS, 7)
    with pytest.raises(ProfileError, match="more than we can read"):
        read_seeds("x" * (LONGEST + 1))
    assert all(len(each.title) <= 300 for each in read_seeds("long " * 20_000).mentions)


@pytest.mark.parametrize(
    "text",
    [
        f"a{chr(10) * (LONGEST - 2)}b",
        "10.48550/arxiv." * 5_000 + "x",
        "title,year\n" + "a,b\n" * 45_000,
    ],
    ids=["empty lines", "a DOI in a DOI", "many rows"],
)
def test_no_text_takes_long(text):
    began = process_time()
    read_seeds(text)
    assert process_time() - began < 2


def test_what_json_spells_out_is_text_that_can_be_stored():
    [paper] = read_seeds(
        r'[{"title": "Maps\ud800 of\u0000 places", "doi": "10.1000/\u0000x"}]'
    ).mentions
    assert paper == Mention(("doi:10.1000/x",), "Maps of places")


@given(
    st.text(max_size=300)
    | st.sampled_from([BIBTEX, RIS, CSL, SCHOLAR]).flatmap(
        lambda text: st.tuples(st.integers(0, len(text)), st.text(max_size=9)).map(
            lambda cut: text[: cut[0]] + cut[1] + text[cut[0] + 1 :]
        )
    )
)
def test_any_text_is_read_or_refused(text):
    try:
        pasted = read_seeds(text)
    except ProfileError:
        return
    sown = sow(pasted, lambda _keys, _titles: FoundPapers())
    profile = Profile(tuple(dict.fromkeys(sown.interests)))
    assert parse_profile(to_text(profile)) == profile


def test_names():
    for name in (
        "Ada Lovelace",
        "J. von Neumann",
        "Guy Van den Broeck",
        "Lovelace, Ada",
        "Søren O'Neil",
    ):
        assert looks_like_a_name(name), name
    for other in ("attention is all", "Ada", "GPT-4 Technical Report of 2023", "a b", ""):
        assert not looks_like_a_name(other), other


def test_what_is_stored_what_will_be_looked_up_and_what_is_not_known():
    stored = FoundPaper("doi:10.1000/abc", "Maps of Places")
    elsewhere = FoundPaper("url:https://blog.example/x", "A post")

    def find(keys, titles):
        assert "arxiv:1706.03762" in keys
        return FoundPapers(
            {"doi:10.1000/abc": stored}, {"A post": elsewhere, "Maps of Places": stored}
        )

    sown = sow(
        read_seeds(
            "10.1000/abc\n1706.03762\nMaps of Places\nA post\nEmmy Noether\nno such paper at all"
        ),
        find,
    )
    assert sown.interests == (
        Interest(Kind.SEED, "doi:10.1000/abc"),
        Interest(Kind.SEED, "arxiv:1706.03762"),
        Interest(Kind.AUTHOR, "Emmy Noether"),
    )
    assert sown.known == ("Maps of Places",)
    assert sown.awaited == ("arxiv:1706.03762",)
    assert sown.unknown == ("A post", "no such paper at all")


def test_a_doi_is_a_wish_that_can_be_written_and_read():
    wish = parse_wish("DOI: 10.1000/ABC(12)")
    assert wish == Interest(Kind.SEED, "doi:10.1000/abc(12)")
    assert parse_profile(to_text(Profile((wish,)))).interests == (wish,)
    assert Mention().shown == ""
