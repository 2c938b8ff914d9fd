"""What comes back, by whatever way: read, kept, and led to what follows, in one transaction.

Every way in calls `Intake.take`, or `Intake.take_all` with what `arriving` has read. Whose mail it was is
told by what we signed, the address that it came back to or the Message-ID of the mail; an address that a
report merely names is believed only where whoever hands it over vouches for it: anybody can write a mail
that says that somebody's mailbox is gone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from newsletter.bounce.scoring import ACTING, HALF_LIFE, SCORED, Effect, decide
from newsletter.bounce.values import Kind
from newsletter.receive.hooks.event import HookRefusedError
from newsletter.stages.arriving import Arrival, from_mail
from newsletter.stages.letters import Links
from newsletter.stages.whose import Claim, Concerned, concerned
from newsletter.store import returned as store
from newsletter.store.engine import Sessions
from subscribers.consent import Origin
from subscribers.notices import SendNotice
from subscribers.signup import unsubscribe
from subscribers.suppression import SuppressionReason, suppress
from subscribers.tables import Subscriber

AT_ONCE = 500
"""How many arrivals one transaction settles at most."""

_LOOK_BACK = timedelta(days=10 * HALF_LIFE)  # older bounces weigh a thousandth


@dataclass(frozen=True, slots=True)
class Taken:
    """What one arrival said of each recipient, and what that led to.

    `again`: the same bytes were here before, and nothing was done.
    """

    outcomes: tuple[tuple[Kind, Effect], ...] = ()
    again: bool = False


@dataclass(frozen=True)
class Intake:
    """The one place that everything that comes back goes through."""

    sessions: Sessions
    links: Links
    send_notice: SendNotice
    now: Callable[[], datetime]

    def take(self, raw: bytes, *, way: str, to: Sequence[str] = (), trusted: bool = False) -> Taken:
        """Settle one mail; arguments as of `arriving.from_mail`."""
        return self.take_all([from_mail(self.links, raw, way=way, to=to, trusted=trusted)])[0]

    def take_all(self, arrivals: Sequence[Arrival]) -> list[Taken]:
        """Settle what came back, up to `AT_ONCE` in a transaction, and tell what became of each.

        Raises what the database raises, and HookRefusedError for an event in another one's place: then
        nothing of that transaction was done, and it may be handed over again.
        """
        found: list[Taken] = []
        for start in range(0, len(arrivals), AT_ONCE):
            with self.sessions.begin() as session:
                found += self._settle(session, arrivals[start : start + AT_ONCE], self.now())
        return found

    def _settle(self, session: Session, arrivals: Sequence[Arrival], now: datetime) -> list[Taken]:
        for arrival in arrivals:
            if arrival.once and not store.bind(session, _token(arrival), arrival.digest, now):
                raise HookRefusedError("its signature came with another event before")
        told = concerned(session, self.links, [Claim(a.report, a.tag, a.trusted) for a in arrivals])
        people = _held(session, _readers(told, ACTING))
        rows = [_row(a, whose, now) for a, whose in zip(arrivals, told, strict=True)]
        fresh = store.keep(session, rows)
        days = store.bad_days(session, _readers(told, SCORED), SCORED, now - _LOOK_BACK)
        found, bounces = [], []
        for arrival, findings in zip(arrivals, told, strict=True):
            number = fresh.pop(arrival.digest, None)
            if number is None:
                found.append(Taken(again=True))
                continue
            effects = [self._follow(session, one, people, days, now) for one in findings]
            followed = list(zip(findings, effects, strict=True))
            bounces += [_bounce(number, one, effect, now) for one, effect in followed]
            found.append(Taken(tuple((one[0].kind, effect) for one, effect in followed)))
        if bounces:
            session.execute(insert(store.Bounce), bounces)
        return found

    def _follow(
        self,
        session: Session,
        one: Concerned,
        people: Mapping[int, Subscriber],
        days: Mapping[int, set[date]],
        now: datetime,
    ) -> Effect:
        finding, whose = one
        if whose is None:
            return Effect.NOBODY
        if whose.former:
            return Effect.KEPT
        today = now.date()
        effect = decide(finding.kind, days.get(whose.subscriber_id, set()) | {today}, today)
        person = people.get(whose.subscriber_id)
        if person is not None:
            self._apply(session, person, effect, finding.kind, now)
        return effect

    def _apply(
        self, session: Session, person: Subscriber, effect: Effect, kind: Kind, now: datetime
    ) -> None:
        if effect is Effect.SUPPRESSED:
            suppress(session, person.address_hash, SuppressionReason.BOUNCED, now)
        elif effect is Effect.UNSUBSCRIBED:
            # Who complains is not mailed once more to be told so.
            quiet = kind is Kind.COMPLAINT
            unsubscribe(
                session,
                person,
                origin=Origin(user_agent="a complaint" if quiet else "a mail"),
                send_notice=_no_notice if quiet else self.send_notice,
                now=now,
            )
            if quiet:
                suppress(session, person.address_hash, SuppressionReason.COMPLAINED, now)


def _token(arrival: Arrival) -> str:
    return hashlib.sha256(f"{arrival.way}\0{arrival.once}".encode("utf-8", "replace")).hexdigest()


def _readers(told: Sequence[Sequence[Concerned]], kinds: frozenset[Kind]) -> set[int]:
    """The readers of whose present address something of these kinds is said."""
    return {
        whose.subscriber_id
        for findings in told
        for finding, whose in findings
        if whose and not whose.former and finding.kind in kinds
    }


def _held(session: Session, ids: set[int]) -> dict[int, Subscriber]:
    """Readers, held against every other writer, all in one order."""
    if not ids:
        return {}
    held = (
        select(Subscriber)
        .where(Subscriber.id.in_(ids))
        .order_by(Subscriber.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {person.id: person for person in session.scalars(held)}


def _row(arrival: Arrival, told: Sequence[Concerned], now: datetime) -> dict[str, Any]:
    readers = {whose.subscriber_id if whose else None for _, whose in told}
    return {
        "digest": arrival.digest,
        "way": arrival.way,
        "kind": arrival.kind.value,
        "message_id": storable(arrival.report.message_id)[:500],
        "size": arrival.size,
        "raw": arrival.raw,
        "received_at": now,
        "subscriber_id": readers.pop() if len(readers) == 1 else None,
    }


def _bounce(number: int, one: Concerned, effect: Effect, now: datetime) -> dict[str, Any]:
    finding, whose = one
    return {
        "returned_id": number,
        "subscriber_id": whose.subscriber_id if whose else None,
        "delivery_id": whose.delivery_id if whose else None,
        "kind": finding.kind.value,
        "status": storable(finding.status)[:16],
        "diagnostic": storable(finding.diagnostic)[:500],
        "effect": effect.value,
        "at": now,
    }


def _no_notice(*_: object) -> None:
    """Nobody is told."""


def storable(text: str) -> str:
    """`text` as any database takes it: no NUL, no half characters."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")
