"""From ledger rows to mails: everything in them is a function of the row, so a retry sends the same."""

from __future__ import annotations

import hmac
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from newsletter.model import Digest, Entry, Manner, Pick, Section
from newsletter.render import DigestLetter, MailRenderer, Reader, UnmailableError
from newsletter.stages.send import Broken, Job
from newsletter.store import attention, planning, tables
from subscribers.address import address_hash
from subscribers.tables import Subscriber
from subscribers.tokens import LinkSigner, Purpose, TagPurpose, address_mark

_SECTIONS = {section.value: section for section in Section}


@dataclass(frozen=True)
class Links:
    """Makes what is signed: the readers' links, the Message-IDs, the addresses that mails come back to.

    `returns`: the address that takes what comes back, such as bounces@example.org; "" for none.
    """

    base_url: str
    signer: LinkSigner
    secret: bytes
    domain: str
    returns: str = ""

    def url(
        self,
        path: str,
        purpose: Purpose,
        subscriber_id: int,
        version: int,
        now: datetime,
        *,
        about: int | None = None,
    ) -> str:
        """A signed address on the site."""
        token = self.signer.make(purpose, subscriber_id, version, now=now, about=about)
        return f"{self.base_url}/{path}/{token}"

    def return_path(self, subscriber_id: int, email: str, number: int = 0) -> str:
        """A signed address for what comes back of a mail to `email`; "" where nothing takes such mail.

        `number`: that of the delivery, 0 for a mail that is no digest.
        """
        mark = address_mark(address_hash(email))
        return self._tagged(self.signer.make_tag(TagPurpose.RETURN, subscriber_id, number, mark))

    def way_out(self, subscriber_id: int) -> str:
        """A signed address for mail by which a person leaves, from whatever address; "" as above."""
        return self._tagged(self.signer.make_tag(TagPurpose.LEAVE, subscriber_id))

    def _tagged(self, tag: str) -> str:
        local, _, domain = self.returns.rpartition("@")
        return f"{local}+{tag}@{domain}" if local else ""

    def message_id(self, kind: str, row_id: int, subscriber_id: int) -> str:
        """The one Message-ID of a row. The mark keeps others from guessing it."""
        named = f"{kind}.{row_id}.{subscriber_id}".encode()
        mark = hmac.digest(self.secret, b"message-id\0" + named, "sha256").hex()[:16]
        return f"<{kind}.{row_id}.{mark}@{self.domain}>"


class DigestLetters:
    """Loads claimed deliveries as jobs; keeps the entries it has read, for readers share them."""

    def __init__(self, renderer: MailRenderer, links: Links) -> None:
        self._renderer = renderer
        self._links = links
        # As of when they were planned: readers of one run share them.
        self._entries: defaultdict[datetime, dict[int, Entry]] = defaultdict(dict)

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
                cast(delivery.context, Text).label("context"),
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
        self._read_entries(session, [(row.planned_at, picks[row.id]) for row in rows])
        for row in rows:
            context = planning.read_context(row.context)
            digest = Digest(
                tuple(picks[row.id]),
                row.considered,
                row.left_out,
                context.changes,
                context.away_since,
                context.quiet_days,
                context.heard,
            )
            yield row, self._letter(row, digest, context.manner)

    def _picks(self, session: Session, ids: Sequence[int]) -> dict[int, list[Pick]]:
        pick = tables.Pick
        found: defaultdict[int, list[Pick]] = defaultdict(list)
        # As text: the readers of an edition share what is said there, so it is read but once.
        rows = session.connection().execute(
            select(
                pick.delivery_id, pick.entry_id, pick.section, pick.score, cast(pick.evidence, Text)
            )
            .where(pick.delivery_id.in_(ids))
            .order_by(pick.delivery_id, pick.position)
        )
        for delivery_id, entry_id, section, score, stored in rows:
            evidence = planning.read_evidence_text(stored)
            found[delivery_id].append(Pick(entry_id, _SECTIONS[section], score, evidence))
        return found

    def _read_entries(
        self, session: Session, wanted: Sequence[tuple[datetime, Sequence[Pick]]]
    ) -> None:
        missing: defaultdict[datetime, set[int]] = defaultdict(set)
        for planned_at, picks in wanted:
            known = self._entries[planned_at]
            missing[planned_at].update(p.entry_id for p in picks if p.entry_id not in known)
        for planned_at, ids in missing.items():
            self._entries[planned_at] |= attention.entries_as_of(session, ids, planned_at)

    def _letter(self, row: Any, digest: Digest, manner: Manner) -> DigestLetter:
        return self.letter(
            Person(row.subscriber_id, row.email, row.links_version),
            digest,
            self._entries[row.planned_at],
            manner=manner,
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
        manner: Manner | None = None,
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
                pause_url=url("pause", Purpose.PAUSE, *who),
                web_url=url("digest", Purpose.DIGEST, *who, about=row_id) if row_id else "",
                unsubscribe_address=self._links.way_out(person.id),
            ),
            return_path=self._links.return_path(person.id, person.email, row_id),
            digest=digest,
            entries=entries,
            votes=self._links.signer.make_votes(
                person.id,
                person.links_version,
                [pick.entry_id for pick in digest.picks],
                now=planned_at,
            ),
            notes=(note,) if note else (),
            manner=manner or Manner(),
        )


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a letter is for."""

    id: int
    email: str
    links_version: int
