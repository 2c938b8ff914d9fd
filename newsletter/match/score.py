"""A block of subscribers against the day: one sparse product, masks, top k. No loop before the picks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from newsletter.match.features import Day, Floats
from newsletter.match.topk import Columns, top_k
from newsletter.match.wishes import Seeds, Wish, WishScores, score_wishes, wish_of
from newsletter.model import Match
from subscribers.profile import Interest, Kind

_SPOKEN_FOR = float(np.finfo(np.float32).tiny)  # any score above 0


@dataclass(frozen=True, slots=True)
class Reader:
    """What matching needs of a subscriber.

    `first_row`: entries before this row were considered for an earlier digest.
    `seen_rows`: rows that were sent to this person already.
    """

    interests: tuple[Interest, ...]
    first_row: int = 0
    seen_rows: tuple[int, ...] = ()


def match_block(day: Day, readers: Sequence[Reader], limit: int, seeds: Seeds) -> list[list[Match]]:
    """The best entries for each reader, best first, at most `limit` each.

    A reader without any wish is shown what is popular. What is muted, was sent or was considered
    before never appears; neither does an entry that no wish speaks for.
    """
    if not day.entries or not readers:
        return [[] for _ in readers]
    wishes = sorted({_looked_for(wish) for reader in readers for wish in reader.interests})
    found = score_wishes(day, wishes, seeds)
    scores = _total(day, readers, found)
    best = top_k(scores, limit, least=_SPOKEN_FOR)
    return [
        _matches(reader, found, scores[number], rows[rows >= 0])
        for number, (reader, rows) in enumerate(zip(readers, best.columns, strict=True))
    ]


def _looked_for(interest: Interest) -> Wish:
    kind, text = wish_of(interest)
    # A muted topic is muted where its words stand, not where something is like it.
    return (Kind.PHRASE, text) if interest.muted and kind is Kind.TOPIC else (kind, text)


def _total(day: Day, readers: Sequence[Reader], found: WishScores) -> Floats:
    """Dense scores of shape (readers, entries); 0 where an entry must not be picked."""
    wanted = _weights(readers, found, muted=False) @ found.scores
    scores: Floats = np.asarray(wanted.todense(), dtype=np.float32)
    # Popularity only orders what is equal otherwise: at most a hundredth of a good match.
    tie = 0.004 * day.popularity / (1 + float(day.popularity.max()))
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
    strength = np.zeros((len(places), len(kept)), dtype=np.float32)
    for number, place in enumerate(places):
        interest = reader.interests[place]
        line = found.row(_looked_for(interest))
        strength[number] = np.float32(interest.weight) * line[kept]
    order = np.argsort(-strength, axis=0, kind="stable").T.tolist()
    speaking = np.count_nonzero(strength > 0, axis=0).tolist()
    return [
        Match(row, value, tuple([places[at] for at in order[column][: speaking[column]]]))
        for column, (row, value) in enumerate(zip(rows, values, strict=True))
    ]
