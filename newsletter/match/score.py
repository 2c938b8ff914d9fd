"""A block of subscribers against the day: one sparse product, masks, top k. No loop before the picks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from newsletter.match.features import Day
from newsletter.match.learn import Profiles, Taste, learn
from newsletter.match.topk import Columns, top_k
from newsletter.match.vocabulary import Floats
from newsletter.match.wishes import Seeds, Wish, WishScores, score_wishes, wish_of
from newsletter.model import Match
from subscribers.profile import Interest, Kind

LIKENESS_FLOOR = 0.10
_SPOKEN_FOR = float(np.finfo(np.float32).tiny)  # any score above 0


@dataclass(frozen=True, slots=True)
class Reader:
    """What matching needs of a subscriber.

    `first_row`: entries before this row were considered for an earlier digest.
    `seen_rows`: rows that were sent to this person already.
    `borrowed`: keys and weights of papers that readers of like taste like. They order, they do not
    speak for anything.
    """

    interests: tuple[Interest, ...]
    first_row: int = 0
    seen_rows: tuple[int, ...] = ()
    borrowed: tuple[tuple[str, float], ...] = ()


def match_block(day: Day, readers: Sequence[Reader], limit: int, seeds: Seeds) -> list[list[Match]]:
    """The best entries for each reader, best first, at most `limit` each.

    A reader without any wish is shown what is popular. What is muted, was sent or was considered
    before never appears; neither does an entry that no wish speaks for.
    """
    if not day.entries or not readers:
        return [[] for _ in readers]
    found = _look_up(day, readers, seeds)
    scores = _total(day, readers, found)
    best = top_k(scores, limit, least=_SPOKEN_FOR)
    return [
        _matches(reader, found, scores[number], rows[rows >= 0])
        for number, (reader, rows) in enumerate(zip(readers, best.columns, strict=True))
    ]


def order_block(day: Day, readers: Sequence[Reader], seeds: Seeds) -> Floats:
    """How `match_block` would order all entries for each reader, (readers, entries).

    What a digest may hold comes first; the rest follows by how like it is. For evaluation.
    """
    found = _look_up(day, readers, seeds)
    scores = _total(day, readers, found)
    likeness = _profiles(day, readers, found).likeness(day)
    return np.asarray(np.where(scores > 0, scores + 2, likeness), np.float32)


def _look_up(day: Day, readers: Sequence[Reader], seeds: Seeds) -> WishScores:
    wishes = {_looked_for(wish) for reader in readers for wish in reader.interests}
    borrowed = {(Kind.SEED, key) for reader in readers for key, _ in reader.borrowed}
    return score_wishes(day, sorted(wishes | borrowed), seeds)


def _profiles(day: Day, readers: Sequence[Reader], found: WishScores) -> Profiles:
    tastes = [
        Taste(
            topics=_places(reader, found, {Kind.TOPIC, Kind.PHRASE}),
            examples=(
                *_places(reader, found, {Kind.SEED}),
                *((found.index[Kind.SEED, key], weight) for key, weight in reader.borrowed),
            ),
        )
        for reader in readers
    ]
    return learn(day.space, found.texts, tastes)


def _places(reader: Reader, found: WishScores, kinds: set[Kind]) -> tuple[tuple[int, float], ...]:
    return tuple(
        (found.index[_looked_for(wish)], wish.weight)
        for wish in reader.interests
        if wish.kind in kinds and not wish.muted
    )


def _looked_for(interest: Interest) -> Wish:
    kind, text = wish_of(interest)
    # A muted topic is muted where its words stand, not where something is like it.
    return (Kind.PHRASE, text) if interest.muted and kind is Kind.TOPIC else (kind, text)


def _total(day: Day, readers: Sequence[Reader], found: WishScores) -> Floats:
    """Dense scores of shape (readers, entries); 0 where an entry must not be picked."""
    weights = _weights(readers, found, muted=False)
    speaks = np.asarray((weights @ found.scores).todense(), np.float32)
    exact = np.asarray((weights @ found.exact).todense(), np.float32)
    likeness = _profiles(day, readers, found).likeness(day)
    # A wish must speak for an entry, in words that can be shown; how like it is decides the order.
    # One example paper among many says little, so with examples alone the whole must be like it too.
    is_seed = np.array([kind is Kind.SEED for kind, _ in found.index], dtype=bool)
    in_words = np.asarray((weights @ _without(found.scores, is_seed)).todense(), np.float32)
    speaks[(in_words <= 0) & (likeness < LIKENESS_FLOOR)] = 0
    # What a wish speaks for is a little good even where nothing is like it.
    good = np.maximum(np.round(likeness + exact, 5), 1e-3 * np.minimum(speaks, 1))
    scores: Floats = np.where(speaks > 0, good, 0).astype(np.float32)
    # Popularity only orders what is equal otherwise: at most a hundredth of a good match.
    tie = 0.004 * day.popularity / (1 + float(day.popularity.max(initial=0)))
    scores += (scores > 0) * tie
    for number, reader in enumerate(readers):
        if all(wish.muted for wish in reader.interests):
            scores[number] = 1e-3 + tie
    muted = _weights(readers, found, muted=True) @ (found.scores > 0).astype(np.float32)
    scores[np.asarray(muted.todense()) > 0] = 0
    rows = np.arange(len(day.entries))
    scores[rows[None, :] < np.array([reader.first_row for reader in readers])[:, None]] = 0
    for number, reader in enumerate(readers):
        scores[number, list(reader.seen_rows)] = 0
    return scores


def _without(scores: sparse.csr_matrix, rows: NDArray[np.bool_]) -> sparse.csr_matrix:
    return sparse.csr_matrix(sparse.diags((~rows).astype(np.float32)) @ scores)


def _weights(readers: Sequence[Reader], found: WishScores, *, muted: bool) -> sparse.csr_matrix:
    """Sparse (readers, wishes): how much each reader wants each wish, or 1 where it is muted."""
    data: list[float] = []
    columns: list[int] = []
    starts = [0]
    for reader in readers:
        for interest in reader.interests:
            if interest.muted is muted:
                columns.append(found.index[_looked_for(interest)])
                data.append(1.0 if muted else interest.weight)
        starts.append(len(columns))
    shape = (len(readers), len(found.index))
    return sparse.csr_matrix((np.array(data, np.float32), columns, starts), shape=shape)


def _matches(reader: Reader, found: WishScores, scores: Floats, kept: Columns) -> list[Match]:
    """Matches of the entries `kept`, with the wishes that speak for each."""
    places = [place for place, wish in enumerate(reader.interests) if not wish.muted]
    rows, values = kept.tolist(), scores[kept].tolist()
    if not places:
        return [Match(row, value) for row, value in zip(rows, values, strict=True)]
    wishes = [_looked_for(reader.interests[place]) for place in places]
    hits = np.array([found.row(wish)[kept] for wish in wishes], dtype=np.float32)
    weights = np.array([reader.interests[place].weight for place in places], dtype=np.float32)
    order = np.argsort(-weights[:, None] * hits, axis=0, kind="stable")
    # An example paper that is hardly like it is named only where nothing better speaks for the entry.
    is_seed = np.array([kind is Kind.SEED for kind, _ in wishes])
    told = hits > np.where(is_seed, LIKENESS_FLOOR, 0)[:, None]
    told[order[0], np.arange(len(kept))] = True
    named = [[at for at in column if told[at, row]] for row, column in enumerate(order.T.tolist())]
    return [
        Match(row, value, tuple([places[at] for at in said]))
        for row, value, said in zip(rows, values, named, strict=True)
    ]
