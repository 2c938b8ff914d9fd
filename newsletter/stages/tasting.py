"""The digest that somebody would get over the last days, by the planner that makes the real ones.

The papers' features are what costs seconds. They are prepared once a process and kept until new papers
come; a visitor costs one profile and one look at the papers.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select

from newsletter.model import Digest, Entry, EvidenceKind, Pick
from newsletter.render import wording
from newsletter.render.cards import shown_title
from newsletter.render.plain import web_url
from newsletter.stages.plan import Planner
from newsletter.stages.spaces import Spaces
from newsletter.store import reading, spaces, tables
from newsletter.store.engine import Sessions
from newsletter.store.engine import reading as reading_sessions
from subscribers.audience import Member
from subscribers.feedback import VoteGiven
from subscribers.language import ENGLISH
from subscribers.language import gettext as _
from subscribers.length import Length
from subscribers.preview import Preview, PreviewBusyError, PreviewPaper, Reason, Wanted
from subscribers.profile import Interest, Kind, Profile
from subscribers.schedule import make_schedule

DAYS = 14
# One is made at a time, for arithmetic in two threads is no faster; so many wait, and no longer.
_MOST_WAITING = 8
_PATIENCE = 5.0
_LOOKS_EVERY = timedelta(minutes=5)
_NOBODY = 0
"""No subscriber has this id, so nothing was ever sent to them or learned of them."""

_SCHEDULE = make_schedule(cadence="daily", hour=0, timezone="UTC", weekday=0)
_ANY = Profile((Interest(Kind.TOPIC, "model"), Interest(Kind.PHRASE, "model")))
"""Asked for once when papers are prepared, so that no visitor waits for what is made at the first look."""

log = structlog.get_logger()

_Stamp = tuple[object, ...]


@dataclass(frozen=True)
class _Prepared:
    """A planner that has read its papers, and what stood in the database when it did."""

    planner: Planner
    stamp: _Stamp

    def member(self, wanted: Wanted) -> Member:
        """Whoever asks, as planning knows people: somebody who never had a digest."""
        now = self.planner.now
        return Member(
            id=_NOBODY,
            language=ENGLISH,
            email="",
            links_version=1,
            max_papers=wanted.max_papers,
            length=Length.SHORT,
            quiet_days=0,
            schedule=_SCHEDULE,
            due_at=None,
            edition_day=now.date(),
            covered_until=now - timedelta(days=DAYS),
            away_until=None,
            interests=wanted.profile.interests,
            votes=tuple(VoteGiven(key, value, now) for key, value in wanted.ratings),
            taste_changed_at=None,
            parts_off=wanted.parts_off,
            sources_off=wanted.sources_off,
            in_place_of=wanted.reader,
        )


@dataclass
class Tasting:
    """Makes previews; one for a process, threads may share it."""

    sessions: Sessions
    spaces: Spaces
    now: Callable[[], datetime]
    _kept: _Prepared | None = field(default=None, repr=False)
    _looked_at: datetime | None = field(default=None, repr=False)
    _making: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _preparing: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _room: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(_MOST_WAITING), repr=False
    )

    def taste(self, wanted: Wanted) -> Preview:
        """The digest for what is wanted. Only reads. Raises PreviewBusyError."""
        if not self._room.acquire(blocking=False):
            raise PreviewBusyError
        try:
            prepared = self._prepared()
            if not self._making.acquire(timeout=_PATIENCE):
                raise PreviewBusyError
            try:
                return self._made(prepared, wanted)
            finally:
                self._making.release()
        finally:
            self._room.release()

    def warm(self) -> None:
        """Prepare ahead of the first visitor, in a thread of its own."""
        threading.Thread(target=self._try_to_prepare, name="tasting", daemon=True).start()

    def _made(self, prepared: _Prepared, wanted: Wanted) -> Preview:
        with reading_sessions(self.sessions)() as session:
            [digest] = prepared.planner.choose(session, [prepared.member(wanted)])
            if not isinstance(digest, Digest):
                return Preview((), 0, DAYS)
            entries = reading.entries_by_id(session, [pick.entry_id for pick in digest.picks])
        papers = [_told(pick, entries[pick.entry_id]) for pick in digest.picks]
        return Preview(tuple(papers), digest.considered, DAYS)

    def _prepared(self) -> _Prepared:
        """What is prepared; while newer papers are being read, what there was before."""
        kept = self._kept
        if kept is None:
            if not self._preparing.acquire(timeout=_PATIENCE):
                raise PreviewBusyError
            try:
                return self._kept or self._prepare()
            finally:
                self._preparing.release()
        if self._looked_at is None or self.now() - self._looked_at >= _LOOKS_EVERY:
            self.warm()
        return kept

    def _try_to_prepare(self) -> None:
        if not self._preparing.acquire(blocking=False):
            return  # somebody does
        try:
            self._prepare()
        except Exception:  # a thread has nobody to tell; visitors go on with what there is
            log.exception("tasting.failed")
        finally:
            self._preparing.release()

    def _prepare(self) -> _Prepared:
        now, kept = self.now(), self._kept
        self._looked_at = now
        with reading_sessions(self.sessions)() as session:
            newest = session.scalar(select(func.max(tables.Entry.id)))
            stamp = (newest, *spaces.versions(session)[:1], now.date())
            if kept is not None and kept.stamp == stamp:
                return kept
            found = _Prepared(Planner(self.sessions, now, DAYS, spaces=self.spaces), stamp)
            found.planner.choose(session, [found.member(Wanted(_ANY))])
        self._kept = found
        # It stays for hours, and a visit of the collector to all of it would cost four previews.
        gc.collect()
        gc.freeze()
        return found


def _told(pick: Pick, entry: Entry) -> PreviewPaper:
    shown, more = wording.byline(entry, wording.followed_authors(pick.evidence))
    names = ", ".join(author.name for author in shown)
    # A paper that was rated here stays in sight, and is most like itself.
    itself = (EvidenceKind.LIKED, entry.key)
    said = wording.reasons([e for e in pick.evidence if (e.kind, e.interest) != itself])
    reasons = [Reason(each.before, each.name, each.after, each.found) for each in said]
    return PreviewPaper(
        entry_id=entry.id,
        key=entry.key,
        title=shown_title(entry.title),
        url=web_url(entry.url),
        authors=_("{names} and {count} more").format(names=names, count=more) if more else names,
        day=entry.first_listed_on,
        section=wording.section_name(pick.section, weekly=False),
        reasons=tuple(reasons) or (Reason(_("you wanted more like this")),),
    )
