"""The pieces that many mails share: papers' cards, headings and reasons, each encoded once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from newsletter.model import Entry, Evidence, Section
from newsletter.render import origin, wording
from newsletter.render.mime import Piece, encode_piece, html_piece, text_piece
from newsletter.render.plain import clean, clip, web_url
from newsletter.render.templates import MailTemplate
from newsletter.summarise.choose import summary_of

TITLE_LENGTH = 300
# An edition has some hundreds of papers; the bound is for a process that lives for months.
_KEPT_PIECES = 16_000


class Style(NamedTuple):
    """How a paper is shown: as one line, or as a card with at most `limit` characters of summary, or
    with its whole abstract.
    """

    line: bool = False
    whole: bool = False
    limit: int = 0


class Cards:
    """Renders and encodes each shared piece of a digest once, and keeps it for later mails.

    Texts are numbered, for their links stand behind all of them; so a text is kept for each place that
    a paper had in a mail, its HTML once.
    """

    def __init__(self, template: MailTemplate) -> None:
        self._template = template
        self._pieces: dict[Hashable, tuple[object, Piece]] = {}

    def opening(self, title: str) -> Piece:
        """The document's head, with all its style sheets: the same for all readers of a day."""
        return self._kept(("open", title), None, "open", lambda: {"subject": title})

    def html(self, entry: Entry, followed: frozenset[str], style: Style) -> Piece:
        """A paper in the HTML part. The `followed` among its authors are shown and set in bold."""
        key = ("html", entry.id, followed, style)
        part = "line" if style.line else "card"
        return self._made(key, entry, lambda: html_piece(self._html(part, entry, followed, style)))

    def text(self, number: int, entry: Entry, followed: frozenset[str], style: Style) -> Piece:
        """A paper in the text part, with its number."""

        def made() -> Piece:
            words = {**_card_words(entry, followed, style), "number": number}
            return text_piece(self._template.render_text("line" if style.line else "card", words))

        return self._made(("text", number, entry.id, followed, style), entry, made)

    def links(self, entry: Entry) -> Piece:
        """Where a paper can be read, in the HTML part."""

        def made() -> Piece:
            return html_piece(self._template.render_html("links", {"links": links_of(entry)}))

        return self._made(("links", entry.id), entry, made)

    def footnote(self, number: int, entry: Entry, *, line: bool) -> Piece:
        """Where a paper can be read, in the text part; of one shown as a `line`, its own page alone."""

        def made() -> Piece:
            words = {"links": links_of(entry)[: 1 if line else None], "number": number}
            return text_piece(self._template.render_text("links", words))

        return self._made(("footnote", number, entry.id, line), entry, made)

    def why(self, evidence: tuple[Evidence, ...]) -> Piece:
        """Why a paper is there, the only personal part of its card."""
        return self._kept(
            ("why", evidence), None, "why", lambda: {"reasons": wording.reasons(evidence)}
        )

    def heading(self, section: Section | None, group: str, note: str, *, weekly: bool) -> Piece:
        """The line above papers: the section, where it begins, and the wish they answer where there
        are several.
        """
        name = wording.section_name(section, weekly=weekly) if section else ""
        words = {"section": name, "group": group, "note": note}
        return self._kept(("heading", name, group, note), None, "heading", lambda: words)

    def links_heading(self) -> Piece:
        """What stands above the footnotes of the text part."""
        return self._made(
            "linksof", None, lambda: text_piece(self._template.render_text("linksof", {}))
        )

    def _html(self, part: str, entry: Entry, followed: frozenset[str], style: Style) -> str:
        return self._template.render_html(part, _card_words(entry, followed, style))

    def _kept(
        self, key: Hashable, basis: object, part: str, context: Callable[[], dict[str, Any]]
    ) -> Piece:
        return self._made(key, basis, lambda: encode_piece(*self._template.render(part, context())))

    def _made(self, key: Hashable, basis: object, make: Callable[[], Piece]) -> Piece:
        kept = self._pieces.get(key)
        # An entry that changed since (a vote, a new version) is rendered anew.
        if kept is not None and (kept[0] is basis or kept[0] == basis):
            return kept[1]
        if len(self._pieces) >= _KEPT_PIECES:
            self._pieces.clear()
        piece = make()
        self._pieces[key] = (basis, piece)
        return piece


def _card_words(entry: Entry, followed: frozenset[str], style: Style) -> dict[str, Any]:
    authors, more = wording.byline(entry, followed, few=style.line)
    told = summary_of(entry, style.limit) if style.limit and not style.whole else None
    shown = entry.abstract if style.whole else told.text if told else ""
    return {
        "title": clip(clean(entry.title), TITLE_LENGTH) or "Untitled",
        "url": web_url(entry.url),
        "authors": authors,
        "more_authors": more,
        "facts": [clip(fact, 80) for fact in origin.facts(entry, few=style.line) if fact],
        "summary_label": wording.summary_label(told) if told else "",
        "summary": clean(shown),
    }


def links_of(entry: Entry) -> list[tuple[str, str]]:
    """(name, address) of each place where a paper can be read, the first its own."""
    url = web_url(entry.url)
    first = "Abstract" if (urlsplit(url).hostname or "").endswith("arxiv.org") else "Read"
    offered = ((first, url), ("PDF", web_url(entry.pdf_url)), ("Code", web_url(entry.code_url)))
    return [(name, address) for name, address in offered if address]
