"""The dialects of feeds: RSS, Atom and RDF by feedparser, JSON Feed by hand."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

import feedparser

from newsletter.collect.feed_entries import FeedEntry
from newsletter.collect.http import Answer
from newsletter.collect.reading import described, read_json
from newsletter.errors import SourceError

_HTML = {"type": "text/html"}
_WIDE = {  # encodings that feedparser does not recognise without a byte order mark
    b"\0\0\0<": "utf-32-be",
    b"<\0\0\0": "utf-32-le",
    b"\0<\0": "utf-16-be",
    b"<\0": "utf-16-le",
}
_JSON_FEED = re.compile(r"https?://(?:www\.)?jsonfeed\.org/version/1(?:\.\d+)?/?")
_DECLARED_BYTES = re.compile(rb"""\s*<\?xml[^>]*?\sencoding\s*=|\xff\xfe|\xfe\xff""")
_DECLARED = re.compile(r"""^(\s*<\?xml[^>]*?)\s+encoding\s*=\s*["'][^"']*["']""")


def entries_of(answer: Answer) -> tuple[list[FeedEntry], str | None]:
    """The entries of a feed, and what is wrong with it if it could still be read.

    Raises SourceError for what is no feed, naming what it is.
    """
    if answer.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return list(_json_entries(answer)), None
    body = _narrow(answer.body)
    parsed = feedparser.parse(
        io.BytesIO(body),
        response_headers=_headers(answer),
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not parsed.version and not parsed.entries:
        raise SourceError(f"{answer.url} answered {described(answer)} where a feed was expected")
    entries = [_xml_entry(entry) for entry in parsed.entries]
    wrong = _wrong(parsed) if parsed.bozo else None
    return entries, wrong or _unclear_letters(answer, body)


def _narrow(body: bytes) -> bytes:
    for start, encoding in _WIDE.items():
        if body.startswith(start):
            text = body.decode(encoding, "replace")
            return _DECLARED.sub(r"\1", text).encode()
    return body


def _headers(answer: Answer) -> dict[str, str]:
    """What feedparser needs of the head; a type without a charset would only mislead it."""
    headers = {"content-location": answer.url}
    if "charset=" in answer.content_type.lower():
        headers["content-type"] = answer.content_type
    return headers


def _unclear_letters(answer: Answer, body: bytes) -> str | None:
    if "charset=" in answer.content_type.lower() or _DECLARED_BYTES.match(body):
        return None
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return "it names no encoding and is not UTF-8; letters beyond ASCII may be wrong"
    return None


def _wrong(parsed: Mapping[str, Any]) -> str | None:
    error = parsed["bozo_exception"]
    if isinstance(error, feedparser.NonXMLContentType):
        return None  # told wrongly, read rightly
    if isinstance(
        error, feedparser.CharacterEncodingOverride | feedparser.CharacterEncodingUnknown
    ):
        return f"its encoding is told wrongly or not at all; read as {parsed.get('encoding')}"
    told = getattr(error, "getMessage", lambda: str(error))()
    return f"not well-formed XML ({told}); {len(parsed['entries'])} entries could be read"


def _xml_entry(entry: Mapping[str, Any]) -> FeedEntry:
    entry = dict(entry)  # feedparser's own mapping answers "updated" with "published"
    texts = [(entry.get("summary") or "", _is_html(entry.get("summary_detail") or _HTML))]
    texts += [(each.get("value") or "", _is_html(each)) for each in entry.get("content", ())]
    names = (entry.get("prism_doi"), entry.get("dc_identifier"), entry.get("prism_url"))
    times = ("published", "created", "issued", "updated", "prism_publicationdate")
    return FeedEntry(
        link=entry.get("feedburner_origlink") or entry.get("link") or "",
        id=entry.get("id") or "",
        names=tuple(str(name) for name in names if name),
        title=entry.get("title") or "",
        title_is_html=_is_html(entry.get("title_detail")),
        texts=tuple(dict.fromkeys(texts)),
        authors=tuple(each.get("name") or "" for each in entry.get("authors", ())),
        tags=tuple(tag.get("term") or "" for tag in entry.get("tags", ())),
        dates=tuple(str(entry[name]) for name in times if entry.get(name)),
    )


def _is_html(detail: Mapping[str, Any] | None) -> bool:
    return bool(detail) and (detail or {}).get("type") != "text/plain"


def _json_entries(answer: Answer) -> Iterator[FeedEntry]:
    """The items of a JSON Feed (jsonfeed.org); a member of the wrong type counts as absent."""
    document = read_json(answer)
    version = document.get("version")
    items = document.get("items")
    if not isinstance(version, str) or not _JSON_FEED.fullmatch(version):
        raise SourceError(f"{answer.url} answered JSON that is no JSON Feed")
    if not isinstance(items, list):
        raise SourceError(f"{answer.url} answered a JSON Feed without items")
    for item in items:
        if isinstance(item, dict):
            yield _json_entry(item, answer.url)


def _json_entry(item: Mapping[str, Any], base: str) -> FeedEntry:
    people = item.get("authors") if isinstance(item.get("authors"), list) else [item.get("author")]
    html, plain = _text(item.get("content_html")), _text(item.get("content_text"))
    return FeedEntry(
        link=_joined(base, _text(item.get("url")) or _text(item.get("external_url"))),
        id=_text(item.get("id")),
        title=_text(item.get("title")),
        texts=((_text(item.get("summary")), False), (html or plain, bool(html))),
        authors=tuple(_text(each.get("name")) for each in people or () if isinstance(each, dict)),
        tags=tuple(map(_text, item["tags"])) if isinstance(item.get("tags"), list) else (),
        dates=(_text(item.get("date_published")), _text(item.get("date_modified"))),
    )


def _joined(base: str, link: str) -> str:
    """The link in full; none stays none, which the feed's own address would not be."""
    try:
        return urljoin(base, link) if link else ""
    except ValueError:
        return link


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
