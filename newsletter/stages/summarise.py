"""The summaries that a model writes: asked once a paper, checked, kept; whatever fails, the day goes on.

Claim and count in one transaction, ask in none, write down what came of it. A paper that is not written
keeps its extract. A crash loses at most the answers on their way: their claims end with the lease, and
the next visit asks again. Two workers never ask about one paper: the claim is one statement.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic

import structlog
from sqlalchemy.exc import IntegrityError

from newsletter.errors import WriterError
from newsletter.llm.port import Said, Writer
from newsletter.store import summaries
from newsletter.store.engine import Sessions, reading
from newsletter.store.owner import new_owner
from newsletter.store.summaries import Paper
from newsletter.summarise.prompt import messages, without_orders
from newsletter.summarise.validate import Refused, read_answer

log = structlog.get_logger()

_ANSWERS = 2  # how often a paper is asked about whose answers are refused
_ATTEMPTS = 5  # and one whose request fails
_FIRST_WAIT = timedelta(minutes=10)  # doubled with every attempt
_IN_A_ROW = 3  # failures; then the endpoint is believed to be down
_LONGEST_REST = timedelta(hours=24)
_SLACK = timedelta(seconds=60)  # of a lease, beyond the longest answer


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a visit may take: requests a day, requests at once, seconds until no new one begins."""

    requests: int
    at_once: int
    patience: float


@dataclass(slots=True)
class SummaryReport:
    """What one visit to the model came to. `stopped`: why it ended with papers left, in plain words."""

    written: int = 0
    refused: int = 0
    failed: int = 0
    left: int = 0
    stopped: str | None = None
    reasons: Counter[str] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {
            "written": self.written, "refused": self.refused, "failed": self.failed,
            "left": self.left, "stopped": self.stopped,
        }  # fmt: skip


def summarise(
    sessions: Sessions,
    writer: Writer,
    bounds: Bounds,
    now: Callable[[], datetime],
    *,
    picks_only: bool = False,
    stopped: Callable[[], bool] = lambda: False,
) -> SummaryReport:
    """Ask about the papers that readers wait for, as far as the bounds go. Nothing that fails is raised.

    `picks_only`: only what is in digests; otherwise also what many voted for these days.
    """
    with reading(sessions)() as session:
        papers = summaries.wanted(session, now(), picks_only=picks_only)
    visit = _Visit(sessions, writer, bounds, now, stopped, deque(papers))
    workers = min(bounds.at_once, len(papers))
    if workers:
        with ThreadPoolExecutor(workers, "summarise") as pool:
            try:
                for done in [pool.submit(visit.work) for _ in range(workers)]:
                    done.result()
            except BaseException:  # Ctrl-C, too: what is on its way is written down, no more begun
                visit.stop("stopped")
                raise
    visit.report.left = len(visit.papers)
    return visit.report


@dataclass
class _Visit:
    """One visit: what its threads share."""

    sessions: Sessions
    writer: Writer
    bounds: Bounds
    now: Callable[[], datetime]
    stopped: Callable[[], bool]
    papers: deque[Paper]
    report: SummaryReport = field(default_factory=SummaryReport)
    owner: str = field(default_factory=new_owner)
    started: float = field(default_factory=monotonic)
    failures: int = 0  # in a row
    lock: threading.Lock = field(default_factory=threading.Lock)

    def work(self) -> None:
        """Take papers one by one until none is left or there is a reason to end."""
        while not self._is_over():
            try:
                paper = self.papers.popleft()
            except IndexError:
                return
            attempt = self._claim(paper)
            if attempt:
                self._ask(paper, attempt)

    def _is_over(self) -> bool:
        if self.stopped():
            self.stop("told to stop")
        elif monotonic() >= self.started + self.bounds.patience:
            self.stop("out of time")
        return self.report.stopped is not None

    def stop(self, why: str) -> None:
        """Begin nothing more; the first reason stays."""
        with self.lock:
            self.report.stopped = self.report.stopped or why

    def _claim(self, paper: Paper) -> int:
        """How often the paper has been asked about with this time; 0: not now, or not by us."""
        now = self.now()
        lease = timedelta(seconds=self.writer.seconds) + _SLACK
        try:
            with self.sessions() as session:
                attempt = summaries.claim(
                    session, paper, self.writer.name, owner=self.owner, now=now, lease=lease
                )
                if not attempt:
                    return 0
                if summaries.spend(session, now.date(), self.bounds.requests, now):
                    session.commit()
                    return attempt
        except IntegrityError:  # became one with another entry meanwhile
            return 0
        # Nothing was committed: the paper stays as it was.
        self.papers.append(paper)
        self.stop(self._why_not(now))
        return 0

    def _why_not(self, now: datetime) -> str:
        with reading(self.sessions)() as session:
            requests, _, rest_until = summaries.spent(session, now.date())
        if rest_until and rest_until > now:
            return f"the endpoint wants rest until {rest_until:%H:%M:%S} UTC"
        return f"the day's {self.bounds.requests} requests are spent ({requests} made)"

    def _ask(self, paper: Paper, attempt: int) -> None:
        title, abstract = without_orders(paper.title), without_orders(paper.abstract)
        try:
            said = self.writer.write(messages(title, abstract))
        except WriterError as error:
            self._failed(paper, attempt, error)
            return
        except BaseException:
            self._failed(paper, attempt, WriterError("stopped while asking"))
            raise
        with self.lock:
            self.failures = 0
        self._read(paper, attempt, said, title, abstract)

    def _read(self, paper: Paper, attempt: int, said: Said, title: str, abstract: str) -> None:
        found, now = read_answer(said.text, title, abstract), self.now()
        again = now + _FIRST_WAIT * 2**attempt if attempt < _ANSWERS else None
        with self.sessions.begin() as session:
            if isinstance(found, Refused):
                summaries.settle(
                    session, paper, self.owner, now,
                    reason=found.reason, retry_at=again, tokens=said.tokens,
                )  # fmt: skip
            else:
                parts = found.as_dict()
                summaries.settle(session, paper, self.owner, now, parts=parts, tokens=said.tokens)
        with self.lock:
            if isinstance(found, Refused):
                self.report.refused += 1
                self.report.reasons[found.reason] += 1
                log.info("summary.refused", entry=paper.entry_id, reason=found.reason)
            else:
                self.report.written += 1

    def _failed(self, paper: Paper, attempt: int, error: WriterError) -> None:
        now = self.now()
        rest = min(timedelta(seconds=error.retry_after or 0), _LONGEST_REST)
        # What is the endpoint's fault alone is never held against the paper.
        is_endpoint = error.is_hopeless or error.retry_after is not None
        if is_endpoint:
            attempt -= 1
        wait = max(_FIRST_WAIT * 2**attempt, rest)
        with self.sessions.begin() as session:
            summaries.settle(
                session, paper, self.owner, now,
                reason=str(error), attempts=attempt, retry_at=now + wait if attempt < _ATTEMPTS else None,
            )  # fmt: skip
            if rest:
                summaries.rest(session, now.date(), now + rest)
        with self.lock:
            self.report.failed += 1
            self.report.reasons[str(error)] += 1
            self.failures += 1
            in_a_row = self.failures
        log.info("summary.failed", entry=paper.entry_id, error=str(error))
        if is_endpoint or in_a_row >= _IN_A_ROW:
            self.stop(str(error))
