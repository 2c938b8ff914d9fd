"""The rankers that can be put to tasks with known answers: the one that serves, and what it is held to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from newsletter.encode.models import find_model
from newsletter.encode.port import Encoder
from newsletter.encode.sentences import SentenceEncoder
from newsletter.errors import EncoderError
from newsletter.match.company import Company, keep_company
from newsletter.match.evaluate import Asked, Fit, Score
from newsletter.match.features import Day, day_features, text_words
from newsletter.match.learn import fade
from newsletter.match.readers import Reader, learn_readers, learned_from
from newsletter.match.score import order_block
from newsletter.match.space import SMALLEST_ARCHIVE, Space, fit_space
from newsletter.match.vocabulary import Floats
from newsletter.match.wishes import Seeds, Wish, text_of
from newsletter.model import Entry
from newsletter.stages.spaces import ARCHIVE_TEXTS
from newsletter.stages.yardsticks import tfidf_ranker
from subscribers.profile import Interest, Kind


def rankers(encoder: str | None) -> Mapping[str, Fit]:
    """All that can be measured here, by name; `semantic` where a sentence model can be had: that of
    the setting `encoder`, or else the usual one.
    """
    wanted = encoder or "minilm"
    try:
        find_model(wanted)
    except EncoderError:
        return RANKERS
    return {**RANKERS, "semantic": serving_ranker(SentenceEncoder(wanted))}


def serving_ranker(encoder: Encoder | None = None) -> Fit:
    """The ranker that serves mails: typed words are topics, liked papers are likes that fade.

    With an encoder as where one is set; each text is encoded once. Raises EncoderError.
    """
    meant = Meant(encoder) if encoder is not None else None

    def fit(archive: Sequence[Entry], libraries: Sequence[Sequence[Entry]]) -> Score:
        few = [f"{entry.title}\n{entry.abstract}" for entry in archive]
        space = _space(archive, meant) if len(archive) >= SMALLEST_ARCHIVE else None
        company = None if space is None else company_of(space, libraries, meant)
        papers = {entry.key: entry for library in libraries for entry in library}

        def day_of(pool: Sequence[Entry]) -> Day:
            semantic = meant.of_entries(pool) if meant and space else None
            return day_features(pool, () if space else few, space, semantic)

        return serving(day_of, company, meant, papers)

    return fit


def serving(
    day_of: Callable[[Sequence[Entry]], Day],
    company: Company | None = None,
    meant: Meant | None = None,
    papers: Mapping[str, Entry] | None = None,
) -> Score:
    """What serves, with what was learned before. `day_of`: a pool's features, in the archive's space;
    `papers`: further ones that readers may point at.
    """

    def score(pool: Sequence[Entry], asked: Sequence[Asked]) -> NDArray[np.float32]:
        day = day_of(pool)
        told = [entry for one in asked for entry in (*one.likes, *one.dislikes)]
        known = {**(papers or {}), **{entry.key: entry for entry in told}}
        seeds = {key: (entry.title, entry.abstract) for key, entry in known.items()}
        today = max(entry.first_listed_on for entry in pool)
        readers = [reader_asking(one, today, company) for one in asked]
        meanings = None
        if meant is not None and day.space.encoder:
            meanings = meant.of_wishes(learned_from(readers), seeds)
        profiles = learn_readers(day.space, readers, seeds, meanings)
        order = order_block(day, readers, profiles, seeds)
        places = np.empty(order.shape, np.float32)
        np.put_along_axis(places, order.astype(np.int64), -np.arange(len(pool))[None], axis=1)
        return places

    return score


def company_of(
    space: Space, libraries: Sequence[Sequence[Entry]], meant: Meant | None = None
) -> Company:
    """What the readers of these libraries like together."""
    papers = {entry.key: entry for library in libraries for entry in library}

    def dense_of(keys: Sequence[str]) -> Floats:
        entries = [papers[key] for key in keys]
        terms = space.vocabulary.vectors([text_words(e.title, e.abstract) for e in entries])
        return space.features(terms, meant.of_entries(entries) if meant else None).dense

    return keep_company([[entry.key for entry in library] for library in libraries], dense_of)


def _space(archive: Sequence[Entry], meant: Meant | None) -> Space:
    """What serving would have learned; with an encoder, of as many papers as it would encode."""
    if meant is not None and len(archive) > ARCHIVE_TEXTS:
        drawn = np.random.default_rng(0).choice(len(archive), ARCHIVE_TEXTS, replace=False)
        archive = [archive[at] for at in np.sort(drawn)]
    words = (text_words(entry.title, entry.abstract) for entry in archive)
    if meant is None:
        return fit_space(words)
    return fit_space(words, meant.of_entries(archive), meant.encoder.name)


class Meant:
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


def reader_asking(asked: Asked, today: date, company: Company | None) -> Reader:
    """A task's reader as matching knows them, as of `today`."""

    def trusted(entry: Entry) -> tuple[str, float]:
        # Votes fade from the day they are given; where it is not told, the paper's day stands for it.
        return entry.key, fade(asked.ages.get(entry.key, (today - entry.first_listed_on).days))

    typed = tuple(Interest(Kind.TOPIC, text) for text in asked.keywords)
    return Reader(
        (*typed, *asked.interests),
        likes=tuple(map(trusted, asked.likes)),
        dislikes=tuple(map(trusted, asked.dislikes)),
        lent=company.direction([like.key for like in asked.likes]) if company else None,
    )


RANKERS: Mapping[str, Fit] = {"default": serving_ranker(), "tfidf": tfidf_ranker}
# What is measured where no ranker is named, as far as it can be had.
USUAL = ("default", "semantic")
