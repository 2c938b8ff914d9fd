"""Sources in one word, as settings and the command line name them."""

from __future__ import annotations

from typing import Any

from newsletter.collect.registry import kinds
from newsletter.errors import SourceError


def read_spec(spec: str) -> tuple[str, dict[str, Any]]:
    """The kind and settings that a spec names, not yet checked by the kind.

    `arxiv-rss:cs.AI+cs.LG`, `arxiv-api:cs.AI`, `hf-daily`, `samples`, a feed's address, or the name
    of any other kind that needs no settings. Raises SourceError for anything else.
    """
    spec = spec.strip()
    if spec.startswith(("http://", "https://")):
        return "feed", {"address": spec}
    kind, _, rest = spec.partition(":")
    if kind not in kinds():
        raise SourceError(
            f"{spec!r} names no source: it is neither an address nor one of {', '.join(kinds())}"
        )
    if kind == "feed":
        return kind, {"address": rest}
    return kind, {"categories": rest.replace("+", " ").split()} if rest else {}
