"""From ledger rows to mails: everything in them is a function of the row, so a retry sends the same."""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.model import Digest, Entry, Pick, Section
from newsletter.render import (
    DigestLetter,
    MailRenderer,
    NoticeKind,
    NoticeLetter,
    Reader,
    UnmailableError,
)
from newsletter.stages.send import Broken, Job
from newsletter.store import planning, reading, tables
from subscribers.profile import Interest, Kind, wish_text
from subscribers.tables import InterestRow, Subscriber
from subscribers.tokens import LIFETIME, LinkSigner, Purpose


@dataclass(frozen=True)
class Links:
    """Makes what is signed: the readers' links and the Message-IDs."""

    base_url: str
    signer: LinkSigner
    secret: bytes
    domain: str

    def url(
        self, path: str, purpose: Purpose, subscriber_id: int, version: int, now: datetime
    ) -> str:
        """A signed address on the site."""
        return (
            f"{self.base_url}/{path}/{self.signer.make(purpose, subscriber_id, version, now=now)}"
        )

    def message_id(self, kind: str, row_id: int, subscriber_id: int) -> str:
        """The one Message-ID of a row. The mark keeps others from guessing it."""
        named = f"{kind}.{row_id}.{subscriber_id}".encode()
        mark = hmac.new(self.secret, b"message-id\0" + named, hashlib.sha256).hexdigest()[:16]
        return f"<{kind}.{row_id}.{mark}@{self.domain}>"


class DigestLetters:
    """Loads claimed deliveries as jobs; keeps the entries it has read, for readers share them."""

    def __init__(self, renderer: MailRenderer, links: Links) -> None:
        self._renderer = renderer
        self._links = links
        self._entries: dict[int, Entry] = {}

    def load(self, session: Session, ids: Sequence[int]) -> Iterator[Job | Broken]:
        """The mails of these deliveries, in the order of the ids."""
        for row, letter in self.letters(session, ids):
            try:
                message = self._renderer.digest(letter)
            except UnmailableError as error:
                yield Broken(row.id, str(error))
            else:
                yield Job(message, row.attempts, row.planned_at)

    def letters(self, session: Session, ids: Sequence[int]) -> Iterator[tuple[Any, DigestLetter]]:
        """The letters of these deliveries."""
        delivery = tables.Delivery
        rows = session.execute(
            select(
                delivery.id,
                delivery.subscriber_id,
                delivery.edition_day,
                delivery.considered,
                delivery.left_out,
                delivery.note,
                delivery.planned_at,
                delivery.attempts,
                Subscriber.email,
                Subscriber.links_version,
            )
            .join(Subscriber, Subscriber.id == delivery.subscriber_id)
            .where(delivery.id.in_(ids))
            .order_by(delivery.id)
        ).all()
        picks = self._picks(session, ids)
        for row in rows:
            digest = Digest(tuple(picks[row.id]), row.considered, row.left_out)
            yield row, self._letter(row, digest)

    def _picks(self, session: Session, ids: Sequence[int]) -> dict[int, list[Pick]]:
        pick = tables.Pick
        found: defaultdict[int, list[Pick]] = defaultdict(list)
        rows = session.execute(
            select(pick.delivery_id, pick.entry_id, pick.section, pick.score, pick.evidence)
            .where(pick.delivery_id.in_(ids))
            .order_by(pick.delivery_id, pick.position)
        )
        for delivery_id, entry_id, section, score, stored in rows:
            evidence = planning.read_evidence(stored)
            found[delivery_id].append(Pick(entry_id, Section(section), score, evidence))
        wanted = {pick.entry_id for picks in found.values() for pick in picks}
        missing = wanted - self._entries.keys()
        if missing:
            self._entries.update(reading.entries_by_id(session, missing))
        return found

    def _letter(self, row: Any, digest: Digest) -> DigestLetter:
        return self.letter(
            Person(row.subscriber_id, row.email, row.links_version),
            digest,
            self._entries,
            day=row.edition_day,
            planned_at=row.planned_at,
            row_id=row.id,
            note=row.note,
        )

    def letter(
        self,
        person: Person,
        digest: Digest,
        entries: Mapping[int, Entry],
        *,
        day: date,
        planned_at: datetime,
        row_id: int = 0,
        note: str | None = None,
    ) -> DigestLetter:
        """One letter, with its links; also used for previews, which have no row."""
        url, who = self._links.url, (person.id, person.links_version, planned_at)
        return DigestLetter(
            delivery_id=row_id,
            message_id=self._links.message_id(f"{day:%Y%m%d}", row_id, person.id),
            sent_at=planned_at,
            day=day,
            reader=Reader(
                email=person.email,
                preferences_url=url("preferences", Purpose.PREFERENCES, *who),
                unsubscribe_url=url("unsubscribe", Purpose.UNSUBSCRIBE, *who),
            ),
            digest=digest,
            entries=entries,
            votes=self._links.signer.make_votes(
                person.id,
                person.links_version,
                [pick.entry_id for pick in digest.picks],
                now=planned_at,
            ),
            notes=(note,) if note else (),
        )


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a letter is for."""

    id: int
    email: str
    links_version: int


_PATHS = {NoticeKind.CONFIRM: "confirm", NoticeKind.PREFERENCES: "preferences"}
_PURPOSES = {NoticeKind.CONFIRM: Purpose.CONFIRM, NoticeKind.PREFERENCES: Purpose.PREFERENCES}


class NoticeLetters:
    """Loads claimed notices as jobs."""

    def __init__(self, renderer: MailRenderer, links: Links) -> None:
        self._renderer = renderer
        self._links = links

    def load(self, session: Session, ids: Sequence[int]) -> Iterator[Job | Broken]:
        """The mails of these notices."""
        notice = tables.Notice
        rows = session.execute(
            select(notice, Subscriber.email)
            .join(Subscriber, Subscriber.id == notice.subscriber_id)
            .where(notice.id.in_(ids))
            .order_by(notice.id)
        ).all()
        for row, email in rows:
            kind = NoticeKind(row.kind)
            try:
                message = self._renderer.notice(kind, self._letter(session, kind, row, email))
            except UnmailableError as error:
                yield Broken(row.id, str(error))
            else:
                yield Job(message, row.attempts, row.created_at)

    def _letter(
        self, session: Session, kind: NoticeKind, row: tables.Notice, email: str
    ) -> NoticeLetter:
        lifetime = LIFETIME[_PURPOSES[kind]]
        return NoticeLetter(
            notice_id=row.id,
            message_id=self._links.message_id(kind.value, row.id, row.subscriber_id),
            sent_at=row.created_at,
            email=email,
            link=f"{self._links.base_url}/{_PATHS[kind]}/{row.context['token']}",
            expires_at=row.created_at + lifetime if lifetime else None,
            wishes=_wishes(session, row.subscriber_id),
        )


def _wishes(session: Session, subscriber_id: int) -> tuple[str, ...]:
    rows = session.execute(
        select(InterestRow.kind, InterestRow.text, InterestRow.weight, InterestRow.muted)
        .where(InterestRow.subscriber_id == subscriber_id)
        .order_by(InterestRow.position)
    )
    return tuple(
        wish_text(Interest(Kind(kind), text, weight, muted)) for kind, text, weight, muted in rows
    )
