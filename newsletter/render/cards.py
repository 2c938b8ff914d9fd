"""The pieces that many mails share: papers' cards, headings and reasons, each encoded once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any
from urllib.parse import urlsplit

from newsletter.model import Entry, Evidence, Section
from newsletter.render import wording
from newsletter.render.mime import Piece, encode_piece
from newsletter.render.plain import clean, clip, summary, web_url
from newsletter.render.templates import MailTemplate

TITLE_LENGTH = 300
# An edition has some hundreds of papers; the bound is for a process that lives for months.
_KEPT_PIECES = 8_000


class Cards:
    """Renders and encodes each shared piece of a digest once, and keeps it for later mails."""

    def __init__(self, template: MailTemplate) -> None:
        self._template = template
        self._pieces: dict[Hashable, tuple[object, Piece]] = {}

    def card(self, entry: Entry, followed: frozenset[str], length: int) -> Piece:
        """A paper up to its summary of at most `length` characters (0: none).

        The `followed` among its authors are shown and set in bold.
        """
        return self._kept(
            ("card", entry.id, followed, length),
            entry,
            "card",
            lambda: _card_words(entry, followed, length),
        )

    def links(self, entry: Entry) -> Piece:
        """Where a paper can be read."""
        return self._kept(("links", entry.id), entry, "links", lambda: _links(entry))

    def why(self, evidence: tuple[Evidence, ...]) -> Piece:
        """Why a paper is there, the only personal part of its card."""
        return self._kept(
            ("why", evidence), None, "why", lambda: {"reasons": wording.reasons(evidence)}
        )

    def heading(self, section: Section, group: str) -> Piece:
        """The line above papers: the section, and the wish they answer where there are several."""
        words = {"section": wording.SECTION_NAMES[section], "group": group}
        return self._kept(("heading", section, group), None, "heading", lambda: words)

    def _kept(
        self, key: Hashable, basis: object, part: str, context: Callable[[], dict[str, Any]]
    ) -> Piece:
        kept = self._pieces.get(key)
        # An entry that changed since (a vote, a new version) is rendered anew.
        if kept is not None and (kept[0] is basis or kept[0] == basis):
            return kept[1]
        if len(self._pieces) >= _KEPT_PIECES:
            self._pieces.clear()
        piece = encode_piece(*self._template.render(part, context()))
        self._pieces[key] = (basis, piece)
        return piece


def _card_words(entry: Entry, followed: frozenset[str], length: int) -> dict[str, Any]:
    authors, more = wording.byline(entry, followed)
    facts = [
        clip(clean(entry.organisation or ""), 80),
        wording.short_date(entry.published_at or entry.first_listed_on),
        clean(entry.categories[0])[:40] if entry.categories else "",
        wording.plural(entry.votes, "vote") if entry.votes else "",
        wording.plural(entry.comments, "comment") if entry.comments else "",
    ]
    tldr = clean(entry.tldr or "")
    return {
        "title": clip(clean(entry.title), TITLE_LENGTH) or "Untitled",
        "url": web_url(entry.url),
        "authors": authors,
        "more_authors": more,
        "facts": [fact for fact in facts if fact],
        "is_tldr": bool(tldr),
        "summary": summary(tldr or clean(entry.abstract), limit=length) if length else "",
    }


def _links(entry: Entry) -> dict[str, Any]:
    url = web_url(entry.url)
    first = "Abstract" if (urlsplit(url).hostname or "").endswith("arxiv.org") else "Read"
    offered = ((first, url), ("PDF", web_url(entry.pdf_url)), ("Code", web_url(entry.code_url)))
    return {"links": [(name, address) for name, address in offered if address]}
