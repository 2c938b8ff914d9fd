"""Plain text out of what sources give: no markup, no control characters, white space folded."""

from __future__ import annotations

import html
import re
import unicodedata
from html.parser import HTMLParser
from typing import Any

_LONGEST = 200_000  # characters of one field that are looked at; an abstract has about 2,000

# Controls, lone surrogates, and the invisible marks that break words or turn the reading direction.
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u2028-\u202e\u2060-\u2069\ufeff"
    "\ufff9-\uffff\ud800-\udfff]"
)
_SPACE = re.compile(r"[\s\x1c-\x1f\x85]+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SILENT = frozenset({"script", "style", "template", "noscript", "head", "title", "svg", "iframe"})
_INLINE = _words(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q s samp "
    "small span strike strong sub sup time tt u var wbr "
    "italic bold sc monospace roman sans-serif styled-content named-content inline-formula "
    "tex-math alternatives xref ext-link uri math "
    "mi mn mo mrow msub msup msubsup mfrac msqrt mroot mover munder munderover mtext mspace mstyle "
    "mtable mtr mtd semantics annotation mfenced menclose mpadded mphantom mmultiscripts"
)
_BLOCK = _words(
    "address article aside audio base blink blockquote body br button canvas caption center col "
    "colgroup dd details dir div dl dt embed fieldset figcaption figure footer form frame h1 h2 "
    "h3 h4 h5 h6 header hr html img input legend li link main map menu meta nav object ol "
    "disp-formula sec list-item option p param picture pre section select source summary table "
    "tbody td textarea tfoot th "
    "thead tr track ul video"
)
_MARKUP = _SILENT | _INLINE | _BLOCK


def fold(value: Any) -> str:
    r"""The text on one line, in NFC; "" for None and for what is no text.

    >>> fold(" Title\n  over two\x00 lines ")
    'Title over two lines'
    """
    if not isinstance(value, str):
        return ""
    cleaned = _UNWANTED.sub("", _SPACE.sub(" ", value[:_LONGEST]))
    return unicodedata.normalize("NFC", _SPACE.sub(" ", cleaned).strip())


def from_html(value: Any) -> str:
    """The text of a field that is HTML or JATS, on one line.

    Only tags that HTML knows are markup: in `for all <T> in a list`, `<T>` stays text.
    """
    if not isinstance(value, str):
        return ""
    reader = _Reader()
    reader.feed(value[:_LONGEST])
    reader.close()
    return fold("".join(reader.pieces))


def from_escaped(value: Any) -> str:
    """The text of a field that is plain but for entities that were escaped once too often."""
    return fold(html.unescape(value)) if isinstance(value, str) else ""


def counted(number: int, one: str, many: str) -> str:
    """A count with its word: "1 entry", "2 entries"."""
    return f"{number} {one if number == 1 else many}"


def _plain_name(tag: str) -> str:
    return tag.removeprefix("jats:").removeprefix("mml:")


def _is_comparison(name: str, attrs: list[tuple[str, str | None]]) -> bool:
    """Whether a "tag" is the middle of `a<b and c>d`."""
    return len(name) == 1 and bool(attrs) and all(value is None for _, value in attrs)


class _Reader(HTMLParser):
    """Collects the character data; a block's edge becomes a space."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = _plain_name(tag)
        strange = name not in _MARKUP and name == tag and ":" not in tag
        if strange or _is_comparison(name, attrs):
            self._text(self.get_starttag_text() or "")
        elif name in _SILENT and name == tag:  # a JATS title is a heading
            self._silent.append(name)
        elif name not in _INLINE:
            self.pieces.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _SILENT:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        name = _plain_name(tag)
        if name in self._silent:
            del self._silent[self._silent.index(name) :]
        elif name not in _INLINE:
            self.pieces.append(" ")

    def unknown_decl(self, data: str) -> None:
        self._text(data.removeprefix("CDATA["))

    def handle_data(self, data: str) -> None:
        self._text(data)

    def _text(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(data)
