"""OAI-PMH 2.0 (openarchives.org): lists of records by date and set, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from newsletter.collect.http import Answer, Http
from newsletter.collect.reading import child_text, read_xml
from newsletter.collect.text import fold
from newsletter.errors import SourceError

OAI = "{http://www.openarchives.org/OAI/2.0/}"


class ExpiredTokenError(SourceError):
    """The token that was to continue a list is no longer known; the list begins anew."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list. `token`: continues it, None at its end; `total`: records of the whole list."""

    records: tuple[etree._Element, ...] = ()
    token: str | None = None
    total: int | None = None


def list_records(http: Http, address: str, asked: Mapping[str, str]) -> Page:
    """One page of `ListRecords`; `asked` holds either the range or the `resumptionToken` alone.

    "No records match" is an empty page. Raises ExpiredTokenError, and SourceError for other errors.
    """
    answer = http.get(
        address, {"verb": "ListRecords", **asked}, conditional=False, readable=(400, 404, 410, 422)
    )
    if answer.status != 200 and b"OAI-PMH" not in answer.body:
        raise SourceError(f"{answer.url} answered {answer.status} and no list of records")
    root = read_xml(answer, f"{OAI}OAI-PMH")
    error = root.find(f"{OAI}error")
    if error is not None:
        _refuse_unless_empty(answer, error)
        return Page()
    found = root.find(f"{OAI}ListRecords")
    if found is None or answer.status != 200:
        raise SourceError(f"{answer.url} answered no list of records ({answer.status})")
    token = found.find(f"{OAI}resumptionToken")
    size = "" if token is None else token.get("completeListSize", "")
    return Page(
        tuple(found.findall(f"{OAI}record")),
        (child_text(found, f"{OAI}resumptionToken") or "").strip() or None,
        int(size) if size.isascii() and size.isdigit() else None,
    )


def _refuse_unless_empty(answer: Answer, error: etree._Element) -> None:
    code, told = error.get("code"), fold("".join(map(str, error.itertext())))
    # An unknown set is told by the same code as an empty day, and must not pass for one.
    if code == "noRecordsMatch" and "any set" not in told.lower():
        return
    line = f"{answer.url} answered: {told or 'an error without words'} ({code})"
    raise ExpiredTokenError(line) if code == "badResumptionToken" else SourceError(line)
