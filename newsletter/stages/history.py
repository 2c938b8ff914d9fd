"""Past editions as ranking tasks: what readers voted up, to be found again from what was known before.

Nothing that came after a digest was planned takes part in ranking its day: no vote, no paper, no
attention. Three things are as they are now, for their past is not kept: wishes, texts, and votes that
were changed (a changed vote is as old as its change).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy.orm import Session

from newsletter.match.evaluate import Figures, Fit, Folder, Task, evaluate_all
from newsletter.stages.plan import OVERLAP
from newsletter.stages.spaces import ARCHIVE_TEXTS
from newsletter.store import history, reading
from newsletter.store.history import PastDigest
from subscribers import audience
from subscribers.audience import Member
from subscribers.feedback import VoteGiven
from subscribers.profile import Interest
from subscribers.signup import LOOK_BACK

# Likes known at that moment: at most so many -> the group's name.
_GROUPS = ((0, "0 liked"), (1, "1 liked"), (3, "2-3 liked"), (10, "4-10 liked"))
_MORE = "more liked"
_DAY = timedelta(days=1)

Weeks = Mapping[date, Sequence["Moment"]]
"""Moments by the Monday (UTC) of their week."""
_PoolOf = Callable[[datetime, datetime], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Moment:
    """A reader when a digest was planned. Papers are ids; `relevant` of the `pool` were voted up later.

    `voted`: what they had voted on by then: id -> (direction, days ago).
    """

    subscriber_id: int
    at: datetime
    interests: tuple[Interest, ...]
    voted: Mapping[int, tuple[int, float]]
    pool: tuple[int, ...]
    relevant: frozenset[int]


def read_moments(session: Session, now: datetime, window_days: int) -> Weeks:
    """The past digests, of those who may be mailed at `now`, that brought at least one vote up."""
    pools: dict[tuple[datetime, datetime], list[int]] = {}

    def pool_of(covered: datetime, at: datetime) -> Sequence[int]:
        """What was new then to somebody for whom all up to `covered` had been considered."""
        if (covered, at) not in pools:
            oldest = (at - timedelta(days=window_days)).astimezone(UTC).date()
            after = max(covered, datetime.combine(oldest, time(), UTC))
            pools[covered, at] = history.new_then(session, after, at, oldest)
        return pools[covered, at]

    weeks: defaultdict[date, list[Moment]] = defaultdict(list)
    for members in audience.everybody(session, now=now):
        digests = history.past_digests(session, [member.id for member in members])
        keys = {vote.entry_key for member in members for vote in member.votes}
        id_of = history.entry_ids(session, keys)
        for member in members:
            for moment in _moments(member, digests.get(member.id, ()), id_of, pool_of):
                weeks[_monday(moment.at)].append(moment)
    return dict(sorted(weeks.items()))


def evaluate_history(
    session: Session, weeks: Weeks, fit: Fit, progress: Callable[[int], None] = lambda _: None
) -> dict[str, Figures]:
    """A ranker's figures for each group, by how many likes were known."""
    found = evaluate_all(folders(session, weeks), fit, progress)
    names = [*(name for _, name in _GROUPS), _MORE]
    return {name: found[name] for name in names if name in found}


def folders(session: Session, weeks: Weeks) -> Iterator[Folder]:
    """The tasks of one week after the other.

    What a week is learned from is the archive as it was when that week began; serving learns it anew
    each day.
    """
    for monday, moments in weeks.items():
        begin = datetime.combine(monday, time(), UTC)
        yield _folder(session, history.archive_then(session, begin, ARCHIVE_TEXTS), moments)


def _moments(
    member: Member, digests: Sequence[PastDigest], id_of: Mapping[str, int], pool_of: _PoolOf
) -> Iterator[Moment]:
    given = sorted(member.votes, key=lambda vote: (vote.at, vote.entry_key))
    votes = [(id_of[vote.entry_key], vote) for vote in given if vote.entry_key in id_of]
    stands = dict(votes)  # of several votes on what became one entry the latest counts
    had: set[int] = set()
    covered = None
    for digest in digests:
        at = digest.planned_at
        new = pool_of(at - LOOK_BACK if covered is None else covered, at)
        pool = tuple(id_ for id_ in new if id_ not in had)
        up_later = {id_ for id_, vote in stands.items() if vote.value > 0 and vote.at > at}
        relevant = up_later.intersection(pool)
        if digest.entry_ids and relevant:
            known = _known(votes, at)
            yield Moment(member.id, at, member.interests, known, pool, frozenset(relevant))
        had.update(digest.entry_ids)
        covered = at - OVERLAP


def _known(votes: Sequence[tuple[int, VoteGiven]], at: datetime) -> dict[int, tuple[int, float]]:
    return {id_: (vote.value, (at - vote.at) / _DAY) for id_, vote in votes if vote.at <= at}


def _monday(at: datetime) -> date:
    day = at.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())


def _folder(session: Session, archive: Sequence[int], moments: Sequence[Moment]) -> Folder:
    wanted = {id_ for moment in moments for id_ in (*moment.pool, *moment.voted)}
    # How much a paper was talked about then is not kept, so it plays no part.
    entries = {
        id_: replace(entry, votes=0, comments=0)
        for id_, entry in reading.entries_by_id(session, wanted.union(archive)).items()
    }
    # Most readers of a run have the same pool, and its features are worked out once.
    name_of: dict[tuple[int, ...], str] = {}
    for moment in moments:
        name_of.setdefault(moment.pool, f"{moment.at:%Y-%m-%d %H:%M} {len(name_of)}")
    key_of = {id_: entry.key for id_, entry in entries.items()}
    return Folder(
        {entry.key: entry for entry in entries.values()},
        {name: tuple(key_of[id_] for id_ in pool) for pool, name in name_of.items()},
        tuple(_task(moment, key_of, name_of[moment.pool]) for moment in moments),
        archive=tuple(key_of[id_] for id_ in archive),
    )


def _task(moment: Moment, key_of: Mapping[int, str], pool: str) -> Task:
    likes = [key_of[id_] for id_, (value, _) in moment.voted.items() if value > 0]
    dislikes = [key_of[id_] for id_, (value, _) in moment.voted.items() if value < 0]
    return Task(
        profile=str(moment.subscriber_id),
        group=next((name for most, name in _GROUPS if len(likes) <= most), _MORE),
        keywords=(),
        likes=tuple(likes),
        pool=pool,
        relevant=frozenset(key_of[id_] for id_ in moment.relevant),
        interests=moment.interests,
        dislikes=tuple(dislikes),
        ages={key_of[id_]: age for id_, (_, age) in moment.voted.items()},
    )
