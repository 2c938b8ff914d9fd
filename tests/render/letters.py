"""Letters for the tests of this folder."""

from __future__ import annotations

from datetime import UTC, date, datetime
from html.parser import HTMLParser
from typing import Any

from newsletter.model import Digest, Entry, Evidence, EvidenceKind, Pick, Section
from newsletter.render import DigestLetter, NoticeLetter, Reader, Site
from tests.factories import entry

SENT = datetime(2026, 6, 10, 6, 30, tzinfo=UTC)
SITE = Site(
    name="Paperround",
    base_url="https://papers.example",
    sender="Paperround <digest@papers.example>",
    list_id="paperround.papers.example",
    postal_address="1 Example Street, Springfield",
    contact="help@papers.example",
)
READER = Reader(
    email="ada@example.org",
    preferences_url="https://papers.example/preferences/TOKEN.WITH.PARTS",
    unsubscribe_url="https://papers.example/unsubscribe/TOKEN.WITH.PARTS",
)
DECODING = (Evidence(EvidenceKind.TOPIC, "speculative decoding", "small draft models propose"),)
BY_EMMY = (Evidence(EvidenceKind.AUTHOR, "emmy noether", "Emmy Noether"),)
TRENDING = (Evidence(EvidenceKind.POPULAR, "", "41 votes"),)


def pick(
    number: int,
    evidence: tuple[Evidence, ...] = DECODING,
    section: Section = Section.FOR_YOU,
) -> Pick:
    return Pick(number, section, 1.0, evidence)


def vote_tokens(entry_id: int) -> tuple[str, str]:
    """Tokens as long as real ones."""
    return f"{'M' * 24}.{entry_id:022}", f"{'L' * 24}.{entry_id:022}"


def letter(*entries: Entry, picks: tuple[Pick, ...] = (), **more: Any) -> DigestLetter:
    entries = entries or (entry(1),)
    values: dict[str, Any] = {
        "delivery_id": 7,
        "message_id": "<7.2026-06-10@papers.example>",
        "sent_at": SENT,
        "day": date(2026, 6, 10),
        "reader": READER,
        "digest": Digest(picks or tuple(pick(each.id) for each in entries), considered=412),
        "entries": {each.id: each for each in entries},
        "votes": {each.id: vote_tokens(each.id) for each in entries},
    }
    return DigestLetter(**(values | more))


def notice(**more: Any) -> NoticeLetter:
    values: dict[str, Any] = {
        "notice_id": 3,
        "message_id": "<notice-3@papers.example>",
        "sent_at": SENT,
        "email": "ada@example.org",
        "link": "https://papers.example/confirm/TOKEN.WITH.PARTS",
        "expires_at": datetime(2026, 6, 13, 6, 30, tzinfo=UTC),
        "wishes": ("speculative decoding", "by Emmy Noether"),
    }
    return NoticeLetter(**(values | more))


class Outline(HTMLParser):
    """What is alive in a page (tags, attribute names, link targets), and the text of some tags."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.links: list[str] = []
        self.comments: list[str] = []
        self.text: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, tuple(sorted(name for name, _ in attrs))))
        self.links += [value for name, value in attrs if name in {"href", "src"}]
        if tag in {"h1", "h2", "h3", "title"}:
            self._open.append(tag)
            self.text.setdefault(tag, []).append("")

    def handle_endtag(self, tag):
        if self._open and self._open[-1] == tag:
            self._open.pop()

    def handle_comment(self, data):
        self.comments.append(data)

    def handle_data(self, data):
        if self._open:
            self.text[self._open[-1]][-1] += data
