"""A paper as a BibTeX record. Pure."""

from __future__ import annotations

import re
import unicodedata

from newsletter.model import Entry
from newsletter.render.plain import clean, web_url

_SPECIAL = re.compile(r"[&%#_~^\\]")
_ESCAPED = {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}"}
_MATHS = re.compile(r"(\$[^$]*\$)")
_MOST_AUTHORS = 100
_SMALL_WORDS = frozenset({"a", "an", "the", "on", "of", "for", "in", "to", "towards"})


def bibtex(entry: Entry, address: str) -> str:
    """The record of a paper; `address`: where it can be read, if its own is not known."""
    kind, _, name = entry.key.partition(":")
    day = entry.published_at.date() if entry.published_at else entry.first_listed_on
    authors = [_author(name) for name in entry.authors[:_MOST_AUTHORS]]
    if len(entry.authors) > _MOST_AUTHORS:
        authors.append("others")  # BibTeX's own word for "et al."
    fields = [
        ("title", f"{{{_text(entry.title)}}}"),
        ("author", " and ".join(authors)),
        ("year", str(day.year)),
        ("month", f"{day:%b}".lower()),
    ]
    if kind == "arxiv":
        first = entry.categories[0] if entry.categories else ""
        fields += [("eprint", name), ("archivePrefix", "arXiv"), ("primaryClass", _text(first))]
    if kind == "doi":
        fields.append(("doi", _bare(name)))
    fields.append(("url", _bare(web_url(entry.url) or address)))
    # A month's name is a word of BibTeX's own, without braces.
    lines = [
        f"  {name} = {value if name == 'month' else f'{{{value}}}'}"
        for name, value in fields
        if value and value != "{}"
    ]
    return f"@misc{{{_label(entry, day.year)},\n" + ",\n".join(lines) + "\n}\n"


def _label(entry: Entry, year: int) -> str:
    """`lovelace2026weaving`."""
    family = _letters(entry.authors[0]).split()[-1:] if entry.authors else []
    words = (word for word in _letters(entry.title).split() if word not in _SMALL_WORDS)
    return "".join([*family, str(year), next(words, "")]) or "paper"


def _letters(text: str) -> str:
    given = unicodedata.normalize("NFKD", text.partition(",")[0])
    plain = given.encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", " ", plain.replace("-", "").replace("'", ""))


def _author(name: str) -> str:
    """A name; one that holds BibTeX's own "and" is kept whole by braces."""
    shown = _text(name)
    return f"{{{shown}}}" if re.search(r"\band\b", shown, re.IGNORECASE) else shown


def _text(text: str) -> str:
    """Text with LaTeX's own characters escaped, maths left as it is, braces in pairs."""
    pieces = _MATHS.split(clean(text))
    pieces[0::2] = [
        _SPECIAL.sub(lambda found: _ESCAPED.get(found[0], f"\\{found[0]}"), piece)
        .replace("{", r"\{")
        .replace("}", r"\}")
        .replace(r"\textasciitilde\{\}", r"\textasciitilde{}")
        .replace(r"\textasciicircum\{\}", r"\textasciicircum{}")
        .replace(r"\textbackslash\{\}", r"\textbackslash{}")
        .replace("$", r"\$")
        for piece in pieces[0::2]
    ]
    shown = "".join(pieces)
    # BibTeX counts braces whether they are escaped or not.
    return shown if _is_balanced(shown) else shown.replace("{", "(").replace("}", ")")


def _bare(text: str) -> str:
    return re.sub(r"[{}\\\s]", "", clean(text))


def _is_balanced(text: str) -> bool:
    depth = 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if depth < 0:
            return False
    return depth == 0
