"""The pieces that many mails share: papers' cards, headings and reasons, each encoded once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar, cast
from urllib.parse import urlsplit

from newsletter.model import Entry, Evidence, Section
from newsletter.render import origin, wording
from newsletter.render.mime import NOTHING, Piece, encode_piece
from newsletter.render.plain import clean, clip, web_url
from newsletter.render.templates import MailTemplate
from newsletter.summarise.choose import summary_of
from subscribers.language import gettext as _
from subscribers.language import spoken, tag

TITLE_LENGTH = 300
# An edition has some hundreds of papers; the bound is for a process that lives for months.
_KEPT_PIECES = 16_000
_T = TypeVar("_T")


class Style(NamedTuple):
    """How a paper is shown: as one line, or as a card with at most `limit` characters of summary, or
    with its whole abstract.
    """

    line: bool = False
    whole: bool = False
    limit: int = 0


class Card:
    """A paper in one style, for every mail that holds it. The `followed` among its authors are shown
    and set in bold.

    Texts are numbered, for their links stand behind all of them; so there is a text for each place that
    the paper had in a mail.
    """

    def __init__(
        self, template: MailTemplate, entry: Entry, followed: frozenset[str], style: Style
    ) -> None:
        self._template = template
        self._part = "line" if style.line else "card"
        self._words = _card_words(entry, followed, style)
        self._links = links_of(entry)
        self._texts: dict[int, tuple[Piece, Piece]] = {}
        self.html = encode_piece("", template.render_html(self._part, self._words))
        """The paper in the HTML part, but for why it is there and where it can be read."""
        self.links = NOTHING
        """Where it can be read, in the HTML part; of a line, its title is the link."""
        if style.line:
            del self._links[1:]
        else:
            self.links = encode_piece("", template.render_html("links", {"links": self._links}))
        self.html_size = self.html.html_size + self.links.html_size

    def texts(self, number: int) -> tuple[Piece, Piece]:
        """The paper in the text part under this number, and the note that tells where it can be read."""
        if number not in self._texts:
            self._texts[number] = (
                self._text(self._part, {**self._words, "number": number}),
                self._text("links", {"links": self._links, "number": number}),
            )
        return self._texts[number]

    def _text(self, part: str, words: dict[str, Any]) -> Piece:
        return encode_piece(self._template.render_text(part, words), "")


class Cards:
    """Renders and encodes each shared piece of a digest once, and keeps it for later mails."""

    def __init__(self, template: MailTemplate) -> None:
        self._template = template
        self._pieces: dict[Hashable, tuple[object, Any]] = {}

    def opening(self, title: str) -> Piece:
        """The document's head, with all its style sheets: the same for all readers of a day."""
        return self._kept(
            ("open", title), "open", lambda: {"subject": title, "language": tag(spoken())}
        )

    def paper(
        self, entry: Entry, evidence: tuple[Evidence, ...], style: Style
    ) -> tuple[Card, Piece]:
        """A paper's card, and why it is there; of a line that is not told."""
        key = (entry.id, evidence, style)
        return self._made(key, entry, lambda: self._paper(entry, evidence, style))

    def _paper(
        self, entry: Entry, evidence: tuple[Evidence, ...], style: Style
    ) -> tuple[Card, Piece]:
        followed = wording.followed_authors(evidence)
        card = self._made(
            ("card", entry.id, followed, style),
            entry,
            lambda: Card(self._template, entry, followed, style),
        )
        if style.line or not evidence:
            return card, NOTHING
        why = self._kept(("why", evidence), "why", lambda: {"reasons": wording.reasons(evidence)})
        return card, why

    def heading(self, section: Section | None, group: str, note: str, *, weekly: bool) -> Piece:
        """The line above papers: the section, where it begins, and the wish they answer where there
        are several.
        """

        def words() -> dict[str, Any]:
            name = wording.section_name(section, weekly=weekly) if section else ""
            return {"section": name, "group": group, "note": note}

        return self._kept(("heading", section, group, note, weekly), "heading", words)

    def links_heading(self) -> Piece:
        """What stands above the footnotes of the text part."""
        return self._kept("linksof", "linksof", dict)

    def _kept(self, key: Hashable, part: str, context: Callable[[], dict[str, Any]]) -> Piece:
        return self._made(key, None, lambda: encode_piece(*self._template.render(part, context())))

    def _made(self, key: Hashable, basis: object, make: Callable[[], _T]) -> _T:
        kept = self._pieces.get(key)
        # An entry that changed since (a vote, a new version) is rendered anew.
        if kept is not None and (kept[0] is basis or kept[0] == basis):
            return cast("_T", kept[1])
        if len(self._pieces) >= _KEPT_PIECES:
            self._pieces.clear()
        made = make()
        self._pieces[key] = (basis, made)
        return made


def shown_title(title: str) -> str:
    """A title as mails show it."""
    return _cleaned(title) or _("Untitled")


@lru_cache(maxsize=4096)
def _cleaned(title: str) -> str:
    return clip(clean(title), TITLE_LENGTH)


def _card_words(entry: Entry, followed: frozenset[str], style: Style) -> dict[str, Any]:
    authors, more = wording.byline(entry, followed, few=style.line)
    told = summary_of(entry, style.limit) if style.limit and not style.whole else None
    shown = entry.abstract if style.whole else told.text if told else ""
    return {
        "title": shown_title(entry.title),
        "url": web_url(entry.url),
        "authors": authors,
        "more_authors": more,
        "facts": [clip(fact, 80) for fact in origin.facts(entry, few=style.line) if fact],
        "credit": wording.summary_credit(told) if told else "",
        "summary": clean(shown),
    }


def links_of(entry: Entry) -> list[tuple[str, str]]:
    """(name, address) of each place where a paper can be read, the first its own."""
    url = web_url(entry.url)
    is_abstract = (urlsplit(url).hostname or "").endswith("arxiv.org")
    first = _("Abstract") if is_abstract else _("Read")
    pdf, code = web_url(entry.pdf_url), web_url(entry.code_url)
    offered = ((first, url), (_("PDF"), pdf), (_("Code"), code))
    return [(name, address) for name, address in offered if address]
