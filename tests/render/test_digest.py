"""The digest as a mail: headers, content, size, and what hostile text can do to it (nothing)."""

from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import example, given

from newsletter.model import Digest, Evidence, EvidenceKind, Manner, Section
from newsletter.render import MailRenderer, Templates, UnmailableError
from newsletter.render.cards import TITLE_LENGTH
from newsletter.render.digest import HTML_LIMIT
from newsletter.render.plain import clean, clip
from subscribers.length import Length
from tests.factories import entry
from tests.render.hostile import ANY_TEXT, HOSTILE
from tests.render.letters import (
    BY_EMMY,
    READER,
    SITE,
    TRENDING,
    Outline,
    letter,
    pick,
    vote_tokens,
)


def parse(data: bytes):
    message = message_from_bytes(data, policy=default)
    assert not message.defects
    text, html = message.iter_parts()
    return message, *(p.get_content().replace("\r\n", "\n") for p in (text, html))


def hostile_letter(text: str):
    paper = entry(1, text, text, authors=(text, text), organisation=text, categories=(text,))
    paper = replace(paper, url=text, pdf_url=f"https://x.example/{text}", code_url=text, tldr=text)
    evidence = tuple(Evidence(kind, text, text) for kind in EvidenceKind)
    picks = (pick(1, evidence[:3]), pick(2, evidence[3:]))
    return letter(paper, replace(paper, id=2), picks=picks, notes=(text,))


@given(ANY_TEXT)
@example(HOSTILE[9])
@example(HOSTILE[5])
def test_hostile_text_is_only_text(renderer, text):
    ours = hostile_letter(text)
    data = renderer.digest(ours).data
    message, plain, html = parse(data)
    seen = renderer.digest_preview(ours)
    assert (str(message["Subject"]), plain, html) == (
        " ".join(seen.subject.split()),
        seen.text,
        seen.html,
    )
    title = clip(clean(text), TITLE_LENGTH) or "Untitled"
    assert [shown.strip("\n") for shown in Outline(html).text["h3"]] == [title, title]
    assert title in re.sub(r"[ \n]+", " ", plain)
    assert message.keys() == parse(renderer.digest(hostile_letter("plain")).data)[0].keys()
    assert all(len(line) <= 76 for line in data.partition(b"\r\n\r\n")[2].split(b"\r\n"))
    assert all(len(line) <= 98 for line in data.split(b"\r\n"))
    assert b"\r" not in data.replace(b"\r\n", b"")
    assert b"\n" not in data.replace(b"\r\n", b"")


@given(ANY_TEXT)
def test_nothing_of_theirs_is_alive(renderer, text):
    # What shows depends on how much text there is, so the harmless twin has as much of it.
    twin = "x" * len(clean(text))
    ours, theirs = (
        Outline(renderer.digest_preview(hostile_letter(each)).html) for each in (twin, text)
    )
    assert {tag for tag, _ in theirs.tags} <= {tag for tag, _ in ours.tags}
    assert set(theirs.tags) <= set(ours.tags) | {("a", ("href", "style"))}
    assert theirs.comments == ours.comments
    assert all(re.match(r"https?://[^\s<>\"]+$", link) for link in theirs.links)


def test_the_headers_of_list_mail(renderer):
    message, _, _ = parse(renderer.digest(letter()).data)
    assert dict(message.items()) == {
        "From": "Paperround <digest@papers.example>",
        "To": "ada@example.org",
        "Subject": "1 paper: speculative decoding",
        "Date": "Wed, 10 Jun 2026 06:30:00 +0000",
        "Message-ID": "<7.2026-06-10@papers.example>",
        "Auto-Submitted": "auto-generated",
        "List-Id": "Paperround <paperround.papers.example>",
        "List-Unsubscribe": f"<{READER.unsubscribe_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Post": "NO",
        "Feedback-ID": "20260610:digest:paperround.papers.example:paperroundpaper",
        "MIME-Version": "1.0",
        "Content-Type": message["Content-Type"],
    }
    assert len(set(message.keys())) == len(message.keys())


def test_the_message_carries_what_delivery_needs(renderer):
    message = renderer.digest(letter(reader=replace(READER, email="ada@bücher.example")))
    assert message.delivery_id == 7
    assert message.sender == "digest@papers.example"
    assert message.to == "ada@xn--bcher-kva.example"
    assert message.message_id == "<7.2026-06-10@papers.example>"


def test_the_same_letter_gives_the_same_bytes_from_another_renderer(renderer):
    again = MailRenderer(SITE, Templates())
    ours = letter(entry(1), entry(2, "Ünï"), notes=("late",))
    assert renderer.digest(ours).data == renderer.digest(ours).data == again.digest(ours).data


def test_a_changed_entry_gets_a_new_card(renderer):
    before = renderer.digest_preview(letter(entry(1, votes=3))).text
    after = renderer.digest_preview(letter(entry(1, votes=4))).text
    assert "3 upvotes" in before
    assert "4 upvotes" in after


@pytest.mark.parametrize("bad", ["ada@example.org\r\nBcc: eve@x.org", "ada", "a b@x.org"])
def test_a_bad_address_is_refused(renderer, bad):
    with pytest.raises(UnmailableError):
        renderer.digest(letter(reader=replace(READER, email=bad)))


def test_sections_groups_reasons_and_the_story(renderer):
    maps = (Evidence(EvidenceKind.PHRASE, "old maps", "a set of old maps"),)
    papers = [entry(n, f"Title {n}") for n in range(1, 6)]
    picks = (
        pick(1),
        pick(2, maps),
        pick(3),
        pick(4, BY_EMMY, Section.FOLLOWED),
        pick(5, TRENDING, Section.TRENDING),
    )
    seen = renderer.digest_preview(letter(*papers, picks=picks))
    outline = Outline(seen.html)
    assert [" ".join(name.split()) for name in outline.text["h2"]] == [
        "For you speculative decoding",
        "old maps",
        "People you follow",
        "Trending today",
    ]
    assert outline.text["h3"] == ["Title 1", "Title 3", "Title 2", "Title 4", "Title 5"]
    assert re.search(r"<b[^>]*>Emmy Noether</b>", seen.html)
    assert "2 for speculative decoding, 1 for old maps, 1 by people you follow" in seen.text
    assert "from 412 new papers" in seen.text.replace("\n", " ")
    assert "it says old maps, a phrase you watch: “a set of old maps”" in seen.text
    assert seen.subject == "5 papers: speculative decoding, old maps, emmy noether"
    assert [seen.text.index(f"Title {n}") for n in (1, 3, 2, 4, 5)] == sorted(
        seen.text.index(f"Title {n}") for n in range(1, 6)
    )


def test_everything_that_mail_must_say(renderer):
    seen = renderer.digest_preview(letter(notes=("arXiv had not answered.",)))
    for part in (seen.text, seen.html):
        words = " ".join(re.sub(r"<[^>]+>", " ", part).split()) + part
        for needed in (
            "Wednesday, 10 June 2026",
            READER.preferences_url,
            READER.unsubscribe_url,
            "ada@example.org",
            "1 Example Street, Springfield",
            "help@papers.example",
            "Thank you to arXiv for use of its open access interoperability.",
            "CC0",
            "arXiv had not answered.",
        ):
            assert needed in words
    assert '<html lang="en"' in seen.html
    assert "prefers-color-scheme: dark" in seen.html


def test_each_card_ends_with_its_readers_two_votes(renderer):
    ours = letter(entry(1, "First"), entry(2, "Second"))
    others = replace(ours, votes={1: ("A.B", "C.D"), 2: ("E.F", "G.H")})
    for number, tokens in ((1, vote_tokens(1)), (2, vote_tokens(2))):
        more, less = (f"https://papers.example/vote/{token}" for token in tokens)
        seen = renderer.digest_preview(ours)
        paper = f"https://arxiv.org/abs/2606.{number:05}"
        related = f"\n     Related: https://papers.example/papers/arxiv:2606.{number:05}"
        words = f"{related}\n     More like this: {more}\n     Less like this: {less}\n"
        assert seen.text.count(f"\n[{number}]  Abstract: {paper}{words}") == 1
        assert Outline(seen.html).links.count(more) == Outline(seen.html).links.count(less) == 1
        card = seen.html[seen.html.index(f"{'First' if number == 1 else 'Second'}</a>") :]
        assert card.index(f'"{more}"') < card.index(f'"{less}"')
        assert re.search(r'"[^"]*vote/M[^>]*>More like this</a>', card)
        assert re.search(r'"[^"]*vote/L[^>]*>Less like this</a>', card)
    seen = renderer.digest_preview(others)
    assert "https://papers.example/vote/G.H" in seen.text
    assert "MMM" not in seen.text + seen.html


def test_every_layout_table_says_that_it_is_one(renderer):
    html = renderer.digest_preview(letter()).html
    assert all("role" in names for tag, names in Outline(html).tags if tag == "table")


def test_titles_name_a_digest_that_no_wish_explains(renderer):
    ours = letter(entry(1, "A theory of everything"), picks=(pick(1, TRENDING, Section.TRENDING),))
    assert renderer.digest_preview(ours).subject == "1 paper: A theory of everything"


def test_nothing_picked_is_still_a_mail(renderer):
    message, plain, _ = parse(renderer.digest(replace(letter(), digest=Digest((), 0))).data)
    assert message["Subject"] == "Paperround, Wednesday, 10 June 2026"
    assert "Nothing." in plain


@pytest.mark.parametrize(
    ("abstract", "length", "dropped"),
    [
        ("This is a sentence of a usual length, is it not? " * 30, Length.SHORT, 4),
        ("我们提出一种方法。" * 200, Length.SHORT, 3),
        ("This is a sentence of a usual length, is it not? " * 30, Length.FULL, 18),
        ("This is a sentence of a usual length, is it not? " * 30, Length.TITLES, 0),
    ],
)
def test_forty_papers_stay_below_what_gmail_clips(renderer, abstract, length, dropped):
    papers = [
        entry(n, "A title of the usual length for a paper of these days: with a tail", abstract,
              organisation="University of Somewhere", votes=12, comments=3,
              pdf_url=f"https://arxiv.org/pdf/2606.{n:05}", code_url=f"https://github.com/somebody/something-{n}")
        for n in range(40)
    ]  # fmt: skip
    picks = tuple(replace(pick(n), score=float(-n)) for n in range(40))
    ours = letter(*papers, picks=picks, manner=Manner(length=length))
    seen = renderer.digest_preview(ours)
    assert HTML_LIMIT * 0.6 < len(seen.html.encode()) <= HTML_LIMIT
    assert len(Outline(seen.html).text["h3"]) == 40 - dropped
    assert ("This is" in seen.text or "我们" in seen.text) is (length is not Length.TITLES)
    told = f"{dropped} more would have made this mail too long"
    assert (told in seen.text.replace("\n", " ")) is (told in seen.html) is (dropped > 0)
    assert "/vote/" + vote_tokens(39)[0] not in seen.html or not dropped
    on_the_web = renderer.digest_preview(ours, whole=True)
    assert len(Outline(on_the_web.html).text["h3"]) == 40
    assert "too long" not in on_the_web.html


def test_a_subject_has_at_most_sixty_characters(renderer):
    wishes = [f"a rather long wish with the number {n}" for n in range(5)]
    papers = [entry(n) for n in range(5)]
    picks = tuple(pick(n, (Evidence(EvidenceKind.TOPIC, wish),)) for n, wish in enumerate(wishes))
    subject = renderer.digest_preview(letter(*papers, picks=picks)).subject
    assert subject == "5 papers: a rather long wish with the number 0 and 4 more"
    assert len(subject) <= 60
