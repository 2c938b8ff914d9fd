"""Papers that somebody pastes to say what they like: ids, addresses, titles, or an export of a reference
manager (BibTeX, RIS, CSL-JSON, CSV). Pure and bounded; what is stored of them is another's to say.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import rispy
from bibtexparser.entrypoint import parse_string

from subscribers.errors import ProfileError
from subscribers.language import gettext as _
from subscribers.profile import Interest, Kind, parse_wish

LONGEST = 200_000
MOST_SEEDS = 100
_MOST_READ = 5_000
_LONGEST_TITLE = 300

_BIBTEX = re.compile(r"^[^\S\n]*@\s*\w+\s*[{(]", re.MULTILINE)
_RIS = re.compile(r"^TY {2}-", re.MULTILINE)
_ORCID = re.compile(r"(?:https?://orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dX])/?", re.IGNORECASE)
_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?(10\.\d{4,9}/\S+)", re.IGNORECASE)
_ARXIV_DOI = re.compile(r"10\.48550/arxiv\.(.+)", re.IGNORECASE)
_NO_TEXT = re.compile("[\0\ufeff\ud800-\udfff]")  # no database takes these, but for the second
_BRACES = re.compile(r"[{}]|\\[a-zA-Z]+\s*|\\.")
_NAME_PART = re.compile(r"[^\W\d_][\w.'\N{RIGHT SINGLE QUOTATION MARK}-]*")
_SMALL_PARTS = frozenset(
    ["van", "von", "de", "der", "den", "del", "di", "da", "la", "le", "el", "al", "bin", "ter"]
)

# What a visitor pastes is nobody's business, least of all the log's.
logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Mention:
    """One paper as it was named. `keys`: canonical ones such as `arxiv:2404.06395` or `doi:10.1000/x`,
    the surest first. `is_line`: a line of free text, which may be a person's name instead.
    """

    keys: tuple[str, ...] = ()
    title: str = ""
    is_line: bool = False

    @property
    def shown(self) -> str:
        """How it is told back."""
        return self.title or (self.keys[0] if self.keys else "")


@dataclass(frozen=True, slots=True)
class Pasted:
    """What a text names. `more`: how many beyond `MOST_SEEDS` were left out."""

    mentions: tuple[Mention, ...] = ()
    authors: tuple[str, ...] = ()
    orcids: tuple[str, ...] = ()
    more: int = 0


def read_seeds(text: str) -> Pasted:
    """What was pasted, in whatever form. Raises ProfileError, field `seeds`, for too much of it, or for
    an export that cannot be read.
    """
    if len(text) > LONGEST:
        message = _("This is more than we can read; please paste at most {count} papers.")
        raise ProfileError("seeds", message.format(count=MOST_SEEDS))
    text = _NO_TEXT.sub("", text).strip()
    if not text:
        return Pasted()
    if _BIBTEX.search(text):
        return _bounded(map(_of_fields, _bibtex(text)))
    if _RIS.search(text):
        return _bounded(map(_of_fields, _ris(text)))
    if text[0] in "[{":
        return _bounded(map(_of_fields, _csl(text)))
    rows = _table(text)
    return _bounded(map(_of_fields, rows)) if rows else _lines(text)


def looks_like_a_name(line: str) -> bool:
    """Whether a line could be a person's name: two to four words, all of them with capitals."""
    words = line.replace(",", " ").split()
    if not 2 <= len(words) <= 4 or not all(_NAME_PART.fullmatch(word) for word in words):
        return False
    return all(word[0].isupper() or word.casefold() in _SMALL_PARTS for word in words)


def _lines(text: str) -> Pasted:
    mentions: list[Mention] = []
    authors: list[str] = []
    orcids: list[str] = []
    for line in filter(None, (" ".join(line.split()) for line in text.splitlines())):
        if found := _ORCID.fullmatch(line):
            orcids.append(found[1].upper())
        elif line.casefold().startswith("author:"):
            authors.append(line[7:].strip(' "')[:_LONGEST_TITLE])
        elif key := _key(line):
            mentions.append(Mention((key,)))
        else:
            mentions.append(Mention((), line[:_LONGEST_TITLE], is_line=True))
    found_mentions = _bounded(mentions)
    return Pasted(
        found_mentions.mentions,
        tuple(dict.fromkeys(filter(None, authors)))[:MOST_SEEDS],
        tuple(dict.fromkeys(orcids))[:MOST_SEEDS],
        found_mentions.more,
    )


def _bounded(mentions: Iterable[Mention]) -> Pasted:
    read = islice(mentions, _MOST_READ)
    distinct = list(dict.fromkeys(each for each in read if each.keys or each.title))
    return Pasted(tuple(distinct[:MOST_SEEDS]), more=max(0, len(distinct) - MOST_SEEDS))


def _key(text: str) -> str | None:
    """The canonical key that an id or an address stands for."""
    text = text.strip().rstrip(".,;")
    if doi := _DOI.fullmatch(text):
        number = doi[1].lower()
        on_arxiv = _ARXIV_DOI.fullmatch(number)
        if on_arxiv is None:
            return f"doi:{number}"[:_LONGEST_TITLE]
        text = on_arxiv[1]
    try:
        wish = parse_wish(text)
    except ProfileError:
        return None
    return wish.text if wish == Interest(Kind.SEED, wish.text) else None


def _of_fields(fields: Mapping[str, str]) -> Mention:
    """A paper by the fields of an export, whose names are in small letters."""
    keys: list[str] = []
    for name in (
        "eprint",
        "arxivid",
        "archive_location",
        "doi",
        "url",
        "number",
        "publication",
        "note",
    ):
        value = fields.get(name, "")[:_LONGEST_TITLE]
        places = [value, *value.split()] if name in {"number", "publication", "note"} else [value]
        if name == "eprint" and fields.get("archiveprefix", "arxiv").casefold() != "arxiv":
            continue
        # A journal's number is no id; where arXiv stands in its place, it says so.
        if name in {"number", "publication", "note"} and "arxiv" not in value.casefold():
            continue
        keys += [key for place in places if (key := _key(_bare(place)))]
    title = _plain(fields.get("title") or fields.get("primary_title") or "")
    return Mention(tuple(dict.fromkeys(keys)), title)


def _bare(value: str) -> str:
    """`arXiv:2404.06395 [cs.CL]` and `arXiv preprint arXiv:2404.06395` without what stands around."""
    return re.sub(r"\s*\[[\w.-]+\]\s*\Z|\A\s*arxiv preprint\s+", "", value, flags=re.IGNORECASE)


def _plain(title: str) -> str:
    return " ".join(_BRACES.sub("", title).split())[:_LONGEST_TITLE]


def _bibtex(text: str) -> Iterator[dict[str, str]]:
    library = parse_string(text)
    if not library.entries:
        raise _unreadable("BibTeX")
    for entry in library.entries:
        yield {name.casefold(): str(field.value) for name, field in entry.fields_dict.items()}


def _ris(text: str) -> Iterator[dict[str, str]]:
    try:
        # An export that was cut off in its last entry tells all the others.
        found = rispy.loads(text if text.rstrip().endswith("ER  -") else f"{text}\nER  - \n")
    except (OSError, ValueError, KeyError, IndexError):
        raise _unreadable("RIS") from None
    if not found:
        raise _unreadable("RIS")
    for entry in found:
        fields = _texts(entry)
        fields.setdefault("url", str(next(iter(entry.get("urls") or ()), "")))
        yield fields


def _csl(text: str) -> Iterator[dict[str, str]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise _unreadable("CSL-JSON") from None
    entries = found if isinstance(found, list) else found.get("items", [found])
    if not isinstance(entries, list):
        raise _unreadable("CSL-JSON")
    for entry in entries:
        if isinstance(entry, dict):
            yield _texts(entry)


def _table(text: str) -> list[dict[str, str]]:
    """The rows of a CSV with a column of titles (Google Scholar's, Zotero's), [] if it is none."""
    head, _break, rest = text.partition("\n")
    try:
        names = [name.strip().casefold() for name in next(csv.reader([head]), [])]
        if "title" not in names or len(names) < 2 or not rest.strip():
            return []
        return [
            dict(zip(names, row, strict=False)) for row in csv.reader(io.StringIO(rest, newline=""))
        ]
    except csv.Error:
        raise _unreadable("CSV") from None


def _texts(entry: Mapping[Any, Any]) -> dict[str, str]:
    # What JSON writes as \u0000 or \ud800 comes to light after the text itself was rid of it.
    return {str(k).casefold(): _NO_TEXT.sub("", v) for k, v in entry.items() if isinstance(v, str)}


def _unreadable(kind: str) -> ProfileError:
    message = _("This looks like {kind}, but we cannot read it.")
    return ProfileError("seeds", message.format(kind=kind))
