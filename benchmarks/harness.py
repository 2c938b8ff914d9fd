"""What the benchmarks share: their options, their JSON lines, the stream of real papers."""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from newsletter.model import Listed
from tests import inputs


def options(description: str | None) -> argparse.Namespace:
    """`--scale 0.1` makes every size smaller."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--scale", type=float, default=1.0, help="make all sizes smaller")
    return parser.parse_args()


def report(name: str, value: float, unit: str, yardstick: float | None = None, **more: Any) -> None:
    """Print one JSON line; `yardstick`: what the same run measured of something well known."""
    line: dict[str, Any] = {"name": name, "value": round(value, 3), "unit": unit}
    if yardstick is not None:
        line |= {"yardstick": round(yardstick, 3), "ratio": round(value / yardstick, 3)}
    print(json.dumps(line | more), flush=True)


@contextmanager
def stopwatch(into: dict[str, float], name: str) -> Iterator[None]:
    """Note how many seconds the block took."""
    start = time.perf_counter()
    yield
    into[name] = into.get(name, 0.0) + time.perf_counter() - start


def peak_mb(whose: int = resource.RUSAGE_SELF) -> float:
    """The most memory that this process has held so far, in MB; or one of its children."""
    peak = resource.getrusage(whose).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def stream_day(day: date) -> tuple[list[Listed], list[Listed]]:
    """The papers of one day of the stream: (from arXiv's listing, from Hugging Face)."""
    if inputs.shared() is None:
        print(
            "no stream of real papers: name its folder by PAPERROUND_SHARED, or put it at ../shared",
            file=sys.stderr,
        )
        sys.exit(1)
    found: tuple[list[Listed], list[Listed]] = ([], [])
    for record in inputs.stream():
        if day.isoformat() in record["listed_on"]:
            is_arxiv = record["source"] == "arxiv-listing"
            found[0 if is_arxiv else 1].append(
                Listed(
                    keys=(f"arxiv:{record['id']}",),
                    title=" ".join(record["title"].split()),
                    abstract=" ".join(record["abstract"].split()),
                    day=day,
                    authors=tuple(record["authors"]),
                    categories=tuple(record.get("categories") or ()),
                    url=f"https://arxiv.org/abs/{record['id']}",
                    votes=record.get("upvotes"),
                    comments=record.get("comments") if not is_arxiv else None,
                )
            )
    return found
