"""The two votes that a paper's page offers to whoever came by a vote link of theirs."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from newsletter.model import Entry
from subscribers.consent import State
from subscribers.errors import TokenError
from subscribers.feedback import vote_on
from subscribers.tables import Subscriber
from subscribers.tokens import LESS, MORE, Purpose
from subscribers.web.deps import WebDeps


@dataclass(frozen=True, slots=True)
class Ballots:
    """The tokens of both votes, and the vote that stands: True for more, False for less, None for none."""

    more: str
    less: str
    stands: bool | None
    active: bool


def ballots(session: Session, deps: WebDeps, token: str, entry: Entry) -> Ballots | None:
    """What a token entitles to; None if it is not, or no longer, a vote on this very paper."""
    try:
        link = deps.signer.read(token, Purpose.VOTE, now=deps.now())
    except TokenError:
        return None
    who = session.get(Subscriber, link.subscriber_id)
    if who is None or who.links_version != link.links_version or link.made_at is None:
        return None
    if link.ballot is None or link.ballot.entry_id != entry.id:
        return None
    # Made as of the link's own day, lest each page be the start of a chain that never expires.
    votes = deps.signer.make_votes(who.id, who.links_version, [entry.id], now=link.made_at)
    stands = vote_on(session, who.id, entry.key)
    return Ballots(
        *votes[entry.id],
        stands={MORE: True, LESS: False}.get(stands) if stands is not None else None,
        active=who.state == State.CONFIRMED,
    )
