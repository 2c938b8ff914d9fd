"""The recorded Hugging Face papers that have a summary: what extracts are fitted to and measured by."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from newsletter.collect.latex import readable
from newsletter.collect.text import fold
from tests import inputs


@dataclass(frozen=True)
class Summarised:
    """One paper, the first day it was listed on, and the summary that Hugging Face showed."""

    day: str
    title: str
    abstract: str
    summary: str


def papers() -> list[Summarised]:
    """All of them, each paper once, by day. Ends the program where there are no recorded inputs."""
    found: dict[str, Summarised] = {}
    for path in inputs.files("sources/hf-daily-papers"):
        if path.suffix == ".json":
            for paper in _papers(json.loads(path.read_text("utf-8"))):
                found.setdefault(str(paper["id"]), _read(paper))
    if not found:
        print(
            "no recorded days of Hugging Face: PAPERROUND_SHARED names their folder",
            file=sys.stderr,
        )
        sys.exit(1)
    return sorted(found.values(), key=lambda paper: paper.day)


def _papers(entries: list[Any]) -> Iterator[dict[str, Any]]:
    for entry in entries:
        paper = entry.get("paper") if isinstance(entry, dict) else None
        if isinstance(paper, dict) and paper.get("ai_summary") and paper.get("summary"):
            yield paper


def _read(paper: dict[str, Any]) -> Summarised:
    return Summarised(
        str(paper["submittedOnDailyAt"])[:10],
        readable(fold(paper["title"])),
        readable(fold(paper["summary"])),
        fold(paper["ai_summary"]),
    )
