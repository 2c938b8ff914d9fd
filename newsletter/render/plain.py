"""Text from outside, made fit to show: cleaned, shortened, wrapped."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

import idna

TEXT_WIDTH = 72

# Control characters of both ranges, halves of surrogate pairs and non-characters: no mail may hold
# them. Tab and line ends are left to the folding below, for there they part words.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_BLANK = re.compile(r"[ \t\r\n]+")
_URL_SAFE = "!#$%&'*+,/:;=?@_~()-.[]"


def clean(text: str) -> str:
    """`text` on one line, without control characters or lone surrogates; all else is kept."""
    return _BLANK.sub(" ", _UNPRINTABLE.sub("", text)).strip(" ")


def clip(text: str, limit: int) -> str:
    """At most `limit` characters of `text`, cut between words and marked by an ellipsis."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    space = head.rfind(" ")
    if space > limit // 2:
        head = head[:space]
    return head.rstrip(" ,;:.-") + "…"


def wrap(text: str, indent: str = "") -> str:
    """`text` broken between words at 72 columns; a longer word, such as a URL, stays whole."""
    if len(indent) + len(text) <= TEXT_WIDTH and "  " not in text:
        return indent + text.strip(" ")
    lines: list[str] = []
    line = ""
    # Only plain blanks part words here: a no-break or an ideographic space is part of the text.
    for word in filter(None, text.split(" ")):
        if line and len(indent) + len(line) + 1 + len(word) > TEXT_WIDTH:
            lines.append(indent + line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return "\n".join([*lines, indent + line])


def hang(text: str, label: str) -> str:
    """`text` wrapped behind a label of at most four letters, all lines indented alike."""
    return label.ljust(5) + wrap(text, " " * 5)[5:]


def ascii_domain(domain: str) -> str:
    """`domain` in A-labels (RFC 5891). Raises ValueError where there is no such form."""
    return idna.encode(domain, uts46=True).decode("ascii") if not domain.isascii() else domain


def web_url(url: str | None) -> str:
    """`url` in ASCII if a reader may safely be sent there (http or https, a host), otherwise ""."""
    try:
        parts = urlsplit(clean(url or ""))
        if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
            return ""
        netloc = parts.netloc
        if not netloc.isascii():
            netloc = ascii_domain(parts.hostname) + (f":{parts.port}" if parts.port else "")
    except ValueError:
        return ""
    return quote(parts._replace(netloc=netloc).geturl(), safe=_URL_SAFE)
