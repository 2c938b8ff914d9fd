"""Sources as settings name them: kinds, specs, what they are refused for, which are enabled."""

from __future__ import annotations

from typing import Any

import pytest

from newsletter.collect.registry import collector, kinds
from newsletter.collect.specs import read_spec
from newsletter.errors import SourceError, StoreError
from newsletter.stages.sources import add_spec, ensure_sources
from newsletter.store import sources
from tests.collect.stage import Sessions


def test_kinds_are_found_by_their_entry_points() -> None:
    assert {"arxiv-api", "arxiv-rss", "feed", "hf-daily", "samples"} <= set(kinds())
    with pytest.raises(SourceError, match="no kind of source 'gopher'"):
        collector("gopher")


@pytest.mark.parametrize(
    ("spec", "kind", "settings"),
    [
        ("arxiv-rss:cs.AI+cs.LG", "arxiv-rss", {"categories": ["cs.AI", "cs.LG"]}),
        ("hf-daily", "hf-daily", {}),
        ("https://example.org/feed", "feed", {"address": "https://example.org/feed"}),
        ("feed:https://example.org/feed", "feed", {"address": "https://example.org/feed"}),
    ],
)
def test_specs(spec: str, kind: str, settings: dict[str, Any]) -> None:
    assert read_spec(spec) == (kind, settings)
    collector(kind).check(settings)


@pytest.mark.parametrize(
    ("kind", "settings", "line"),
    [
        ("arxiv-rss", {}, "categories is empty"),
        ("arxiv-rss", {"categories": "cs.AI/../x"}, "no arXiv category"),
        ("arxiv-rss", {"categories": ["cs.AI"], "format": "csv"}, "format must be rss or atom"),
        ("arxiv-rss", {"category": "cs.AI"}, "unknown setting 'category'"),
        ("arxiv-api", {}, "name one of categories, search or ids"),
        ("arxiv-api", {"ids": ["x"]}, "'x' is no arXiv id"),
        ("arxiv-api", {"search": "a", "page": 0}, "page must be a whole number from 1 to 2000"),
        ("hf-daily", {"base_url": "huggingface.co"}, "base_url must be an http or https address"),
        ("feed", {}, "address must be an http or https address"),
        ("feed", {"address": "file:///etc/passwd"}, "address must be an http or https address"),
        ("samples", {"x": 1}, "unknown setting 'x'"),
    ],
)
def test_bad_settings_are_told_in_plain_words(
    kind: str, settings: dict[str, Any], line: str
) -> None:
    with pytest.raises(SourceError, match=line):
        collector(kind).check(settings)


def test_sources_follow_the_settings(sessions: Sessions) -> None:
    with sessions.begin() as session:
        add_spec(session, "https://example.org/by-hand", "by hand")
        ensure_sources(session, ["hf-daily", "arxiv-rss:cs.AI"])
    with sessions.begin() as session:
        ensure_sources(session, ["arxiv-rss:cs.LG", "hf-daily"])
    with sessions() as session:
        enabled = [view.name for view in sources.all_sources(session, enabled_only=True)]
    assert enabled == ["by hand", "hf-daily", "arxiv-rss:cs.LG"]
    with sessions.begin() as session:
        sources.remove(session, "by hand")
        with pytest.raises(StoreError, match="already a source 'hf-daily'"):
            add_spec(session, "hf-daily")
        with pytest.raises(SourceError, match="names no source"):
            ensure_sources(session, ["gopher"])
