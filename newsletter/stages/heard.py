"""What readers' votes since their last digest asked for, told in the head of the next one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from newsletter.model import Digest, EvidenceKind, Heard, Skip
from newsletter.store import reading
from subscribers.audience import Member
from subscribers.feedback import VoteGiven


def heard(
    session: Session,
    members: Sequence[Member],
    digests: Sequence[Digest | Skip],
    last: Mapping[int, datetime],
    earliest: datetime,
) -> dict[int, Heard]:
    """What is to be told to each who has voted since their `last` digest was planned, or since `earliest`.

    Who gets no digest is told with the next one.
    """
    fresh: dict[int, list[VoteGiven]] = {}
    for member, digest in zip(members, digests, strict=True):
        if member.votes and isinstance(digest, Digest):
            since = last.get(member.id, earliest)
            given = [vote for vote in member.votes if vote.at > since]
            if given:
                fresh[member.id] = sorted(given, key=lambda vote: (vote.at, vote.entry_key))
    if not fresh:
        return {}
    keys = {vote.entry_key for votes in fresh.values() for vote in votes}
    titles = {key: title for key, (title, _) in reading.texts_by_key(session, keys).items()}
    picked = {
        member.id: digest
        for member, digest in zip(members, digests, strict=True)
        if isinstance(digest, Digest)
    }
    told = {id_: _told(votes, titles, picked[id_]) for id_, votes in fresh.items()}
    return {id_: said for id_, said in told.items() if said.more or said.less}


def _told(votes: Sequence[VoteGiven], titles: Mapping[str, str], digest: Digest) -> Heard:
    known = [vote for vote in votes if titles.get(vote.entry_key)]
    up = [vote.entry_key for vote in known if vote.value > 0]
    down = [vote.entry_key for vote in known if vote.value < 0]
    return Heard(
        more=titles[up[-1]] if up else "",
        more_others=max(len(up) - 1, 0),
        less=titles[down[-1]] if down else "",
        less_others=max(len(down) - 1, 0),
        near=sum(
            any(each.kind is EvidenceKind.LIKED and each.interest in up for each in pick.evidence)
            for pick in digest.picks
        ),
    )
