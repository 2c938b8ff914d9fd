"""What the specimens of mails are about: the sample papers, and what a mail must survive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from newsletter.collect.samples import listed_of, records
from newsletter.model import Change, Entry, Heard, Listed

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
CHANGES = (
    Change(
        title="A proof that the authors took back",
        url="https://papers.example/withdrawn",
        withdrawn=True,
    ),
    Change(
        title="Small models that plan ahead",
        url="https://papers.example/revised",
        version=3,
        changed=("title", "abstract"),
    ),
    Change(title="نماذج صغيرة", url="https://papers.example/arabic", version=2),
)

HEARD = Heard(
    more="Small models that plan ahead",
    more_others=2,
    less="نماذج صغيرة",
    near=3,
)


def papers(now: datetime) -> list[Entry]:
    """The sample papers as if they had come in today."""
    return _entries([listed_of(record, now.date()) for record in records()], now)


def awkward(now: datetime) -> list[Entry]:
    """Papers with the awkward texts."""
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
            sources=("feed",),
        )
        for number, (title, abstract, authors) in enumerate(_AWKWARD, start=1)
    ]


def _entries(papers: Sequence[Listed], now: datetime) -> list[Entry]:
    return [
        Entry(
            id=number,
            key=paper.keys[0],
            title=paper.title,
            abstract=paper.abstract,
            authors=paper.authors,
            categories=paper.categories or ("cs.CL",),
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
            points=7 * number if number % 4 == 0 else 0,
            sources=("arxiv-rss", "hf-daily"),
        )
        for number, paper in enumerate(papers, start=1)
    ]
