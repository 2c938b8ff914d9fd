"""Whatever stands at titles, abstracts, names and interests: every mail parses back to exactly that text
(but for control characters and what is cut to length), in both parts and the subject, and none of it lives.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import example, given
from justhtml import Node

from newsletter.model import Change, Digest, Evidence, EvidenceKind, Manner, Section
from newsletter.render import MailRenderer, NoticeKind, Templates
from newsletter.render.cards import TITLE_LENGTH
from newsletter.render.plain import clean, clip
from newsletter.render.wording import SUBJECT_LENGTH
from subscribers.length import Length
from tests.factories import entry
from tests.render.hostile import ANY_TEXT, HOSTILE
from tests.render.letters import SITE, letter, notice, pick
from tests.render.mails import Mail, elements, read, text_of, tree

_NAME, _WISH = 80, 120
_MANNERS = {
    "short": Manner(),
    "full": Manner(length=Length.FULL),
    "titles": Manner(length=Length.TITLES),
    "weekly": Manner(weekly=True),
}


@cache
def renderer() -> MailRenderer:
    return MailRenderer(SITE, Templates())


def digest_of(title: str, abstract: str, name: str, wish: str, manner: Manner) -> Mail:
    """A digest with these texts in each of the places that they have."""
    paper = entry(1, title, abstract, authors=(name, "Emmy Noether"))
    asked = (Evidence(EvidenceKind.TOPIC, wish, abstract[:50]),)
    followed = (Evidence(EvidenceKind.AUTHOR, name, name), Evidence(EvidenceKind.LIKED, "", title))
    ours = letter(
        paper,
        replace(paper, id=2, tldr=abstract),
        picks=(pick(1, asked), pick(2, followed, Section.FOLLOWED)),
        manner=manner,
    )
    changes = (Change(title=title, url="https://papers.example/changed", version=2),)
    ours = replace(ours, digest=replace(ours.digest, changes=changes))
    return read("digest", renderer().digest(ours).data)


def unwrapped(text: str) -> str:
    """The text part with each run of blanks and line ends as one blank."""
    return re.sub(r"[ \n]+", " ", text)


def classed(page: list[Node], name: str, tag: str) -> list[str]:
    """The texts of the elements of a class."""
    found = [e for e in page if e.name == tag and name in (e.attrs.get("class") or "").split()]
    return [text_of(each) for each in found]


def alive(mail: Mail) -> set[tuple[object, ...]]:
    """What a browser makes of a mail: its elements with all attributes but addresses, and its comments."""
    root = tree(mail.html)
    comments = re.findall(r"<!--\[if.*?\]>|<!--.*?-->", mail.html) if root else []
    return {
        (each.name, *sorted(item for item in each.attrs.items() if item[0] != "href"))
        for each in elements(root)
    } | {("comment", comment) for comment in comments}


@cache
def harmless(manner: str) -> frozenset[tuple[object, ...]]:
    """What is alive in digests of plain words, with and without each text."""
    texts = ("plain words", "")
    made = [
        digest_of(title, abstract, name, wish, _MANNERS[manner])
        for title in texts for abstract in texts for name in texts for wish in texts
    ]  # fmt: skip
    return frozenset().union(*map(alive, made))


@pytest.mark.parametrize("manner", _MANNERS)
@given(title=ANY_TEXT, abstract=ANY_TEXT, name=ANY_TEXT, wish=ANY_TEXT)
@example(HOSTILE[9], HOSTILE[5], HOSTILE[6], HOSTILE[2])
@example(HOSTILE[2], HOSTILE[10], HOSTILE[1], HOSTILE[7])
@example(HOSTILE[3], HOSTILE[1], HOSTILE[0], HOSTILE[4])
def test_a_digest_says_exactly_what_was_given(manner, title, abstract, name, wish):
    mail = digest_of(title, abstract, name, wish, _MANNERS[manner])
    page, text = list(elements(tree(mail.html))), unwrapped(mail.text)
    headline = clip(clean(title), TITLE_LENGTH) or "Untitled"
    assert {text_of(each).strip("\n") for each in page if each.name == "h3"} == {headline}
    assert text.count(headline) >= 3
    (told,) = (text_of(each) for each in page if each.name == "li")
    assert told == f"{headline}: version 2"
    shown = clip(clean(name), _NAME)
    by = [text_of(each) for each in page if each.name in {"p", "span"}]
    assert any(line.startswith(shown) for line in by)
    assert shown in text
    if manner == "full":
        assert clean(abstract) in classed(page, "s", "p") or not clean(abstract)
        assert clean(abstract) in text
    if manner in {"short", "full"}:
        said = clip(clean(wish), _WISH)
        assert said in {text_of(each) for each in page if each.name == "b"} or not said
        assert said in text
    assert alive(mail) <= harmless(manner)
    hrefs = [each.attrs["href"] for each in page if "href" in each.attrs]
    assert all(re.fullmatch(r"https://[^\s<>\"]+", href) for href in hrefs)


@given(ANY_TEXT, ANY_TEXT)
@example(HOSTILE[4], HOSTILE[7])
def test_a_subject_says_what_was_given(wish, title):
    mail = digest_of(title, "", "", wish, Manner())
    subject = str(mail.message["Subject"])
    assert len(subject) <= SUBJECT_LENGTH
    short = clip(clean(wish), 20).removesuffix("…").split()
    assert not short or short[0][:15] in subject
    assert mail.message.keys() == digest_of("x", "", "", "x", Manner()).message.keys()


@pytest.mark.parametrize("kind", NoticeKind)
@given(wish=ANY_TEXT)
@example(HOSTILE[5])
@example(HOSTILE[9])
def test_a_notice_says_exactly_what_was_given(kind, wish):
    mail = notice_of(kind, wish)
    shown = clip(clean(wish), _WISH)
    listed = [text_of(e) for e in elements(tree(mail.html)) if e.name == "li"]
    if kind in {NoticeKind.CONFIRM, NoticeKind.WELCOME}:
        assert listed == (["maps", shown] if shown else ["maps"])
        assert not shown or f"\n- {shown}\n" in mail.text
    else:
        assert not listed
    assert alive(mail) <= alive(notice_of(kind, "plain words"))
    assert mail.message.keys() == notice_of(kind, "plain words").message.keys()


def notice_of(kind: NoticeKind, wish: str) -> Mail:
    """A notice to somebody who wants maps, and this."""
    return read("notice", renderer().notice(kind, notice(wishes=("maps", wish))).data)


def test_a_quiet_mail_holds_nothing_from_outside():
    mail = renderer().digest_preview(letter(digest=Digest((), 0, quiet_days=3)))
    assert "For 3 days" in mail.text


@pytest.mark.parametrize(
    ("many", "weekly", "said"),
    [(1, False, "1 day"), (3, False, "3 days"), (1, True, "1 week"), (7, True, "7 weeks")],
)
def test_a_quiet_time_is_told_in_the_readers_measure(many, weekly, said):
    quiet = Digest((), 0, quiet_days=many)
    mail = renderer().digest_preview(letter(digest=quiet, manner=Manner(weekly=weekly)))
    assert mail.subject == f"Nothing new for you in {said}"
    for part in (mail.text, mail.html):
        assert f"For {said} no new paper" in part
