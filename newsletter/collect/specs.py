"""Sources in one word, as settings and the command line name them."""

from __future__ import annotations

from typing import Any

from newsletter.collect.registry import collector, kinds
from newsletter.errors import SourceError


def read_spec(spec: str) -> tuple[str, dict[str, Any]]:
    """The kind and settings that a spec names, not yet checked by the kind.

    `arxiv-rss:cs.AI+cs.LG`, `hf-daily`, `pubmed:gut microbiome`, a feed's address. What stands behind
    the colon is the kind's attribute `spec` (its query), or its categories where it has none.
    Raises SourceError for what names no source.
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
    if not rest:
        return kind, {}
    named = getattr(collector(kind), "spec", "categories")
    return kind, {named: rest.replace("+", " ").split() if named == "categories" else rest.strip()}
