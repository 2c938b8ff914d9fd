"""Reading an answer's XML or JSON, or saying in a few words what came in its place."""

from __future__ import annotations

import json
import re
from typing import Any

from lxml import etree

from newsletter.collect.http import Answer
from newsletter.errors import SourceError

ATOM = "{http://www.w3.org/2005/Atom}"
ARXIV = "{http://arxiv.org/schemas/atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"

_HTML = re.compile(rb"(?is)\s*(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body)\b")
_TITLE = re.compile(rb"<title[^>]*>(.{1,200}?)</title>", re.IGNORECASE | re.DOTALL)


def read_xml(answer: Answer, *roots: str, expected: str = "a feed") -> etree._Element:
    """The root element, which must be one of `roots`; entities and outside files are not followed.

    Raises SourceError naming what was answered in place of it.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(answer.body, parser)
    except etree.XMLSyntaxError as error:
        what = described(answer)
        if what == "XML":
            what = f"XML that is not well-formed ({' '.join((error.msg or '').split())})"
        raise SourceError(f"{answer.url} answered {what} where {expected} was expected") from error
    if root.tag not in roots:
        raise SourceError(
            f"{answer.url} answered {described(answer)} where {expected} was expected"
        )
    return root


def read_json(answer: Answer) -> Any:
    """The JSON document. Raises SourceError naming what was answered in place of it."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        what = described(answer).replace("JSON", "broken JSON")
        raise SourceError(f"{answer.url} answered {what} where JSON was expected") from error


def described(answer: Answer) -> str:
    """What an answer looks like, for an error's line: "an HTML page titled 'Validate User'"."""
    body = answer.body
    if not body.strip():
        return "only white space"
    if not body.strip(b"\0"):
        return f"{len(body) / 2**20:.3g} MB of zero bytes"
    if _HTML.match(body) or b"<html" in body[:2000].lower():
        title = _TITLE.search(body[:20_000])
        named = " ".join(title[1].decode("utf-8", "replace").split()) if title else ""
        return f"an HTML page titled {named!r}" if named else "an HTML page"
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"<":
        return "XML"
    if start in {b"{", b"["}:
        return "JSON"
    return "binary data" if b"\0" in body[:2000] else "plain text"


def child_text(element: etree._Element, *tags: str) -> str | None:
    """The text of the first of the named children that is there and not empty."""
    for tag in tags:
        found = element.find(tag)
        if found is not None:
            text = "".join(str(piece) for piece in found.itertext())
            if text.strip():
                return text
    return None
