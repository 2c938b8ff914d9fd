"""What a person set: their profile, schedule and how many papers; reading and saving it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import select, union, update
from sqlalchemy.orm import Session

from subscribers.choices import Part
from subscribers.consent import State
from subscribers.errors import ProfileError
from subscribers.language import ENGLISH, languages, name_of
from subscribers.language import gettext as _
from subscribers.length import Length
from subscribers.profile import Interest, Kind, Profile
from subscribers.schedule import (
    Cadence,
    Schedule,
    edition_day,
    next_send,
    next_send_after_day,
)
from subscribers.tables import InterestRow, Subscriber, Vote

MOST_PAPERS = 40
MOST_QUIET_DAYS = 60
LONGEST_PAUSE = timedelta(days=366)
WEEK = timedelta(days=7)
MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """Everything that a person can set about their digest.

    `quiet_days`: after so many digests in a row that were left out one short note comes; 0 for none.
    `parts_off`, `sources_off`: what they do without; sources by their names.
    `language`: one of `language.languages()`.
    """

    profile: Profile
    schedule: Schedule
    max_papers: int = 10
    length: Length = Length.SHORT
    quiet_days: int = 0
    parts_off: frozenset[Part] = frozenset()
    sources_off: frozenset[str] = frozenset()
    language: str = ENGLISH


def check_max_papers(number: int) -> int:
    """The number back if it is within bounds. Raises ProfileError."""
    if not 1 <= number <= MOST_PAPERS:
        raise ProfileError(
            "max_papers", _("Please choose from 1 to {most} papers.").format(most=MOST_PAPERS)
        )
    return number


def check_length(name: str) -> Length:
    """The length of that name. Raises ProfileError."""
    if name not in set(Length):
        raise ProfileError("length", _("Please choose titles, short or full."))
    return Length(name)


def check_quiet_days(number: int) -> int:
    """The number back if it is within bounds. Raises ProfileError."""
    if not 0 <= number <= MOST_QUIET_DAYS:
        raise ProfileError(
            "quiet_days",
            _("Please choose from 1 to {most} digests, or 0 for no note.").format(
                most=MOST_QUIET_DAYS
            ),
        )
    return number


def check_language(code: str) -> str:
    """The code back if it is that of one of our languages. Raises ProfileError."""
    if code not in languages():
        names = ", ".join(name_of(each) for each in languages())
        raise ProfileError(
            "language", _("Please choose one of our languages: {names}.").format(names=names)
        )
    return code


def check_pause(until: date | None, today: date) -> date | None:
    """The day back if a pause may end on it. Raises ProfileError."""
    if until is None:
        return None
    if until <= today:
        raise ProfileError("paused_until", _("Please choose a day to come, or leave this empty."))
    if until > today + LONGEST_PAUSE:
        raise ProfileError("paused_until", _("A pause lasts a year at most."))
    return until


def schedule_of(subscriber: Subscriber) -> Schedule:
    """The schedule in a subscriber's row."""
    return Schedule(
        cadence=Cadence(subscriber.cadence),
        hour=subscriber.hour,
        timezone=subscriber.timezone,
        weekday=subscriber.weekday,
        paused_until=subscriber.paused_until,
    )


def read_preferences(subscriber: Subscriber) -> Preferences:
    """What a subscriber set, as a value."""
    return Preferences(
        profile=_profile_of(subscriber),
        schedule=schedule_of(subscriber),
        max_papers=subscriber.max_papers,
        length=Length(subscriber.length),
        quiet_days=subscriber.quiet_days,
        parts_off=frozenset(map(Part, subscriber.parts_off)),
        sources_off=frozenset(subscriber.sources_off),
        language=subscriber.language,
    )


def find(session: Session, address_hash: str) -> int | None:
    """The id of whoever has this address, if anybody has."""
    return session.scalar(select(Subscriber.id).where(Subscriber.address_hash == address_hash))


def locked(session: Session, subscriber_id: int) -> Subscriber | None:
    """The subscriber, held against every other writer until the transaction ends; None if erased.

    An UPDATE that changes nothing, as SQLite knows no SELECT FOR UPDATE; being a write, it also
    spares SQLite the upgrade of a read transaction that may fail.
    """
    held = (
        update(Subscriber)
        .where(Subscriber.id == subscriber_id)
        .values(links_version=Subscriber.links_version)
        .returning(Subscriber)
        .execution_options(populate_existing=True)
    )
    return session.scalars(held).one_or_none()


def save_preferences(
    session: Session, subscriber: Subscriber, preferences: Preferences, *, now: datetime
) -> None:
    """Stores what a subscriber (from `locked`) set, and moves their next digest accordingly."""
    apply_preferences(subscriber, preferences, now=now)
    if subscriber.state == State.CONFIRMED:
        subscriber.next_send_at = next_due(subscriber, preferences.schedule, now)
    session.flush()


def pause(
    session: Session, subscriber: Subscriber, *, now: datetime, length: timedelta = WEEK
) -> bool:
    """Lets a confirmed subscriber (from `locked`) rest for so long; pressing again adds nothing.

    False where a pause of that length, or a longer one, stands already, or nobody is mailed anyway.
    """
    until = pause_end(subscriber, now, length)
    standing = subscriber.paused_until
    if subscriber.state != State.CONFIRMED or (standing is not None and standing >= until):
        return False
    subscriber.paused_until = until
    subscriber.next_send_at = next_due(subscriber, schedule_of(subscriber), now)
    session.flush()
    return True


def next_due(subscriber: Subscriber, schedule: Schedule, now: datetime) -> datetime:
    """When the next digest is due by a schedule; never a second one today, whatever hour it names."""
    today = edition_day(now, schedule.timezone)
    covered = subscriber.covered_until
    if covered is not None and edition_day(covered, schedule.timezone) >= today:
        return next_send_after_day(schedule, today, now)
    return next_send(schedule, now)


def pause_end(subscriber: Subscriber, now: datetime, length: timedelta = WEEK) -> date:
    """The first local day with mail again, if a pause of that length began now."""
    return edition_day(now, subscriber.timezone) + length


def clear_past_pause(preferences: Preferences, today: date) -> Preferences:
    """The same preferences without a pause that is over."""
    until = preferences.schedule.paused_until
    if until is None or until > today:
        return preferences
    return replace(preferences, schedule=replace(preferences.schedule, paused_until=None))


def apply_preferences(subscriber: Subscriber, preferences: Preferences, *, now: datetime) -> None:
    """Writes preferences into a row and its interests, but not when the next digest is due."""
    schedule = preferences.schedule
    subscriber.cadence = schedule.cadence.value
    subscriber.weekday = schedule.weekday
    subscriber.hour = schedule.hour
    subscriber.timezone = schedule.timezone
    subscriber.paused_until = schedule.paused_until
    subscriber.max_papers = preferences.max_papers
    subscriber.length = preferences.length.value
    subscriber.quiet_days = preferences.quiet_days
    subscriber.parts_off = sorted(preferences.parts_off)
    subscriber.sources_off = sorted(preferences.sources_off)
    subscriber.language = preferences.language
    if preferences.profile == _profile_of(subscriber):
        return
    subscriber.taste_changed_at = now
    # Rows that stay are kept, not replaced: a new one would meet the UNIQUE key of the old.
    rows = {(row.kind, row.text): row for row in subscriber.interests}
    subscriber.interests = [
        _interest_row(rows.get((interest.kind.value, interest.text)), interest, position)
        for position, interest in enumerate(preferences.profile.interests)
    ]


def examples_arrived(session: Session, keys: Collection[str], *, now: datetime) -> None:
    """Notes that these papers can be read now, or better than before: what was learned of whoever gave
    them as examples or voted on them is out of date.
    """
    givers = select(InterestRow.subscriber_id).where(
        InterestRow.kind == Kind.SEED, InterestRow.text.in_(keys)
    )
    voters = select(Vote.subscriber_id).where(Vote.entry_key.in_(keys))
    session.execute(
        update(Subscriber)
        .where(Subscriber.id.in_(union(givers, voters)))
        .values(taste_changed_at=now)
        .execution_options(synchronize_session=False)
    )


def _profile_of(subscriber: Subscriber) -> Profile:
    return Profile(
        tuple(
            Interest(Kind(row.kind), row.text, row.weight, row.muted)
            for row in subscriber.interests
        )
    )


def _interest_row(row: InterestRow | None, interest: Interest, position: int) -> InterestRow:
    row = row or InterestRow(kind=interest.kind.value, text=interest.text)
    row.position, row.weight, row.muted = position, interest.weight, interest.muted
    return row
