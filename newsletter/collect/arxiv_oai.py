"""arXiv's whole record by OAI-PMH (oaipmh.arxiv.org): the complete source, day by day."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from newsletter.collect import checking, dates
from newsletter.collect.arxiv_harvest import Harvest
from newsletter.collect.http import Http
from newsletter.collect.port import Batch, Request
from newsletter.errors import SourceError

_SET = re.compile(r"[A-Za-z0-9:._-]+")
_PHYSICS = re.compile(
    r"astro-ph|cond-mat|gr-qc|hep-(?:ex|lat|ph|th)|math-ph|nlin|nucl-(?:ex|th)|physics|quant-ph"
)


class ArxivOai:
    """Settings: `categories` (none: all of arXiv), `since` (a day, where a first harvest begins).

    `format` is arXivRaw (which alone tells versions), arXiv or oai_dc; `days` bounds one run.
    """

    def check(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """See `Collector.check`."""
        checking.only(settings, "categories", "sets", "format", "since", "days", "base_url")
        categories = checking.categories(settings)
        form = settings.get("format", "arXivRaw")
        if form not in {"arXivRaw", "arXiv", "oai_dc"}:
            raise SourceError(f"format must be arXivRaw, arXiv or oai_dc, not {form!r}")
        if form == "oai_dc" and categories:
            raise SourceError("records of the format oai_dc name no categories; ask for sets")
        sets = checking.words(settings, "sets") or tuple(dict.fromkeys(map(_set_of, categories)))
        wrong = [name for name in sets if not _SET.fullmatch(name)]
        if wrong:
            raise SourceError(f"{wrong[0]!r} is no set such as cs or physics:hep-ex")
        since = settings.get("since")
        if since is not None and dates.day(since) is None:
            raise SourceError(f"since must be a day such as 2026-06-01, not {since!r}")
        return {
            "categories": list(categories),
            "sets": list(sets),
            "format": form,
            "since": since,
            "days": checking.whole(settings, "days", 31, 1, 36_600),
            "base_url": checking.base(settings, "https://oaipmh.arxiv.org"),
        }

    def collect(self, request: Request, http: Http) -> Iterator[Batch]:
        """One Batch a page; the cursor tells how far the harvest has come."""
        harvest = Harvest.of(self.check(request.settings), request, http)
        yield from harvest.run()


def _set_of(category: str) -> str:
    """The set of a category's archive; it also holds the papers that are cross-listed into it."""
    archive = category.partition(".")[0]
    return f"physics:{archive}" if _PHYSICS.fullmatch(archive) else archive
