"""One visit to everything that papers are learned of from: sources, example papers, talk, vectors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import structlog

from newsletter.collect.http import Http
from newsletter.encode.port import Encoder
from newsletter.errors import EncoderError, SourceError
from newsletter.stages import collect as collecting
from newsletter.stages.seeds import fetch_seeds
from newsletter.stages.signals import observe
from newsletter.stages.vectors import encode_missing
from newsletter.store.engine import Sessions

log = structlog.get_logger()

# Vectors reach at least this far back: what readers vote on was mailed to them not long ago.
_ENCODED_DAYS = 30


@dataclass(frozen=True)
class Visit:
    """What a visit needs. `encoder`: None while nobody wants vectors. Once `stopping` is set no more of
    them is made.
    """

    sessions: Sessions
    http: Callable[[], Http]
    signals: Sequence[str]
    window_days: int
    encoder: Encoder | None
    stopping: threading.Event

    def run(
        self,
        day: date,
        now: datetime,
        on_progress: collecting.Progress = collecting.silent,
        names: list[str] | None = None,
    ) -> collecting.CollectReport:
        """Visit the sources, all or the named ones, and encode what is new.

        With all sources, missing seed papers are fetched and what is talked about is observed, too.
        """
        report = collecting.collect(
            self.sessions, self.http, names, day=day, now=now, on_progress=on_progress
        )
        if names is None:
            try:
                fetch_seeds(self.sessions, self.http, now)
            except SourceError as error:
                log.warning("seeds.failed", error=str(error))
            signals = observe(
                self.sessions, self.http, self.signals, now=now, days=self.window_days
            )
            report = replace(report, signals=signals)
        return self._encoded(report, now)

    def _encoded(self, report: collecting.CollectReport, now: datetime) -> collecting.CollectReport:
        """The report with how many papers were encoded; without vectors the day goes on all the same."""
        if self.encoder is None:
            return report
        days = max(_ENCODED_DAYS, self.window_days)
        try:
            count = encode_missing(self.sessions, self.encoder, now, days, self.stopping.is_set)
        except EncoderError as error:
            log.warning("encoder.failed", error=str(error))
            return replace(report, encoder_error=str(error))
        return replace(report, encoded=count)
