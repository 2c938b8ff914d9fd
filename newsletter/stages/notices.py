"""From queued notices to mails, each a function of its row and of what its person has set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.render import MailRenderer, NoticeKind, NoticeLetter, UnmailableError
from newsletter.stages.letters import Links
from newsletter.stages.send import Broken, Job
from newsletter.store import tables
from subscribers.address import address_hash
from subscribers.errors import TokenError
from subscribers.language import speaking
from subscribers.moving import address_number
from subscribers.preferences import schedule_of
from subscribers.profile import Interest, Kind, wish_text
from subscribers.suppression import is_suppressed
from subscribers.tables import InterestRow, Subscriber
from subscribers.tokens import LIFETIME, Purpose
from subscribers.wording import rhythm

_PAGES = {
    NoticeKind.CONFIRM: ("confirm", Purpose.CONFIRM),
    NoticeKind.PREFERENCES: ("preferences", Purpose.PREFERENCES),
    NoticeKind.WELCOME: ("preferences", Purpose.PREFERENCES),
    NoticeKind.ADDRESS: ("address", Purpose.ADDRESS),
    NoticeKind.MOVED: ("undo", Purpose.UNDO),
    NoticeKind.RECONFIRM: ("confirm", Purpose.CONFIRM),
}


def page_of(kind: NoticeKind) -> tuple[str, Purpose | None]:
    """The page that a notice leads to, and for what its link is signed; None: for nothing."""
    return _PAGES.get(kind, ("subscribe", None))


class NoticeLetters:
    """Loads claimed notices as jobs."""

    def __init__(self, renderer: MailRenderer, links: Links) -> None:
        self._renderer = renderer
        self._links = links

    def load(self, session: Session, ids: Sequence[int]) -> Iterator[Job | Broken]:
        """The mails of these notices."""
        notice = tables.Notice
        rows = session.execute(
            select(notice, Subscriber)
            .join(Subscriber, Subscriber.id == notice.subscriber_id)
            .where(notice.id.in_(ids))
            .order_by(notice.id)
        ).all()
        for row, person in rows:
            kind = NoticeKind(row.kind)
            try:
                message = self._renderer.notice(kind, self._letter(session, kind, row, person))
            except UnmailableError as error:
                yield Broken(row.id, str(error))
            else:
                yield Job(message, row.attempts, row.created_at)

    def _letter(
        self, session: Session, kind: NoticeKind, row: tables.Notice, person: Subscriber
    ) -> NoticeLetter:
        path, purpose = page_of(kind)
        lifetime = LIFETIME[purpose] if purpose else None
        token = f"/{row.context['token']}" if purpose else ""
        with speaking(person.language):
            said = rhythm(schedule_of(person))
        return NoticeLetter(
            notice_id=row.id,
            message_id=self._links.message_id(kind.value, row.id, row.subscriber_id),
            sent_at=row.created_at,
            email=self._address(session, kind, row, person),
            # What comes back from an address that is not theirs says nothing of theirs.
            return_path=""
            if kind in {NoticeKind.ADDRESS, NoticeKind.MOVED}
            else self._links.return_path(row.subscriber_id, person.email),
            link=f"{self._links.base_url}/{path}{token}",
            expires_at=row.created_at + lifetime if lifetime else None,
            wishes=_wishes(session, row.subscriber_id),
            rhythm=said,
            language=person.language,
        )

    def _address(
        self, session: Session, kind: NoticeKind, row: tables.Notice, person: Subscriber
    ) -> str:
        if kind is NoticeKind.MOVED:
            email = str(row.context["email"])
        elif kind is not NoticeKind.ADDRESS:
            return person.email
        elif person.new_email is None or not self._confirms(row, person.new_email):
            raise UnmailableError("the new address was confirmed or dropped since")
        else:
            email = person.new_email
        if is_suppressed(session, address_hash(email)):
            raise UnmailableError("the address must not be mailed")
        return email

    def _confirms(self, row: tables.Notice, email: str) -> bool:
        # Another may have been asked for since, which is not told of a link to this one.
        token = str(row.context["token"])
        try:
            link = self._links.signer.read(token, Purpose.ADDRESS, now=row.created_at)
        except TokenError:  # of a secret that was replaced since
            return False
        return link.about == address_number(email)


def _wishes(session: Session, subscriber_id: int) -> tuple[str, ...]:
    rows = session.execute(
        select(InterestRow.kind, InterestRow.text, InterestRow.weight, InterestRow.muted)
        .where(InterestRow.subscriber_id == subscriber_id)
        .order_by(InterestRow.position)
    )
    return tuple(
        wish_text(Interest(Kind(kind), text, weight, muted)) for kind, text, weight, muted in rows
    )
