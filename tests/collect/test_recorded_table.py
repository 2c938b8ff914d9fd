"""The table in `docs/sources.md`: every recorded file through its collector, counted again."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from newsletter.collect.github import repository
from newsletter.collect.http import Http
from newsletter.collect.port import Request
from newsletter.collect.registry import collector
from newsletter.errors import SourceError
from newsletter.model import Watched
from newsletter.stages.signals import PLACES
from tests import inputs
from tests.collect.cassettes import replies
from tests.servers import Reply, Web, charset_of

PAGE = Path(__file__).parents[2] / "docs" / "sources.md"
ELSEWHERE = {"arxiv-oai", "arxiv-abs-withdrawn", "arxiv-docmeta"}  # have tests of their own
DAYS = {"biorxiv": date(2024, 12, 31), "dblp": date(2025, 3, 8), "crossref": date(2025, 4, 24)}
QUERY = {"query": "x", "most": 100, "max_age_days": 0}
Outcome = tuple[int, bool]  # papers, refused


def group_of(path: Path) -> str:
    """The folder below `sources`; some groups have folders of their own."""
    return path.parts[path.parts.index("sources") + 1]


def reply_of(path: Path) -> Reply:
    raw = path.read_bytes()
    if path.suffix == ".yaml":
        return replies(path)[0]
    if group_of(path) == "arxiv-api" and path.suffix == ".json":
        taped = json.loads(raw)
        return Reply(taped["body"].encode(), taped["status_code"])
    kind = charset_of(raw)
    return Reply(raw, headers={"Content-Type": kind} if kind else {})


def route(path: Path, body: bytes) -> tuple[str, dict[str, Any]]:
    """The kind that reads a file, and its settings."""
    group, name = group_of(path), path.name
    if group.startswith("feed") or (group == "hf-daily-papers" and path.suffix == ".xml"):
        return "feed", {"max_age_days": 0}
    if group == "arxiv-rss":
        return group, {"categories": "cs.AI"}
    if group == "arxiv-api":
        many = max(body.count(b"<entry"), 1)
        return group, {"search": "x", "most": many, "page": many}
    if group == "hf-daily-papers":
        return "hf-daily", {"days_back": 0}
    if group == "biorxiv":
        return group, {"most": 100, "max_age_days": 0}
    if group == "crossref" and "search" not in name and "cursor" not in name:
        return group, {"dois": ["10.1000/x"], "max_age_days": 0}
    if group == "semantic-scholar" and "recommended" in name:
        return group, {"seeds": ["10.1000/x"], "most": 100, "max_age_days": 0}
    if group == "semantic-scholar" and "not_found" in name:
        return group, {"ids": ["x"], "max_age_days": 0}
    return group, dict(QUERY)


def clear(error: SourceError) -> None:
    """One line that names the address."""
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\S* .{10,}", str(error))


def collected(path: Path, web: Web, http: Http) -> Outcome:
    reply = reply_of(path)
    search = path.parent / "pubmed_esearch.json"
    numbers = Reply(search.read_bytes()) if search.exists() else reply
    web.answer = lambda asked: numbers if "esearch" in asked.path else reply  # type: ignore[method-assign]
    kind, settings = route(path, reply.body)
    own = {"address": f"{web.url}/f"} if kind == "feed" else {"base_url": web.url}
    day = DAYS.get(kind, date(2026, 6, 16))
    request = Request(settings | own, day, datetime(2026, 6, 16, 6, tzinfo=UTC))
    try:
        batches = list(collector(kind).collect(request, http))
    except SourceError as error:
        clear(error)
        return 0, True
    found = {paper.keys[0] for batch in batches for paper in batch.listed}
    assert found or any(batch.problems or batch.notes for batch in batches), "silent"
    return len(found), False


def observed(path: Path, web: Web, http: Http) -> Outcome:
    """Papers are the stories, repositories or posts that a place of signals finds."""
    body = path.read_bytes()
    web.answer = lambda asked: Reply(body)  # type: ignore[method-assign]
    named = re.findall(rb'https://[^"\s<>\\&]+', body.replace(b"&amp;", b"&"))
    addresses = {repository(each.decode()) or "": each.decode() for each in named}
    if group_of(path) != "github":
        addresses = {each.decode(): each.decode() for each in named}
    watched = [
        Watched(n, (f"url:{each.rstrip('/')}",), each, each)
        for n, each in enumerate(addresses.values())
    ]
    place = PLACES[group_of(path)](web.url)  # type: ignore[call-arg]
    try:
        found = place.observe(watched, http, datetime(2026, 7, 13, tzinfo=UTC))
    except SourceError:
        return 0, True
    assert found.notes or found.observed
    return len({each.entry_id for each in found.observed}), False


def table() -> dict[str, list[str]]:
    section = PAGE.read_text("utf-8").split("## What was tried")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return {row[0]: row[1:4] for row in rows[1:]}


def test_every_recorded_file_is_in_the_table(web: Web, make_http: Callable[..., Http]) -> None:
    folder = inputs.require("inputs", "sources")
    found: dict[str, Counter[str]] = {}
    http = make_http()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        group = found.setdefault(group_of(path), Counter())
        group["files"] += 1
        if group_of(path) in ELSEWHERE:
            continue
        visit = observed if group_of(path) in PLACES else collected
        papers, refused = visit(path, web, http)
        group["papers"] += papers
        group["refused"] += refused
    told = table()
    assert {name: told.get(name, [""])[0] for name in found} == {
        name: str(counts["files"]) for name, counts in found.items()
    }
    measured = {
        name: [str(counts[column]) for column in ("files", "papers", "refused")]
        for name, counts in found.items()
        if name not in ELSEWHERE
    }
    assert {name: told[name] for name in measured} == measured
