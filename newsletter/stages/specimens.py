"""Every mail in every state, made of the sample papers: for looking at, and for tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from newsletter.collect.samples import listed_of, records
from newsletter.compose import CANDIDATES_PER_PLACE
from newsletter.match.features import day_features
from newsletter.match.readers import Reader, learn_readers
from newsletter.match.score import match_block
from newsletter.model import Digest, Entry, Listed, Message, Skip
from newsletter.render import MailRenderer, NoticeKind, NoticeLetter
from newsletter.stages.choosing import digest_of
from newsletter.stages.letters import DigestLetters, Links, Person
from subscribers.profile import Interest, parse_profile, wish_text

_WISHES = '"speculative decoding"\nKV cache compression\nvideo diffusion\nauthor:Jiaya Jia\n-survey'
_BROAD = "language models\ndiffusion\nrobots\nproteins\ngames\nagents"
_READER = Person(1, "reader@example.org", 1)

# Texts that a mail must survive: long, empty, foreign, mathematical, hostile.
_AWKWARD = (
    ("Un" + "breakably" * 12 + "LongTitle", "A name that no line holds.", 3),
    ("Six hundred authors, one idea", "Everybody had a hand in it.", 600),
    ("A title without an abstract", "", 1),
    (r"On $O(n \log n)$ sorting and $\nabla f(x) \le \epsilon$", "We bound $f$ by $2^{-n}$.", 2),
    ("نماذج لغوية صغيرة للأجهزة المحمولة", "نموذج صغير يعمل على الهاتف.", 2),
    ("小型语言模型的推理能力", "小模型也能推理。", 2),
    ("<script>alert(1)</script> & {{ 7*7 }} {% raw %}", "Text from outside is only text.", 2),
)  # fmt: skip


def specimens(renderer: MailRenderer, links: Links, now: datetime) -> Iterator[tuple[str, Message]]:
    """(name, message) for each kind of mail and each state worth a look."""
    papers = _entries([listed_of(record, now.date()) for record in records()], now)
    letters = DigestLetters(renderer, links)
    wishes, broad = parse_profile(_WISHES).interests, parse_profile(_BROAD).interests
    odd = _awkward(now)
    states: list[tuple[str, Sequence[Entry], tuple[Interest, ...], int, str | None]] = [
        ("digest", papers, wishes, 10, None),
        ("digest-one-paper", papers, wishes, 1, None),
        ("digest-forty-papers", papers, broad, 40, None),
        ("digest-no-wishes", papers, (), 8, None),
        ("digest-incomplete", papers, wishes, 5, "Not everything is in yet."),
        ("digest-awkward", odd, (), len(odd), None),
    ]
    for row_id, (name, entries, interests, places, note) in enumerate(states, start=1):
        digest = _digest(entries, interests, places)
        known = {entry.id: entry for entry in entries}
        letter = letters.letter(
            _READER, digest, known, day=now.date(), planned_at=now, row_id=row_id, note=note
        )
        yield name, renderer.digest(letter)
    for kind in NoticeKind:
        yield kind.value, renderer.notice(kind, _notice(links, kind, wishes, now))


def _digest(entries: Sequence[Entry], interests: tuple[Interest, ...], places: int) -> Digest:
    day = day_features(entries)
    reader = Reader(interests)
    profiles = learn_readers(day.space, [reader], {})
    (found,) = match_block(day, [reader], profiles, CANDIDATES_PER_PLACE * places, {})
    digest = digest_of(day, reader, found, {}, places=places)
    assert not isinstance(digest, Skip)
    return digest


def _entries(papers: Sequence[Listed], now: datetime) -> list[Entry]:
    return [
        Entry(
            id=number,
            key=paper.keys[0],
            title=paper.title,
            abstract=paper.abstract,
            authors=paper.authors,
            categories=paper.categories,
            url=paper.url,
            pdf_url=paper.pdf_url,
            code_url=paper.code_url,
            published_at=paper.published_at,
            first_seen_at=now,
            first_listed_on=now.date(),
            organisation=paper.organisation,
            tldr=paper.tldr,
            votes=paper.votes or 0,
            comments=paper.comments or 0,
        )
        for number, paper in enumerate(papers, start=1)
    ]


def _awkward(now: datetime) -> list[Entry]:
    first = _entries([listed_of(records()[0], now.date())], now)[0]
    return [
        replace(
            first,
            id=number,
            key=f"url:https://papers.example/{number}",
            title=title,
            abstract=abstract,
            authors=tuple(f"Author Number{n}" for n in range(1, authors + 1)),
            url=f"https://papers.example/{number}",
        )
        for number, (title, abstract, authors) in enumerate(_AWKWARD, start=1)
    ]


def _notice(
    links: Links, kind: NoticeKind, wishes: Sequence[Interest], now: datetime
) -> NoticeLetter:
    return NoticeLetter(
        notice_id=1,
        message_id=links.message_id(kind.value, 1, _READER.id),
        sent_at=now,
        email=_READER.email,
        link=f"{links.base_url}/{kind.value}/a-specimen",
        expires_at=now + timedelta(days=3),
        wishes=tuple(wish_text(wish) for wish in wishes),
    )
