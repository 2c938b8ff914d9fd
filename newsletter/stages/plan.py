"""Planning an edition: who is due gets a digest composed and frozen in the ledger, or a reason why not."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

from sqlalchemy.orm import Session

from newsletter.compose import CANDIDATES_PER_PLACE
from newsletter.match.features import Day, day_features
from newsletter.match.profiles import Profiles
from newsletter.match.readers import Reader, keys_of, learn_readers
from newsletter.match.score import match_block
from newsletter.match.space import SMALLEST_ARCHIVE
from newsletter.match.wishes import Seeds
from newsletter.model import Digest, Skip, SkipReason
from newsletter.stages.blocks import Blocks
from newsletter.stages.choosing import digest_of
from newsletter.stages.garbage import collected_later
from newsletter.stages.sections import Sections, manner_of
from newsletter.stages.source_choice import SourceChoice
from newsletter.stages.spaces import OVERDUE_DAYS, Spaces
from newsletter.stages.tastes import Learned, Tastes, readers_of
from newsletter.store import carrying, editions, planning, reading
from newsletter.store.engine import Sessions
from newsletter.store.engine import reading as reading_sessions
from subscribers import audience
from subscribers.audience import Member
from subscribers.choices import Part
from subscribers.language import speaking

# A paper may be seen before `now` and committed after it. Each reader's next digest therefore looks
# this far behind the last one; what they were sent is known by their picks and does not come again.
OVERLAP = timedelta(minutes=15)


@dataclass(slots=True)
class PlanReport:
    """What planning did: digests planned, people skipped by reason, papers there were to choose from."""

    planned: int = 0
    picks: int = 0
    papers: int = 0
    skipped: Counter[SkipReason] = field(default_factory=Counter)

    def add(self, other: PlanReport) -> None:
        """Count in what another run for the same day did."""
        self.planned += other.planned
        self.picks += other.picks
        self.papers = max(self.papers, other.papers)
        self.skipped += other.skipped


@dataclass(frozen=True, slots=True)
class _Block:
    """What a block of members is to get, and the profiles that were learned on the way."""

    digests: list[Digest | Skip]
    learned: Learned | None


@dataclass
class Planner:
    """One run of planning as of `now`; keeps the features of the days it has read, all in one space."""

    sessions: Sessions
    now: datetime
    window_days: int
    note: Callable[[Session, date], str | None] = lambda _session, _day: None
    spaces: Spaces = field(default_factory=Spaces, repr=False)
    report: PlanReport = field(default_factory=PlanReport)
    _days: dict[date, Day] = field(default_factory=dict, repr=False)
    _tastes: list[Tastes | None] = field(default_factory=list, repr=False)
    _source_choice: SourceChoice = field(default_factory=SourceChoice, repr=False)

    def plan(
        self, blocks: Blocks, *, progress: Callable[[int], None] = lambda _: None
    ) -> PlanReport:
        """Plan a digest for each member, block by block, each block in one transaction."""
        self.report = PlanReport()
        self.prepare()
        written: Future[int] | None = None
        after = 0
        # A block is stored while the next one is chosen: the database works elsewhere.
        with ThreadPoolExecutor(1) as beside:
            while True:
                with collected_later():
                    members, block = self._choose_next(blocks, after)
                if written is not None:
                    progress(written.result())
                if not members:
                    self.report.papers = max(
                        (len(d.entries) for d in self._days.values()), default=0
                    )
                    return self.report
                after = members[-1].id
                written = beside.submit(self._write, members, block)

    def prepare(self) -> None:
        """Learn the archive's space if that is overdue."""
        self.spaces.refresh(self.sessions, self.now, days=OVERDUE_DAYS)

    def _choose_next(self, blocks: Blocks, after: int) -> tuple[list[Member], _Block]:
        """What the first block behind an id is to get, and who is in it: nobody, if there is none."""
        with reading_sessions(self.sessions)() as session:
            members = next(blocks.above(session, after), [])
            return members, self._choose(session, members) if members else _Block([], None)

    def choose(self, session: Session, members: Sequence[Member]) -> list[Digest | Skip]:
        """What each member is to get. Only reads."""
        return self._choose(session, members).digests

    def _choose(self, session: Session, members: Sequence[Member]) -> _Block:
        readers = readers_of(session, members, self.now)
        seeds = reading.texts_by_key(session, keys_of(readers))
        tastes = self._tastes_of(session)
        known = tastes.read_or_learn(session, members, readers, seeds) if tastes else None
        chosen: dict[int, Digest | Skip] = {}
        by_start: defaultdict[date, list[int]] = defaultdict(list)
        for row, member in enumerate(members):
            by_start[self._start(member)].append(row)
        for start, rows in sorted(by_start.items()):
            day, group = self._day(session, start), [members[row] for row in rows]
            here = self._on(session, day, group, [readers[row] for row in rows])
            profiles = known.profiles[rows] if known else learn_readers(day.space, here, seeds)
            chosen.update(_digests(day, group, here, profiles, seeds))
        learned = known.learned if known else None
        matched = [chosen[member.id] for member in members]
        return _Block(self._sections.complete(session, members, matched), learned)

    @cached_property
    def _sections(self) -> Sections:
        return Sections(self.now, self.window_days, OVERLAP, self._source_choice)

    def _start(self, member: Member) -> date:
        """The first day of the papers that may be new to a member; few values, so days are shared."""
        oldest = self.now - timedelta(days=self.window_days)
        return max(member.covered_until, oldest).astimezone(UTC).date()

    def _tastes_of(self, session: Session) -> Tastes | None:
        """The one space of this run and what is known in it; None while the archive is too small."""
        if not self._tastes:
            found = self.spaces.space(session, self.now)
            self._tastes.append(Tastes(*found, self.now, self.spaces.meaning) if found else None)
        return self._tastes[0]

    def _day(self, session: Session, start: date) -> Day:
        if start not in self._days:
            since = datetime.combine(start, time(), UTC)
            listed_since = (self.now - timedelta(days=self.window_days)).date()
            entries = reading.new_entries(session, since, self.now, listed_since)
            tastes = self._tastes_of(session)
            few = () if tastes else reading.archive_texts(session, since, SMALLEST_ARCHIVE)
            space, meaning = (tastes.space, tastes.meaning) if tastes else (None, None)
            semantic = None
            if space is not None and meaning is not None and space.encoder:
                ids = [entry.id for entry in entries]
                semantic = meaning.of_entries(session, ids, space.dimensions)
            self._days[start] = day_features(entries, few, space, semantic)
        return self._days[start]

    def _on(
        self, session: Session, day: Day, members: Sequence[Member], readers: Sequence[Reader]
    ) -> list[Reader]:
        """The readers, told what of the day they have had or do without."""
        seen_at = [entry.first_seen_at for entry in day.entries]
        row_of = {entry.id: row for row, entry in enumerate(day.entries)}
        had = reading.picked(session, [member.had_as for member in members], row_of.keys())
        return [
            replace(
                reader,
                first_row=bisect_right(seen_at, _begins(member)),
                seen_rows=tuple(row_of[id_] for id_ in had.get(member.had_as, ()) if id_ in row_of),
                barred_rows=tuple(
                    sorted(
                        row_of[id_]
                        for id_ in self._source_choice.unwanted(session, row_of, member.sources_off)
                    )
                ),
            )
            for member, reader in zip(members, readers, strict=True)
        ]

    def _write(self, members: Sequence[Member], block: _Block) -> int:
        with self.sessions.begin() as session:
            notes: dict[tuple[date, str], str | None] = {}
            for day, language in {(m.edition_day, m.language) for m in members}:
                with speaking(language):
                    notes[day, language] = self.note(session, day)
            left = audience.held(session, [member.id for member in members])
            complete = editions.complete_days(session, {day for day, _ in notes})
            rows = [
                planning.Planned(
                    member.id,
                    member.edition_day,
                    digest,
                    notes[member.edition_day, member.language],
                    manner_of(member, self.now, complete=member.edition_day in complete),
                )
                for member, digest in zip(members, block.digests, strict=True)
                if member.id in left
            ]
            for planned in carrying.take_in(
                session, planning.plan(session, rows, self.now), self.now
            ):
                if isinstance(planned.digest, Digest):
                    self.report.planned += 1
                    self.report.picks += len(planned.digest.picks)
                else:
                    self.report.skipped[planned.digest.reason] += 1
            if block.learned:
                block.learned.save(session)
            audience.advance(session, members, covered_until=self.now - OVERLAP, now=self.now)
        return len(members)


def _begins(member: Member) -> datetime:
    """What was seen after this is considered; of what they missed, only if they want to catch up."""
    if member.away_until is None or Part.AWAY not in member.parts_off:
        return member.covered_until
    return max(member.covered_until, member.away_until)


def _digests(
    day: Day,
    members: Sequence[Member],
    readers: Sequence[Reader],
    profiles: Profiles,
    seeds: Seeds,
) -> Iterator[tuple[int, Digest | Skip]]:
    limits = [CANDIDATES_PER_PLACE * member.max_papers for member in members]
    found = match_block(day, readers, profiles, limits, seeds)
    seen_at = [entry.first_seen_at for entry in day.entries]
    for member, reader, matched in zip(members, readers, found, strict=True):
        missed = bisect_right(seen_at, member.away_until) if member.away_until else 0
        exploring = Part.EXPLORE not in member.parts_off
        yield (
            member.id,
            digest_of(
                *(day, reader, matched, seeds),
                places=member.max_papers,
                missed=missed,
                exploring=exploring,
            ),
        )
