"""The clockwork of `newsletter up`: one tick a minute asks the database who is due.

No person has a job of their own: cron-like triggers fire twice or never around a clock change, and a job
store that two processes share fires twice. The ledger decides; the clock only asks.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from newsletter.app import App
from newsletter.errors import NewsletterError
from newsletter.fleet import Fleet

log = structlog.get_logger()

_NIGHT = 1  # an hour (UTC) that leaves time to learn everybody anew before Europe's morning

_SUMMARISING = 300.0  # seconds a visit to the model, well before the next


def start(app: App, now: Callable[[], datetime]) -> BackgroundScheduler:
    """Start the ticks and the visits to the sources; `shutdown()` on the result ends them."""
    scheduler = BackgroundScheduler(
        timezone="UTC",
        job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
    )
    scheduler.add_job(
        lambda: collect(app, now()),
        IntervalTrigger(minutes=app.settings.collect_minutes, timezone="UTC"),
        id="collect",
        next_run_time=now(),
    )
    scheduler.add_job(
        lambda: tick(app, now()), IntervalTrigger(minutes=1, timezone="UTC"), id="tick"
    )
    scheduler.add_job(
        lambda: learn(app, now()), IntervalTrigger(minutes=10, timezone="UTC"), id="learn"
    )
    scheduler.add_job(
        lambda: refresh(app, now()), CronTrigger(hour=_NIGHT, timezone="UTC"), id="refresh"
    )
    scheduler.add_job(
        lambda: summarise(app, now()), IntervalTrigger(minutes=10, timezone="UTC"), id="summarise"
    )
    if app.settings.bounce_imap:
        scheduler.add_job(
            lambda: returned(app, now()), IntervalTrigger(minutes=5, timezone="UTC"), id="returned"
        )
    scheduler.start()
    return scheduler


def _survives(job: Callable[[App, datetime], None]) -> Callable[[App, datetime], None]:
    """Whatever a job meets is a log line, and the next one comes all the same."""

    @wraps(job)
    def guarded(app: App, now: datetime) -> None:
        try:
            job(app, now)
        except NewsletterError as error:
            log.warning("job.failed", job=job.__name__, error=str(error))
        except Exception:
            log.exception("job.broke", job=job.__name__)

    return guarded


@_survives
def collect(app: App, now: datetime) -> None:
    """Visit all sources for the day of `now` (UTC)."""
    report = app.collect(now.date(), now)
    for source in report.sources:
        if source.error is None:
            log.info("collect.source", source=source.name, listed=source.listed, new=source.new)
    if report.encoded:
        log.info("collect.encoded", papers=report.encoded)


@_survives
def tick(app: App, now: datetime) -> None:
    """Mail whoever is due."""
    planned, sent = Fleet(app, app.settings.processes).pipeline().tick(now)
    if planned.planned or planned.skipped or sent.outcomes or sent.recovered:
        log.info(
            "tick",
            planned=planned.planned,
            skipped={reason.value: count for reason, count in planned.skipped.items()},
            uncertain=sent.recovered,
            **{outcome.value: count for outcome, count in sent.outcomes.items()},
        )
    for line in sent.notes:
        log.warning("tick.kept_back", why=line)
    if sent.error:
        log.warning("tick.relay", error=sent.error)


@_survives
def learn(app: App, now: datetime) -> None:
    """Learn ahead of time what readers want."""
    if count := app.learn(now):
        log.info("learn", readers=count)


@_survives
def summarise(app: App, now: datetime) -> None:  # noqa: ARG001  (a job's signature)
    """Have a model summarise what was picked and what is popular, before more readers are due."""
    report = app.summarise(_SUMMARISING)
    if report and (report.written or report.refused or report.failed):
        log.info("summarise", **report.as_dict())


@_survives
def refresh(app: App, now: datetime) -> None:
    """Drop what has been kept long enough, and learn anew what profiles rest on."""
    app.prune_returned()
    app.forget_unconfirmed()
    app.refresh(now)


@_survives
def returned(app: App, now: datetime) -> None:  # noqa: ARG001  (a job's signature)
    """Take in what came back to the mailbox."""
    if count := app.read_returned():
        log.info("returned", mails=count)
