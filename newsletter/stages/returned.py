"""What comes back, by whatever way: read, kept, and led to what follows, in one transaction.

Every way in calls `Intake.take` (a mail) or `Intake.take_report` (a provider's event). Whose mail it was is
told by what we signed, the address it came back to or the Message-ID of the mail; an address that a
report merely names is believed only where whoever hands it over vouches for it: anybody can write a
mail that says that somebody's mailbox is gone.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.bounce.parse import parse
from newsletter.bounce.reading import read_mail
from newsletter.bounce.scoring import HALF_LIFE, SCORED, Effect, decide
from newsletter.bounce.values import BOUNCES, Finding, Kind, Report
from newsletter.stages.letters import Links
from newsletter.store import returned as store
from newsletter.store.engine import Sessions
from newsletter.store.tables import Delivery
from subscribers.address import address_hash, parse_address
from subscribers.consent import Origin
from subscribers.errors import AddressError, TokenError
from subscribers.preferences import find, locked
from subscribers.returning import counts_since
from subscribers.signup import SendNotice, unsubscribe
from subscribers.suppression import SuppressionReason, suppress
from subscribers.tables import Subscriber
from subscribers.tokens import TagPurpose

KEPT_BYTES = 64 * 1024
"""How much of a returned mail is kept: all of a report, and the headers of the mail in it."""

_ENVELOPE = ("to", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "cc")
_LOOK_BACK = timedelta(days=10 * HALF_LIFE)  # older bounces weigh a thousandth
_GRAVEST = (
    Kind.COMPLAINT, Kind.UNSUBSCRIBE, Kind.HARD, Kind.FULL, Kind.SOFT, Kind.BLOCKED, Kind.DELAY,
    Kind.DELIVERED, Kind.CHALLENGE, Kind.AUTO_REPLY, Kind.UNKNOWN,
)  # fmt: skip
_MESSAGE_ID = re.compile(r"<(\d{8})\.(\d{1,18})\.[0-9a-f]{16}@")
# What an automatic answer is to a digest, mail to the address that a reader writes to on purpose is not.
_NOT_A_WISH = BOUNCES | {Kind.DELAY, Kind.DELIVERED, Kind.COMPLAINT}


@dataclass(frozen=True, slots=True)
class Taken:
    """What one returned mail said of each recipient, and what that led to.

    `again`: the same bytes were here before, and nothing was done.
    """

    outcomes: tuple[tuple[Kind, Effect], ...] = ()
    again: bool = False


@dataclass(frozen=True, slots=True)
class _Whose:
    """The reader that a report is proven to be about, and their delivery if it is known."""

    subscriber_id: int
    delivery_id: int | None = None


@dataclass(frozen=True)
class Intake:
    """The one place that everything that comes back goes through."""

    sessions: Sessions
    links: Links
    send_notice: SendNotice
    now: Callable[[], datetime]

    def take(self, raw: bytes, *, way: str, to: Sequence[str] = (), trusted: bool = False) -> Taken:
        """Take one mail, whatever its bytes are. `to`: the envelope's recipients, where they are known.

        `trusted`: believe the addresses that it names. Raises only what the database raises: then
        nothing was done, and the mail is to be handed over again.
        """
        mail = read_mail(raw)
        told = "\n".join([*to, *(mail.header(name) for name in _ENVELOPE)])
        report = parse(raw)
        leaving = self._tagged(told, TagPurpose.LEAVE)
        kinds = {finding.kind for finding in report.findings}
        if leaving is not None and not kinds & _NOT_A_WISH:
            report = Report((Finding(Kind.UNSUBSCRIBE),), report.message_id)
        whose = leaving if leaving is not None and not kinds & _NOT_A_WISH else None
        if whose is None:
            whose = self._tagged(f"{told}\n{mail.text}", TagPurpose.RETURN)
        return self._settle(report, raw, way, whose, trusted=trusted)

    def take_report(self, report: Report, raw: bytes, *, way: str, told: str = "") -> Taken:
        """Take a provider's report, whose origin was verified. `told`: where a signed address may stand."""
        return self._settle(report, raw, way, self._tagged(told, TagPurpose.RETURN), trusted=True)

    def _tagged(self, text: str, purpose: TagPurpose) -> _Whose | None:
        """The reader of the first signed address in a text."""
        local, _, domain = self.links.returns.rpartition("@")
        if not local:
            return None
        # An equals sign stands for the @ where another VERP was put around ours (BATV, SRS, Postfix).
        pattern = rf"{re.escape(local)}\+([a-z2-7]{{47}})[@=]{re.escape(domain)}"
        for tag in dict.fromkeys(re.findall(pattern, text, re.IGNORECASE)):
            try:
                subscriber_id, number = self.links.signer.read_tag(tag, purpose)
            except TokenError:
                continue
            return _Whose(subscriber_id, number or None)
        return None

    def _settle(
        self, report: Report, raw: bytes, way: str, whose: _Whose | None, *, trusted: bool
    ) -> Taken:
        now = self.now()
        kind = min((f.kind for f in report.findings), key=_GRAVEST.index)
        row: dict[str, object] = {
            "digest": hashlib.sha256(raw).hexdigest(),
            "way": way,
            "kind": kind.value,
            "message_id": storable(report.message_id)[:500],
            "size": len(raw),
            "raw": raw[:KEPT_BYTES],
            "received_at": now,
        }
        with self.sessions.begin() as session:
            returned_id = store.keep(session, row)
            if returned_id is None:
                return Taken(again=True)
            whose = whose or self._by_message_id(session, report.message_id)
            concerned = self._concerned(session, report.findings, whose, trusted=trusted)
            outcomes = tuple(
                (finding.kind, self._follow(session, returned_id, finding, who, now))
                for finding, who in concerned
            )
            store.settle(
                session, returned_id, {who.subscriber_id if who else None for _, who in concerned}
            )
        return Taken(outcomes)

    def _by_message_id(self, session: Session, message_id: str) -> _Whose | None:
        found = _MESSAGE_ID.match(message_id)
        if found is None:
            return None
        subscriber_id = session.scalar(
            select(Delivery.subscriber_id).where(Delivery.id == int(found[2]))
        )
        if subscriber_id is None:
            return None
        made = self.links.message_id(found[1], int(found[2]), subscriber_id)
        if not hmac.compare_digest(made.encode(), message_id.encode("utf-8", "replace")):
            return None
        return _Whose(subscriber_id, int(found[2]))

    def _concerned(
        self,
        session: Session,
        findings: Sequence[Finding],
        whose: _Whose | None,
        *,
        trusted: bool,
    ) -> list[tuple[Finding, _Whose | None]]:
        """Which finding is about which reader. A signed address speaks for one reader alone."""
        if whose is not None:
            person = session.get(Subscriber, whose.subscriber_id)
            if person is not None:
                delivery = whose.delivery_id
                known = delivery is not None and session.get(Delivery, delivery) is not None
                proven = _Whose(person.id, delivery if known else None)
                return [(_own(findings, person.address_hash), proven)]
        return [(f, _named(session, f.recipient) if trusted else None) for f in findings]

    def _follow(
        self,
        session: Session,
        returned_id: int,
        finding: Finding,
        whose: _Whose | None,
        now: datetime,
    ) -> Effect:
        row = store.Bounce(
            returned_id=returned_id,
            subscriber_id=whose.subscriber_id if whose else None,
            delivery_id=whose.delivery_id if whose else None,
            kind=finding.kind.value,
            status=finding.status[:16],
            diagnostic=storable(finding.diagnostic)[:500],
            effect=Effect.NOBODY.value,
            at=now,
        )
        person = locked(session, whose.subscriber_id) if whose else None
        if person is not None:
            row.effect = self._apply(session, person, finding.kind, now).value
        session.add(row)
        session.flush()
        return Effect(row.effect)

    def _apply(self, session: Session, person: Subscriber, kind: Kind, now: datetime) -> Effect:
        kinds = [scored.value for scored in SCORED]
        forgiven = counts_since(session, person.id)
        after = max(now - _LOOK_BACK, forgiven) if forgiven else now - _LOOK_BACK
        days = store.bad_days(session, person.id, kinds, after) | {now.date()}
        effect = decide(kind, days, now.date())
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
        return effect


def _own(findings: Iterable[Finding], hashed: str) -> Finding:
    """The finding about a reader's own address, else the mildest: they may have mail forwarded."""
    told = list(findings)
    own = [f for f in told if f.recipient and _hash(f.recipient) == hashed]
    return (own or sorted(told, key=lambda f: -_GRAVEST.index(f.kind)))[0]


def _named(session: Session, recipient: str) -> _Whose | None:
    found = find(session, _hash(recipient))
    return None if found is None else _Whose(found)


def _hash(recipient: str) -> str:
    try:
        return parse_address(recipient).hash
    except AddressError:
        return address_hash(recipient.encode("ascii", "replace").decode())


def _no_notice(*_: object) -> None:
    """Nobody is told."""


def storable(text: str) -> str:
    """`text` as any database takes it: no NUL, no half characters."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")
