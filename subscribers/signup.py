"""Joining and leaving: a request by form, its confirmation by one button, the end by another.

Whatever address is typed, the form's answer is the same. What differs is the mail: a confirmation
link, or for somebody who is confirmed already their preferences link; nothing for a suppressed one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from subscribers.address import Address
from subscribers.consent import (
    CONFIRM_WORDING,
    REQUEST_WORDING,
    Act,
    EventKind,
    Origin,
    State,
    next_state,
)
from subscribers.consent_log import record
from subscribers.feedback import vote
from subscribers.limits import check_network
from subscribers.notices import NoticeKind, SendNotice, may_mail
from subscribers.preferences import (
    Preferences,
    apply_preferences,
    find,
    locked,
    next_due,
    schedule_of,
)
from subscribers.schedule import edition_day, next_send
from subscribers.store import insert_new
from subscribers.suppression import is_suppressed
from subscribers.tables import ConsentEvent, Subscriber, Vote
from subscribers.tokens import LinkSigner, Purpose

LOOK_BACK = timedelta(days=3)
"""How far before their confirmation a newcomer's first digest reaches, so that it is not empty."""


class Confirmation(StrEnum):
    """What pressing the button did."""

    CONFIRMED = "confirmed"
    ALREADY = "already"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class SignUp:
    """A well-formed request to subscribe. `ratings`: what was rated on the way (see `preview.Wanted`).

    `worked`: it came with a proof of work (`guard.FormGuard`).
    """

    address: Address
    preferences: Preferences
    ratings: tuple[tuple[str, int], ...] = ()
    worked: bool = False


def request_subscription(
    session: Session,
    signup: SignUp,
    *,
    origin: Origin,
    signer: LinkSigner,
    send_notice: SendNotice,
    now: datetime,
) -> None:
    """Takes a request in. Returns nothing, so that no caller can tell one address from another.

    Raises TooManyRequestsError, whatever the address, where too many came from one network.
    """
    check_network(session, origin.network_address, now, worked=signup.worked)
    if is_suppressed(session, signup.address.hash):
        return
    subscriber = _found_or_new(session, signup, now)
    state = next_state(State(subscriber.state), Act.REQUEST)
    assert state is not None
    if state is State.PENDING:
        # A confirmed person's wishes stay: anybody can type anybody's address.
        apply_preferences(subscriber, signup.preferences, now=now)
        _rate(session, subscriber, signup, now)
    if may_mail(session, subscriber.id, subscriber.email, now):
        subscriber.state = state
        words = REQUEST_WORDING.said() if state is State.PENDING else None
        kind = EventKind.REQUESTED if state is State.PENDING else EventKind.LINK_SENT
        record(session, subscriber, kind, now=now, origin=origin, words=words)
        _mail_link(session, subscriber, signer=signer, send_notice=send_notice, now=now)
    session.flush()


def request_link(
    session: Session,
    address: Address,
    *,
    origin: Origin,
    signer: LinkSigner,
    send_notice: SendNotice,
    now: datetime,
) -> None:
    """Mails somebody a fresh link: to their preferences, or to confirm if they have yet to.

    Nobody else gets anything, and no caller can tell. Raises TooManyRequestsError, whatever the address,
    where too many came from one network.
    """
    check_network(session, origin.network_address, now, worked=False)
    found = find(session, address.hash)
    subscriber = None if found is None else locked(session, found)
    if (
        subscriber is not None
        and subscriber.state != State.UNSUBSCRIBED
        and not is_suppressed(session, address.hash)
        and may_mail(session, subscriber.id, subscriber.email, now)
    ):
        record(session, subscriber, EventKind.LINK_SENT, now=now, origin=origin)
        _mail_link(session, subscriber, signer=signer, send_notice=send_notice, now=now)
        session.flush()


def confirm(
    session: Session,
    subscriber: Subscriber,
    *,
    origin: Origin,
    signer: LinkSigner,
    send_notice: SendNotice,
    now: datetime,
) -> Confirmation:
    """Confirms a subscriber (from `preferences.locked`). Of two presses only the first counts.

    They are due at once, unless they rest: the first digest tells more than any words of ours. A
    newcomer is welcomed by mail; whoever was asked again goes on where they were.
    """
    before = State(subscriber.state)
    after = next_state(before, Act.CONFIRM)
    if after is None:
        return Confirmation.LEFT
    if after is before:
        return Confirmation.ALREADY
    goes_on = _goes_on(session, subscriber)
    if goes_on:
        subscriber.state = State.CONFIRMED
    else:
        begin(subscriber, now=now, confirmed_at=now)
    subscriber.next_send_at = _first_due(subscriber, now)
    words = CONFIRM_WORDING.said()
    record(session, subscriber, EventKind.CONFIRMED, now=now, origin=origin, words=words)
    if not goes_on:
        _welcome(session, subscriber, signer=signer, send_notice=send_notice, now=now)
    session.flush()
    return Confirmation.CONFIRMED


def _goes_on(session: Session, subscriber: Subscriber) -> bool:
    """Whether a pending subscriber was a reader until we asked whether they are still there."""
    steps = (EventKind.ASKED_AGAIN, EventKind.CONFIRMED, EventKind.UNSUBSCRIBED)
    last = session.scalar(
        select(ConsentEvent.kind)
        .where(ConsentEvent.subscriber_id == subscriber.id, ConsentEvent.kind.in_(steps))
        .order_by(ConsentEvent.id.desc())
        .limit(1)
    )
    return last == EventKind.ASKED_AGAIN and subscriber.confirmed_at is not None


def _first_due(subscriber: Subscriber, now: datetime) -> datetime:
    schedule, covered = schedule_of(subscriber), subscriber.covered_until
    today = edition_day(now, schedule.timezone)
    rests = schedule.paused_until is not None and schedule.paused_until > today
    had_today = covered is not None and edition_day(covered, schedule.timezone) >= today
    return next_due(subscriber, schedule, now) if rests or had_today else now


def _welcome(
    session: Session,
    subscriber: Subscriber,
    *,
    signer: LinkSigner,
    send_notice: SendNotice,
    now: datetime,
) -> None:
    token = signer.make(Purpose.PREFERENCES, subscriber.id, subscriber.links_version, now=now)
    send_notice(session, subscriber, NoticeKind.WELCOME.value, {"token": token})


def unsubscribe(
    session: Session,
    subscriber: Subscriber,
    *,
    origin: Origin,
    send_notice: SendNotice,
    now: datetime,
) -> bool:
    """Ends the subscription of a subscriber from `preferences.locked`. False if it had ended.

    Who was a reader gets one last mail that says so: whoever pressed, it may not have been they.
    """
    if subscriber.state == State.UNSUBSCRIBED:
        return False
    if subscriber.state == State.CONFIRMED:
        send_notice(session, subscriber, NoticeKind.GOODBYE.value, {})
    subscriber.state = State.UNSUBSCRIBED
    subscriber.next_send_at = None
    subscriber.new_email = None
    record(session, subscriber, EventKind.UNSUBSCRIBED, now=now, origin=origin)
    session.flush()
    return True


def begin(subscriber: Subscriber, *, now: datetime, confirmed_at: datetime) -> None:
    """Makes a subscriber confirmed and due at their next hour."""
    subscriber.state = State.CONFIRMED
    subscriber.confirmed_at = confirmed_at
    subscriber.next_send_at = next_send(schedule_of(subscriber), now)
    subscriber.covered_until = now - LOOK_BACK


def _mail_link(
    session: Session,
    subscriber: Subscriber,
    *,
    signer: LinkSigner,
    send_notice: SendNotice,
    now: datetime,
) -> None:
    """Confirmed people get the link to their preferences, others the one to confirm."""
    confirmed = subscriber.state == State.CONFIRMED
    notice = NoticeKind.PREFERENCES if confirmed else NoticeKind.CONFIRM
    purpose = Purpose.PREFERENCES if confirmed else Purpose.CONFIRM
    session.flush()
    token = signer.make(purpose, subscriber.id, subscriber.links_version, now=now)
    send_notice(session, subscriber, notice.value, {"token": token})


def new_row(address: Address, preferences: Preferences, now: datetime) -> dict[str, Any]:
    """The row of somebody new, for `store.insert_new`; without wishes, and pending."""
    schedule = preferences.schedule
    return {
        "email": address.email,
        "address_hash": address.hash,
        "state": State.PENDING.value,
        "links_version": 1,
        "cadence": schedule.cadence.value,
        "weekday": schedule.weekday,
        "hour": schedule.hour,
        "timezone": schedule.timezone,
        "max_papers": preferences.max_papers,
        "length": preferences.length.value,
        "quiet_days": preferences.quiet_days,
        "language": preferences.language,
        "created_at": now,
    }


def _found_or_new(session: Session, signup: SignUp, now: datetime) -> Subscriber:
    insert_new(session, Subscriber, [new_row(signup.address, signup.preferences, now)])
    found = find(session, signup.address.hash)
    assert found is not None
    subscriber = locked(session, found)
    assert subscriber is not None
    return subscriber


def _rate(session: Session, subscriber: Subscriber, signup: SignUp, now: datetime) -> None:
    """What was rated on the way becomes votes; of somebody new, in place of what they rated before."""
    if subscriber.confirmed_at is None:
        session.execute(
            delete(Vote)
            .where(Vote.subscriber_id == subscriber.id)
            .execution_options(synchronize_session=False)
        )
    for key, value in signup.ratings:
        vote(session, subscriber, key, value, now=now)
