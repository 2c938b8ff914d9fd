"""A block of subscribers against the day: their profiles and wishes ranked, and who speaks for what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from newsletter.match.causes import causes
from newsletter.match.diversity import diversified
from newsletter.match.explore import CONSIDERED, explored
from newsletter.match.features import Day
from newsletter.match.folding import Folds
from newsletter.match.profiles import Profiles
from newsletter.match.rank import Crowd, Papers, Ranking, rank, rank_openly
from newsletter.match.readers import Reader, looked_for
from newsletter.match.topk import LEAST, Top
from newsletter.match.vocabulary import Floats
from newsletter.match.wishes import Seeds, WishScores, score_wishes
from newsletter.model import Match
from subscribers.profile import Kind

# How many spreads above an ordinary paper one must be to be sent, however little else there is; less
# where a wish is met in words. What they cost and spare: benchmarks/ablate.py.
FLOOR = 2.5
FLOOR_IN_WORDS = 0.75
# Popularity only orders what is equal otherwise: at most a tenth of a spread.
MOST_PRIOR = 0.1
_NEVER = 3e38
# What readers said, times the day's entries: so many are compared at once, some 200 MB at the most.
_MOST_CELLS = 1 << 24


@dataclass(frozen=True, slots=True)
class Found:
    """What the day holds for one reader: the best entries, in the order in which to choose them, and
    one to explore, if there is any.
    """

    matches: tuple[Match, ...] = ()
    explore: Match | None = None


def match_block(
    day: Day, readers: Sequence[Reader], profiles: Profiles, limits: Sequence[int], seeds: Seeds
) -> list[Found]:
    """The best entries for each reader, at most as many as each one's limit, and one to explore.

    Where there are more, the best of each wish is among them. A reader without any wish is shown what
    is popular. What is muted, was sent or was considered before never appears; neither does an entry
    that is no better than ordinary for the reader.
    """
    if not day.entries:
        return [Found() for _ in readers]
    return [
        found
        for part in _parts(readers, len(day.entries))
        for found in _matched(day, readers[part], profiles[part], limits[part], seeds)
    ]


def _parts(readers: Sequence[Reader], entries: int) -> Iterator[slice]:
    """Neighbours who are looked at together; whoever said more than fits is looked at alone."""
    start, cells = 0, 0
    for at, reader in enumerate(readers):
        more = (len(reader.interests) + len(reader.likes)) * entries
        if cells + more > _MOST_CELLS and at > start:
            yield slice(start, at)
            start, cells = at, 0
        cells += more
    if start < len(readers):
        yield slice(start, len(readers))


def _matched(
    day: Day, readers: Sequence[Reader], profiles: Profiles, limits: Sequence[int], seeds: Seeds
) -> list[Found]:
    found = _look_up(day, readers, seeds)
    how = Ranking(k=max(limits), floor_in_words=FLOOR_IN_WORDS)
    crowd, papers = _crowd(day, readers, profiles, found), _papers(day, found)
    crowd = replace(crowd, most=np.array(limits, np.int64))
    papers = replace(papers, folds=Folds.of(np.array(day.twins, np.int64)))
    best, open_to = rank_openly(crowd, papers, how, CONSIDERED)
    best = diversified(day, best)
    explore = explored(day, open_to, best.columns, FLOOR).tolist()
    named = causes(day, readers, found, best.columns)
    rows = zip(readers, best.columns.tolist(), best.scores.tolist(), named, explore, strict=True)
    return [
        Found(
            tuple(
                [Match(*match) for match in zip(kept, scores, said, strict=True) if match[0] >= 0]
            ),
            Match(other, 0.0) if other >= 0 and reader.has_wishes else None,
        )
        for reader, kept, scores, said, other in rows
    ]


def order_block(
    day: Day, readers: Sequence[Reader], profiles: Profiles, seeds: Seeds
) -> NDArray[np.int32]:
    """The rows of all entries in the order of `match_block`, (readers, entries): what a digest may
    hold comes first, the rest follows by how good it is. For evaluation.
    """
    found = _look_up(day, readers, seeds)
    crowd, papers = _crowd(day, readers, profiles, found), _papers(day, found)
    count = len(day.entries)
    how = Ranking(k=count, floor_in_words=FLOOR_IN_WORDS)
    good = _scores(rank(crowd, papers, how), count)
    every = _scores(rank(replace(crowd, floor=None), papers, how), count)
    first = np.where(good > LEAST, good + np.float32(1e4), every)
    return np.argsort(-first, axis=1, kind="stable").astype(np.int32)


def _scores(top: Top, count: int) -> Floats:
    """The scores in the order of the entries again; LEAST where one was barred."""
    found = np.full((len(top.columns), count + 1), LEAST, np.float32)
    np.put_along_axis(found, top.columns.astype(np.int64), top.scores, axis=1)
    return found[:, :count]


def _look_up(day: Day, readers: Sequence[Reader], seeds: Seeds) -> WishScores:
    wishes = {looked_for(wish) for reader in readers for wish in reader.interests}
    liked = {(Kind.SEED, key) for reader in readers for key, _ in reader.likes}
    return score_wishes(day, sorted(wishes | liked), seeds)


def _papers(day: Day, found: WishScores) -> Papers:
    is_seed = np.array([kind is Kind.SEED for kind, _ in found.index], dtype=bool)
    in_words = sparse.csr_matrix(sparse.diags((~is_seed).astype(np.float32)) @ found.scores)
    in_words.eliminate_zeros()
    popularity = day.popularity / (1 + float(day.popularity.max(initial=0)))
    return Papers(
        len(day.entries),
        np.ascontiguousarray(day.features.dense.T),
        terms=sparse.csr_matrix(day.features.terms.T),
        wishes=found.exact,
        voices=in_words,
        hits=found.scores,
        prior=np.asarray(MOST_PRIOR * popularity, np.float32),
    )


def _crowd(day: Day, readers: Sequence[Reader], profiles: Profiles, found: WishScores) -> Crowd:
    never = [reader.seen_rows + reader.barred_rows for reader in readers]
    lengths = [len(rows) for rows in never]
    seen = np.array([row for rows in never for row in rows], np.int32)
    shape = (len(readers), len(day.entries))
    # Who wants nothing in particular is shown what is popular, as far as it is not like what they voted
    # down: how unlike that it is makes no paper better.
    only_popular = np.array([not reader.has_wishes for reader in readers], bool)
    return Crowd(
        len(readers),
        profiles.features.dense,
        terms=profiles.features.terms,
        mean=profiles.mean - np.where(only_popular, FLOOR * profiles.spread, np.float32(0)),
        spread=profiles.spread,
        ceiling=np.where(only_popular, 0, np.inf).astype(np.float32),
        weights=_weights(readers, found, muted=False),
        muted=_weights(readers, found, muted=True),
        seen=sparse.csr_matrix((np.ones(len(seen)), seen, np.cumsum([0, *lengths])), shape=shape),
        first_rows=np.array([reader.first_row for reader in readers]),
        floor=np.array([_floor(day, reader) for reader in readers], np.float32),
    )


def _floor(day: Day, reader: Reader) -> float:
    """What an entry must reach that no wish is met in.

    Shared terms and company alone cannot show why it is there, unless an example paper can be named;
    an encoder knows what words mean. Who asked for nothing takes anything.
    """
    if not reader.has_wishes:
        return LEAST
    topics = any(wish.kind is Kind.TOPIC and not wish.muted for wish in reader.interests)
    can_be_told = reader.has_examples or (topics and bool(day.space.encoder))
    return FLOOR if can_be_told else _NEVER


def _weights(readers: Sequence[Reader], found: WishScores, *, muted: bool) -> sparse.csr_matrix:
    """Sparse (readers, wishes): how much each reader wants each wish, or 1 where it is muted."""
    data: list[float] = []
    columns: list[int] = []
    starts = [0]
    for reader in readers:
        for interest in reader.interests:
            if interest.muted is muted:
                columns.append(found.index[looked_for(interest)])
                data.append(1.0 if muted else interest.weight)
        starts.append(len(columns))
    shape = (len(readers), len(found.index))
    return sparse.csr_matrix((np.array(data, np.float32), columns, starts), shape=shape)
