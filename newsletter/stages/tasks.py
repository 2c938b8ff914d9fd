"""Reading a folder of ranking tasks, and the rankers that can be put to them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsletter.errors import NewsletterError
from newsletter.match.company import Company, keep_company
from newsletter.match.evaluate import Asked, Fit, Folder, Score, Task
from newsletter.match.features import Day, day_features, text_words
from newsletter.match.learn import fade
from newsletter.match.readers import Reader, learn_readers
from newsletter.match.score import order_block
from newsletter.match.space import SMALLEST_ARCHIVE, fit_space
from newsletter.match.wishes import Seeds
from newsletter.model import Entry
from newsletter.stages.yardsticks import tfidf_ranker
from subscribers.profile import Interest, Kind

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


def default_ranker(archive: Sequence[Entry], libraries: Sequence[Sequence[Entry]]) -> Score:
    """The ranker that serves mails: typed words are topics, liked papers are likes that fade."""
    space, few = None, [f"{entry.title}\n{entry.abstract}" for entry in archive]
    if len(archive) >= SMALLEST_ARCHIVE:
        space, few = fit_space(text_words(entry.title, entry.abstract) for entry in archive), []
    company = keep_company([[entry.key for entry in library] for library in libraries])
    known = {e.key: (e.title, e.abstract) for library in libraries for e in library}
    return serving(lambda pool: day_features(pool, few, space), company, known)


def serving(
    day_of: Callable[[Sequence[Entry]], Day], company: Company, known: Seeds | None = None
) -> Score:
    """What serves, with what was learned before. `day_of`: a pool's features, in the archive's space;
    `known`: the texts of the papers that `company` may lend.
    """

    def score(pool: Sequence[Entry], asked: Sequence[Asked]) -> NDArray[np.float32]:
        day = day_of(pool)
        told = [entry for one in asked for entry in (*one.likes, *one.dislikes)]
        seeds = {**(known or {}), **{entry.key: (entry.title, entry.abstract) for entry in told}}
        today = max(entry.first_listed_on for entry in pool)
        readers = [reader_asking(one, today, company) for one in asked]
        order = order_block(day, readers, learn_readers(day.space, readers, seeds), seeds)
        places = np.empty(order.shape, np.float32)
        np.put_along_axis(places, order.astype(np.int64), -np.arange(len(pool))[None], axis=1)
        return places

    return score


def reader_asking(asked: Asked, today: date, company: Company) -> Reader:
    """A task's reader as matching knows them, as of `today`."""

    def trusted(entry: Entry) -> tuple[str, float]:
        # Votes fade from the day they are given; where it is not told, the paper's day stands for it.
        return entry.key, fade(asked.ages.get(entry.key, (today - entry.first_listed_on).days))

    typed = tuple(Interest(Kind.TOPIC, text) for text in asked.keywords)
    return Reader(
        (*typed, *asked.interests),
        likes=tuple(map(trusted, asked.likes)),
        dislikes=tuple(map(trusted, asked.dislikes)),
        borrowed=company.borrow([like.key for like in asked.likes]),
    )


RANKERS: Mapping[str, Fit] = {"default": default_ranker, "tfidf": tfidf_ranker}
# What is measured where no ranker is named.
USUAL = ("default",)


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
