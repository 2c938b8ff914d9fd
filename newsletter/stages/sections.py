"""What a digest holds beside what was matched: what is trending, what changed, how it is written.

All of it is planned with the picks and frozen with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from newsletter.compose import add_trending, trending_places, without_followed
from newsletter.match import trending
from newsletter.match.features import Day, day_features
from newsletter.match.readers import looked_for
from newsletter.match.wishes import find
from newsletter.model import (
    Change,
    Digest,
    Evidence,
    EvidenceKind,
    Manner,
    Pick,
    Section,
    Skip,
)
from newsletter.stages.heard import heard
from newsletter.stages.source_choice import SourceChoice
from newsletter.store import attention, reading, revisions, served
from subscribers.audience import Member
from subscribers.choices import Part
from subscribers.profile import Interest, Kind
from subscribers.schedule import Cadence, edition_day, next_send_after_day

_CANDIDATES = 40
# What changed longer ago than this, and was not told for want of a digest, is not told any more.
_TOLD_WITHIN = timedelta(days=30)
_MOST_CHANGES = 8


@dataclass(frozen=True, slots=True)
class _Talk:
    """What is trending: the entries as a small day of their own, in order, and why each is there."""

    day: Day
    trends: Mapping[int, trending.Trend]


@dataclass
class Sections:
    """One run's, as of `now`. `behind`: how far planning lies behind what is committed."""

    now: datetime
    window_days: int
    behind: timedelta
    source_choice: SourceChoice = field(default_factory=SourceChoice, repr=False)
    _talk: dict[bool, _Talk] = field(default_factory=dict, repr=False)
    _barred: dict[tuple[bool, Interest], frozenset[int]] = field(default_factory=dict, repr=False)

    def complete(
        self, session: Session, members: Sequence[Member], digests: Sequence[Digest | Skip]
    ) -> list[Digest | Skip]:
        """The digests with all their sections; a quiet day becomes the note that a reader asked for."""
        had = reading.picked(session, [each.had_as for each in members], self._candidates(session))
        last = self._last_planned(session, members)
        changes = self._changes(session, members, last)
        told = heard(session, members, digests, last, self.now - _TOLD_WITHIN)
        quiet = self._quiet(session, members, digests)
        found: list[Digest | Skip] = []
        for member, digest in zip(members, digests, strict=True):
            if isinstance(digest, Skip):
                many = quiet.get(member.id, 0)
                found.append(Digest((), 0, quiet_days=many) if many else digest)
                continue
            full = replace(digest, heard=told.get(member.id))
            if Part.REVISED not in member.parts_off:
                full = replace(full, changes=changes.get(member.id, ()))
            if Part.FOLLOWED in member.parts_off:
                full = without_followed(full)
            if any(pick.section is Section.AWAY for pick in full.picks):
                since = edition_day(member.covered_until, member.schedule.timezone)
                full = replace(full, away_since=since)
            most = _places(member)
            offered = self._offered(session, member, digest, had.get(member.had_as, set()), most)
            found.append(add_trending(full, offered, member.max_papers))
        return found

    def _candidates(self, session: Session) -> set[int]:
        return {
            id_ for weekly in (False, True) for id_ in self._talked_about(session, weekly).trends
        }

    def _talked_about(self, session: Session, weekly: bool) -> _Talk:
        if weekly not in self._talk:
            listed_since = (self.now - timedelta(days=self.window_days)).date()
            said = attention.recent(session, listed_since, self.now)
            half_life = trending.WEEKLY if weekly else trending.DAILY
            trends = trending.trending(said, self.now, half_life, _CANDIDATES)
            entries = reading.entries_by_id(session, [each.entry_id for each in trends])
            day = day_features([entries[each.entry_id] for each in trends])
            self._talk[weekly] = _Talk(day, {each.entry_id: each for each in trends})
        return self._talk[weekly]

    def _offered(
        self, session: Session, member: Member, digest: Digest, had: set[int], most: int
    ) -> list[Pick]:
        """What is trending and may be shown to a member: not had, not ruled out, not there already."""
        if Part.TRENDING in member.parts_off:
            return []
        weekly = member.schedule.cadence is Cadence.WEEKLY
        talk = self._talked_about(session, weekly)
        barred = {
            row
            for interest in member.interests
            if interest.muted
            for row in self._held_by(talk.day, weekly, interest)
        }
        # One to explore that everybody talks about is no exploring: it changes its section.
        matched = {p.entry_id for p in digest.picks if p.section is not Section.EXPLORE}
        unwanted = self.source_choice.unwanted(session, talk.trends, member.sources_off)
        chosen = matched | had
        twins, entries = talk.day.twins, talk.day.entries
        shown = {twins[row] for row, entry in enumerate(entries) if entry.id in chosen}
        offered: list[Pick] = []
        for row, entry in enumerate(entries):
            if len(offered) == most:
                break
            if row in barred or entry.id in unwanted or twins[row] in shown:
                continue
            shown.add(twins[row])
            trend = talk.trends[entry.id]
            evidence = Evidence(EvidenceKind.POPULAR, "", _told(trend.numbers))
            offered.append(Pick(entry.id, Section.TRENDING, trend.heat, (evidence,)))
        return offered

    def _held_by(self, day: Day, weekly: bool, interest: Interest) -> frozenset[int]:
        """The rows that a muted wish rules out; readers share most of them."""
        key = (weekly, interest)
        if key not in self._barred:
            kind, text = looked_for(interest)
            known = {Kind.PHRASE, Kind.AUTHOR, Kind.ORGANISATION, Kind.CATEGORY}
            self._barred[key] = frozenset(find(day, kind, text) if kind in known else ())
        return self._barred[key]

    def _last_planned(self, session: Session, members: Sequence[Member]) -> dict[int, datetime]:
        """When the last digest of each was planned, if that is not long ago."""
        earliest = self.now - self.behind - _TOLD_WITHIN
        # An edition's day may lie behind the day of its plan, by the time zone.
        editions = (earliest - timedelta(days=2)).date()
        return served.last_planned(session, [each.id for each in members], editions)

    def _changes(
        self, session: Session, members: Sequence[Member], last: Mapping[int, datetime]
    ) -> dict[int, tuple[Change, ...]]:
        """What each was sent and has changed since their last digest was planned."""
        until = self.now - self.behind
        earliest = until - _TOLD_WITHIN
        since = {
            each.id: max(last.get(each.id, earliest) - self.behind, earliest) for each in members
        }
        found = revisions.sent_and_outdated(session, min(since.values()), until, since.keys())
        told: dict[int, list[revisions.Outdated]] = {}
        for each in found:
            if each.at > since[each.subscriber_id]:
                told.setdefault(each.subscriber_id, []).append(each)
        return {who: revisions.as_changes(them, _MOST_CHANGES) for who, them in told.items()}

    def _quiet(
        self, session: Session, members: Sequence[Member], digests: Sequence[Digest | Skip]
    ) -> dict[int, int]:
        """Who asked for a note after as many digests without papers as this makes, and how many."""
        asking = {
            member.id: member.quiet_days
            for member, digest in zip(members, digests, strict=True)
            if isinstance(digest, Skip) and member.quiet_days
        }
        before = served.left_out_in_a_row(session, asking.keys()) if asking else Counter()
        return {who: many for who, many in asking.items() if before[who] + 1 == many}


def manner_of(member: Member, now: datetime, *, complete: bool) -> Manner:
    """How a member's digest is written."""
    return Manner(
        length=member.length,
        weekly=member.schedule.cadence is Cadence.WEEKLY,
        complete=complete,
        next_at=next_send_after_day(member.schedule, member.edition_day, now),
        timezone=member.schedule.timezone,
        language=member.language,
    )


def _places(member: Member) -> int:
    return trending_places(member.max_papers, weekly=member.schedule.cadence is Cadence.WEEKLY)


def _told(numbers: Mapping[str, int]) -> str:
    """The numbers in words: `41 upvotes, 12 comments, 87 points on Hacker News`."""
    told = [
        (numbers.get("votes", 0), "upvote", ""),
        (numbers.get("comments", 0), "comment", ""),
        (numbers.get("hn-points", 0), "point", " on Hacker News"),
    ]
    return ", ".join(
        f"{many:,} {noun}{'' if many == 1 else 's'}{where}" for many, noun, where in told if many
    )
