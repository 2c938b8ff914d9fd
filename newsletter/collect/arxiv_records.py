"""arXiv's OAI-PMH records in its three formats (arXivRaw, arXiv, oai_dc), as plain facts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from lxml import etree

from newsletter.collect import arxiv, authors, dates
from newsletter.collect.keys import arxiv_id, keys_of
from newsletter.collect.oai import OAI
from newsletter.collect.reading import DC, child_text

_RAW = "{http://arxiv.org/OAI/arXivRaw/}"
_OWN = "{http://arxiv.org/OAI/arXiv/}"
_AND = re.compile(r",?\s+and\s+")
_LETTER = re.compile(r"[^\W\d_]")
_DC_COMMENT = re.compile(r"Comments?:\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One paper's record. `changed_on`: its datestamp, which moves with every change.

    `version`: None where the format does not tell it; `revised`: there is more than the first one.
    """

    identifier: str
    changed_on: date
    keys: tuple[str, ...]
    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    comment: str | None = None
    published_at: datetime | None = None
    version: int | None = None
    revised: bool = False


@dataclass(frozen=True, slots=True)
class Deleted:
    """A record of which only the header is left."""

    key: str


def read_record(element: etree._Element) -> Record | Deleted | str:
    """What a record tells, or what it lacks."""
    header = element.find(f"{OAI}header")
    if header is None:
        return "a header"
    identity = arxiv_id(child_text(header, f"{OAI}identifier") or "")
    changed_on = dates.day(child_text(header, f"{OAI}datestamp"))
    if identity is None:
        return "an arXiv id"
    if header.get("status") == "deleted":
        return Deleted(f"arxiv:{identity[0]}")
    metadata = element.find(f"{OAI}metadata")
    body = next(iter(metadata.iterchildren("*")), None) if metadata is not None else None
    if body is None or changed_on is None:
        return "metadata" if body is None else "a datestamp"
    if body.tag == f"{_RAW}arXivRaw":
        found = _raw(identity[0], changed_on, body)
    elif body.tag == f"{_OWN}arXiv":
        found = _own(identity[0], changed_on, body)
    else:
        found = _dublin_core(identity[0], changed_on, body)
    return found if found.title else "a title"


def _raw(identifier: str, changed_on: date, body: etree._Element) -> Record:
    versions = body.findall(f"{_RAW}version")
    numbers = [int(name) for v in versions if (name := v.get("version", "").lstrip("v")).isdigit()]
    names = authors.names(_AND.sub(", ", child_text(body, f"{_RAW}authors") or ""))
    return Record(
        identifier=identifier,
        changed_on=changed_on,
        authors=_named(names),
        published_at=dates.moment(child_text(versions[0], f"{_RAW}date")) if versions else None,
        version=max(numbers, default=None),
        revised=len(versions) > 1,
        **_common(identifier, body, _RAW),
    )


def _own(identifier: str, changed_on: date, body: etree._Element) -> Record:
    parts = ("forenames", "keyname", "suffix")
    names = [
        " ".join(filter(None, (arxiv.prose(child_text(author, f"{_OWN}{part}")) for part in parts)))
        for author in body.iterfind(f"{_OWN}authors/{_OWN}author")
    ]
    revised = child_text(body, f"{_OWN}updated") is not None
    return Record(
        identifier=identifier,
        changed_on=changed_on,
        authors=_named(names),
        published_at=dates.moment(child_text(body, f"{_OWN}created")),
        version=None if revised else 1,
        revised=revised,
        **_common(identifier, body, _OWN),
    )


def _common(identifier: str, body: etree._Element, space: str) -> dict[str, Any]:
    dois = (child_text(body, f"{space}doi") or "").split()  # some records hold two
    return {
        "keys": keys_of(f"arXiv:{identifier}", *dois),
        "title": arxiv.prose(child_text(body, f"{space}title")),
        "abstract": arxiv.prose(child_text(body, f"{space}abstract")),
        "categories": tuple(dict.fromkeys((child_text(body, f"{space}categories") or "").split())),
        "comment": arxiv.prose(child_text(body, f"{space}comments")) or None,
    }


def _dublin_core(identifier: str, changed_on: date, body: etree._Element) -> Record:
    def every(name: str) -> list[str]:
        texts = (arxiv.prose("".join(map(str, e.itertext()))) for e in body.iterfind(f"{DC}{name}"))
        return [text for text in texts if text]

    told = every("description")
    comments = [_DC_COMMENT.sub("", text, count=1) for text in told if _DC_COMMENT.match(text)]
    abstracts = [text for text in told if not _DC_COMMENT.match(text)]
    days = sorted(filter(None, map(dates.moment, every("date"))))
    dois = [name for name in every("identifier") if name.lower().startswith("doi:")]
    names = [" ".join(reversed(name.split(", ", 1))) for name in every("creator")]
    return Record(
        identifier=identifier,
        changed_on=changed_on,
        keys=keys_of(f"arXiv:{identifier}", *dois),
        title=next(iter(every("title")), ""),
        abstract=next(iter(abstracts), ""),
        authors=_named(names),
        comment=next(iter(comments), None),
        published_at=days[0] if days else None,
        version=None if len(days) > 1 else 1,
        revised=len(days) > 1,
    )


def _named(names: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """The names, without the lone ":" that follows a collaboration's."""
    return tuple(dict.fromkeys(name for name in names if _LETTER.search(name)))
