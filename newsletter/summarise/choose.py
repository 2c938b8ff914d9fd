"""Which TL;DR of a paper is shown: a checked model's, else the source's, else an extract."""

from __future__ import annotations

from newsletter.model import Entry, Summary, SummaryKind
from newsletter.summarise.extract import LIMIT, cut, tldr
from newsletter.summarise.sentences import sentences


def summary_of(entry: Entry, limit: int) -> Summary:
    """The TL;DR in at most `limit` characters and whose it is; "" only where there is no abstract."""
    if entry.written is not None:
        return Summary(shortened(entry.written.text, limit), SummaryKind.MODEL, entry.written.by)
    if entry.tldr and entry.tldr.strip():
        return Summary(shortened(entry.tldr, limit), SummaryKind.SOURCE)
    return Summary(tldr(entry.title, entry.abstract, min(limit, LIMIT)), SummaryKind.EXTRACT)


def shortened(text: str, limit: int) -> str:
    """The first sentences that fit, and an ellipsis where something is left out."""
    text = text.strip()
    if len(text) <= limit:
        return text
    shown = ""
    for part in sentences(text):
        longer = f"{shown} {part}" if shown else part
        if len(longer) > limit - 2:
            break
        shown = longer
    # A no-break space, lest the ellipsis stand alone on a line.
    return f"{shown}\u00a0…" if shown else cut(text, limit)
