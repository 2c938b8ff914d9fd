"""What the pages are handed at start-up; they know nothing of who made it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session, sessionmaker

from subscribers.finding import FindPapers, find_nothing
from subscribers.guard import FormGuard
from subscribers.language import spoken, tag
from subscribers.library import Library
from subscribers.notices import SendNotice
from subscribers.preview import MakePreview, no_preview
from subscribers.profile import Interest
from subscribers.tokens import LinkSigner
from subscribers.web.speech import carried, switches

DescribeEntry = Callable[[Session, int], tuple[str, str, str] | None]
"""The canonical key, title and address (safe to link, or empty) of an entry by its id, if there is one."""

TooCommon = Callable[[Sequence[Interest]], Mapping[Interest, float]]
"""Which of some wishes nearly any paper meets, and the share of papers that do (0 to 1)."""


def _nothing_known(_: Sequence[Interest]) -> Mapping[Interest, float]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebDeps:
    """The pages' world.

    `sessions` write, `readers` only read (they may be the same). `render(name, context)` renders
    the template `name` below `templates` (`web/...`), escaping by default, with `theme` at hand.
    `describe_entry` tells what a vote is about.
    `flush` sends what `send_notice` queued; it runs after the answer. `too_common` is asked about
    what somebody typed, to tell them; it never stands in the way of saving. `preview` makes the digest
    that somebody would get; `library` tells of papers and past digests.
    that somebody would get, `find_papers` tells which papers are stored. `guard` tells people from
    programs; processes that share a site share its secret. Where a stranger's address is typed the answer
    leaves `even_seconds` after the request came, so that its time tells nothing.
    """

    sessions: sessionmaker[Session]
    readers: sessionmaker[Session]
    signer: LinkSigner
    render: Callable[[str, dict[str, Any]], str]
    send_notice: SendNotice
    describe_entry: DescribeEntry
    flush: Callable[[], None]
    now: Callable[[], datetime]
    base_url: str
    site: str
    contact: str
    too_common: TooCommon = _nothing_known
    preview: MakePreview = no_preview
    library: Library
    find_papers: FindPapers = find_nothing
    guard: FormGuard = field(default_factory=lambda: FormGuard(secrets.token_hex()))
    even_seconds: float = 0.0

    @property
    def root(self) -> str:
        """The path under which the site lives: empty, or `/papers` for `https://x.org/papers/`."""
        return urlsplit(self.base_url).path.rstrip("/")

    def common(self) -> dict[str, Any]:
        """What every page's template may use."""
        return {
            "site": self.site,
            "root": self.root,
            "contact": self.contact,
            "language": tag(spoken()),
            "language_switches": switches(),
            "carried": carried(),
        }
