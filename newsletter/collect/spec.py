"""Sources as one types them in a setting or on the command line. Pure."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from newsletter.errors import SourceError


def parse_spec(spec: str) -> tuple[str, str, dict[str, Any]]:
    """`arxiv-rss:cs.AI+cs.CL`, `hf-daily`, `https://...` -> (name, kind, settings).

    The settings are not checked yet. Raises SourceError for an empty one.
    """
    spec = spec.strip()
    if spec.startswith(("http://", "https://")):
        return _feed(spec)
    kind, _, rest = spec.partition(":")
    if not kind:
        raise SourceError("a source is written as KIND, KIND:CATEGORIES or the address of a feed")
    if kind == "feed":
        return _feed(rest)
    if not rest:
        return kind, kind, {}
    return spec, kind, {"categories": [part for part in rest.split("+") if part]}


def _feed(address: str) -> tuple[str, str, dict[str, Any]]:
    parts = urlsplit(address)
    name = f"{parts.netloc.removeprefix('www.')}{parts.path}".rstrip("/")
    return name[:100], "feed", {"address": address}
