"""Reading a folder of ranking tasks."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from newsletter.errors import NewsletterError
from newsletter.match.evaluate import Folder, Task
from newsletter.model import Entry

_SOME_DAY = date(2000, 1, 1)


def read_folder(path: Path) -> Folder:
    """The tasks of a folder with `entries`, `pools` and `tasks`, gzipped or not. Raises NewsletterError."""
    try:
        entries = {
            record["id"]: _entry(number, record)
            for number, record in enumerate(_lines(path, "entries"))
        }
        pools = {name: tuple(ids) for name, ids in json.loads(_text(path, "pools.json")).items()}
        tasks = tuple(_task(record) for record in _lines(path, "tasks"))
        _check(entries, pools, tasks)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NewsletterError(
            f"{path} is no folder of tasks: {type(error).__name__} {error}"
        ) from error
    return Folder(entries, pools, tasks)


def _entry(number: int, record: Mapping[str, Any]) -> Entry:
    day = date.fromisoformat(record["date"]) if record.get("date") else _SOME_DAY
    return Entry(
        id=number,
        key=str(record["id"]),
        title=record["title"] or "",
        abstract=record.get("abstract") or "",
        authors=(),
        categories=(),
        url="",
        pdf_url=None,
        code_url=None,
        published_at=None,
        first_seen_at=datetime(day.year, day.month, day.day, tzinfo=UTC),
        first_listed_on=day,
        organisation=None,
        tldr=None,
    )


def _task(record: Mapping[str, Any]) -> Task:
    return Task(
        profile=str(record["profile"]),
        group=str(record["group"]),
        keywords=tuple(record.get("keywords") or ()),
        likes=tuple(record.get("likes") or ()),
        pool=record["pool"],
        relevant=frozenset(record["relevant"]),
    )


def _check(
    entries: Mapping[str, Entry], pools: Mapping[str, tuple[str, ...]], tasks: Sequence[Task]
) -> None:
    if not tasks:
        raise ValueError("no task in it")
    for ids in (*pools.values(), *(task.likes for task in tasks)):
        for id_ in ids:
            if id_ not in entries:
                raise ValueError(f"no entry {id_!r}")
    for task in tasks:
        if not task.relevant <= set(pools[task.pool]):
            raise ValueError(f"a relevant paper of {task.profile!r} is not in its pool")


def _lines(path: Path, name: str) -> Iterator[dict[str, Any]]:
    for line in _text(path, f"{name}.jsonl").split("\n"):
        if line.strip():
            yield json.loads(line)


def _text(path: Path, name: str) -> str:
    packed = path / f"{name}.gz"
    if packed.exists():
        return gzip.decompress(packed.read_bytes()).decode()
    return (path / name).read_text(encoding="utf-8")
