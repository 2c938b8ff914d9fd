"""The pieces that many mails share: papers' cards, headings and reasons, each encoded once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cache, cached_property, lru_cache, partial
from typing import Any, NamedTuple, TypeVar, cast
from urllib.parse import urlsplit

from newsletter.model import Entry, Evidence, Section
from newsletter.render import origin, wording
from newsletter.render.addresses import paper_path
from newsletter.render.mime import NOTHING, Mold, Piece, encode_piece, joined, mold_of
from newsletter.render.molds import Molds
from newsletter.render.plain import clean, clip, web_url
from newsletter.render.templates import MailTemplate
from newsletter.summarise.choose import summary_of
from subscribers.language import gettext as _
from subscribers.language import spoken, tag

TITLE_LENGTH = 300
# An edition has some hundreds of papers; the bound is for a process that lives for months.
_KEPT_PIECES = 16_000
_TWO_DIGITS = 12
# What is behind a label of so many digits, up to the fifth column, as `mime` encodes it.
_FILLS = {1: b" =20", 2: b" "}
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

    Texts are numbered, for their links stand behind all of them.
    """

    def __init__(
        self,
        template: MailTemplate,
        base_url: str,
        entry: Entry,
        followed: frozenset[str],
        style: Style,
    ) -> None:
        self._template = template
        self._part = "line" if style.line else "card"
        self._words = _card_words(entry, followed, style)
        related = (_("Related"), f"{base_url}{paper_path(entry.key)}")
        self._links = links_of(entry)[:1] if style.line else [*links_of(entry), related]
        self.html = encode_piece("", template.render_html(self._part, self._words))
        """The paper in the HTML part, but for why it is there and where it can be read."""
        self.links = NOTHING
        """Where it can be read, and what is related, in the HTML part; of a line, its title is the link."""
        if not style.line:
            self.links = encode_piece("", template.render_html("links", {"links": self._links}))

    @cached_property
    def text(self) -> Numbered:
        """The paper in the text part."""
        return Numbered(partial(self._text, self._part, self._words))

    @cached_property
    def note(self) -> Numbered:
        """What tells, below the same number, where it can be read."""
        return Numbered(partial(self._text, "links", {"links": self._links}))

    def _text(self, part: str, words: dict[str, Any], number: int) -> bytes:
        return encode_piece(self._template.render_text(part, {**words, "number": number}), "").text


class Numbered:
    """A piece of the text part under any number, made once where the number is but its label, `[7]`, in
    front: then the blanks behind take up its width. Long words may break elsewhere, and a template of an
    operator's may put the number anywhere; such a piece is made for each.
    """

    def __init__(self, make: Callable[[int], bytes]) -> None:
        self._make = cache(make)
        self._head, _, rest = self._make(1).partition(b"[1]")
        self._fill = _FILLS if rest.startswith(_FILLS[1]) else {}
        self._rest = rest.removeprefix(_FILLS[1]) if self._fill else rest
        self._is_label = self._under(_TWO_DIGITS) == self._make(_TWO_DIGITS)

    def under(self, number: int) -> bytes:
        """The piece under this number, from 1."""
        return self._under(number) if self._is_label else self._make(number)

    def _under(self, number: int) -> bytes:
        digits = b"%d" % number
        return b"%b[%b]%b%b" % (self._head, digits, self._fill.get(len(digits), b""), self._rest)


class Told:
    """A card with why the paper is there and the links to vote on it: all that a pick puts into a mail.

    Gaps are left for the tokens of the votes, where there are any.
    """

    def __init__(self, card: Card, why: Piece, votes: Mold) -> None:
        self._card = card
        self._why = why
        self._votes = votes.text
        fixed = mold_of(joined((card.html, why, card.links)))
        self.html = fixed.html + votes.html
        self.html_size = fixed.html_size + votes.html_size
        """Octets of the HTML as a client sees it, without the tokens."""
        self.tokens = len(votes.gaps)
        """How many gaps there are in the HTML."""

    def texts(self, number: int) -> tuple[bytes, bytes]:
        """The paper in the text part under this number, and the note, with gaps for the tokens."""
        note = self._card.note.under(number).replace(b"%", b"%%") + self._votes
        return self._card.text.under(number) + self._why.text, note


class Cards:
    """Renders and encodes each shared piece of a digest once, and keeps it for later mails."""

    def __init__(self, template: MailTemplate, molds: Molds, base_url: str) -> None:
        self._template = template
        self._base_url = base_url
        self._votes = {
            (line, votes): molds.votes("linevotes" if line else "votes", offered=votes)
            for line in (False, True)
            for votes in (False, True)
        }
        self._pieces: dict[Hashable, tuple[object, Any]] = {}

    def opening(self, title: str) -> Piece:
        """The document's head, with all its style sheets: the same for all readers of a day."""
        return self._kept(
            ("open", title), "open", lambda: {"subject": title, "language": tag(spoken())}
        )

    def told(
        self, entry: Entry, evidence: tuple[Evidence, ...], style: Style, *, votes: bool
    ) -> Told:
        """A paper with why it is there, which of a line is not told; and with links to vote, if wanted."""
        key = (entry.id, evidence, style, votes)
        kept = self._pieces.get(key)
        if kept is not None and kept[0] is entry:  # as `_made`, where each mail looks ten times
            return cast("Told", kept[1])
        return self._made(key, entry, lambda: self._told(entry, evidence, style, votes))

    def _told(
        self, entry: Entry, evidence: tuple[Evidence, ...], style: Style, votes: bool
    ) -> Told:
        followed = wording.followed_authors(evidence)
        card = self._made(
            ("card", entry.id, followed, style),
            entry,
            lambda: Card(self._template, self._base_url, entry, followed, style),
        )
        why = NOTHING
        if evidence and not style.line:
            why = self._kept(
                ("why", evidence), "why", lambda: {"reasons": wording.reasons(evidence)}
            )
        return Told(card, why, self._votes[style.line, votes])

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
    """A title as mails and pages show it."""
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
