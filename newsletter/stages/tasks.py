"""Reading a folder of ranking tasks, and the rankers that can be put to them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsletter.encode.port import Encoder
from newsletter.errors import NewsletterError
from newsletter.match.company import Company, keep_company
from newsletter.match.evaluate import Asked, Fit, Folder, Score, Task
from newsletter.match.features import day_features, text_words
from newsletter.match.learn import fade
from newsletter.match.readers import Reader, learn_readers, learned_from
from newsletter.match.score import order_block
from newsletter.match.space import Space, fit_space
from newsletter.match.wishes import Seeds, Wish, text_of
from newsletter.model import Entry
from newsletter.stages.spaces import ARCHIVE_TEXTS
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


def serving_ranker(encoder: Encoder | None = None) -> Fit:
    """The ranker that serves mails: typed words are topics, liked papers are likes that fade.

    With an encoder as where one is set; each text is encoded once. Raises EncoderError.
    """
    meant = _Meant(encoder) if encoder is not None else None

    def fit(archive: Sequence[Entry], libraries: Sequence[Sequence[Entry]]) -> Score:
        space = _space(archive, meant)
        company = keep_company([[entry.key for entry in library] for library in libraries])
        known = {entry.key: entry for library in libraries for entry in library}

        def score(pool: Sequence[Entry], asked: Sequence[Asked]) -> NDArray[np.float32]:
            day = day_features(
                pool, space=space, semantic=meant.of_entries(pool) if meant else None
            )
            papers = known | {like.key: like for one in asked for like in one.likes}
            seeds = {key: (entry.title, entry.abstract) for key, entry in papers.items()}
            # Votes fade from the day they are given; of these likes only the paper's day is known.
            today = max(entry.first_listed_on for entry in pool)
            readers = [_reader(one, today, company) for one in asked]
            meanings = meant.of_wishes(learned_from(readers), seeds) if meant else None
            profiles = learn_readers(space, readers, seeds, meanings)
            order = order_block(day, readers, profiles, seeds)
            places = np.empty(order.shape, np.float32)
            np.put_along_axis(places, order.astype(np.int64), -np.arange(len(pool))[None], axis=1)
            return places

        return score

    return fit


def _space(archive: Sequence[Entry], meant: _Meant | None) -> Space:
    """What serving would have learned; with an encoder, of as many papers as it would encode."""
    if meant is not None and len(archive) > ARCHIVE_TEXTS:
        drawn = np.random.default_rng(0).choice(len(archive), ARCHIVE_TEXTS, replace=False)
        archive = [archive[at] for at in np.sort(drawn)]
    words = (text_words(entry.title, entry.abstract) for entry in archive)
    if meant is None:
        return fit_space(words)
    return fit_space(words, meant.of_entries(archive), meant.encoder.name)


class _Meant:
    """An encoder that keeps what it has encoded."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self._kept: dict[str, NDArray[np.float16]] = {}

    def of_entries(self, entries: Sequence[Entry]) -> NDArray[np.float32]:
        """(entries, dims), float16 as where they are stored."""
        return self._of([f"{entry.title}\n{entry.abstract}" for entry in entries])

    def of_wishes(self, wishes: Sequence[Wish], seeds: Seeds) -> dict[Wish, NDArray[np.float32]]:
        """What the wishes mean, without the papers that are not known."""
        said = {wish: text for wish in wishes if (text := text_of(wish, seeds))}
        return dict(zip(said, self._of(list(said.values())), strict=True))

    def _of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        fresh = sorted({text for text in texts if text not in self._kept}, key=len)
        for text, vector in zip(fresh, self.encoder.encode(fresh), strict=True):
            self._kept[text] = vector.astype(np.float16)
        if not texts:
            return np.zeros((0, self.encoder.dims), np.float32)
        return np.stack([self._kept[text] for text in texts]).astype(np.float32)


def _reader(asked: Asked, today: date, company: Company) -> Reader:
    return Reader(
        tuple(Interest(Kind.TOPIC, text) for text in asked.keywords),
        likes=tuple((like.key, fade((today - like.first_listed_on).days)) for like in asked.likes),
        borrowed=company.borrow([like.key for like in asked.likes]),
    )


RANKERS: Mapping[str, Fit] = {"default": serving_ranker()}


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
