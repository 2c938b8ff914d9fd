"""The clockwork of `newsletter up`: one tick a minute asks the database who is due.

No person has a job of their own: cron-like triggers fire twice or never around a clock change, and a job
store that two processes share fires twice. The ledger decides; the clock only asks.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from newsletter.app import App
from newsletter.errors import NewsletterError

log = structlog.get_logger()


def start(app: App, now: Callable[[], datetime]) -> BackgroundScheduler:
    """Start the ticks and the visits to the sources; `shutdown()` on the result ends them."""
    scheduler = BackgroundScheduler(
        timezone="UTC",
        job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
    )
    scheduler.add_job(
        lambda: _collect(app, now()),
        IntervalTrigger(minutes=app.settings.collect_minutes, timezone="UTC"),
        id="collect",
        next_run_time=now(),
    )
    scheduler.add_job(
        lambda: _tick(app, now()),
        IntervalTrigger(minutes=1, timezone="UTC"),
        id="tick",
    )
    scheduler.start()
    return scheduler


def _collect(app: App, now: datetime) -> None:
    try:
        report = app.collect(now.date(), now)
    except NewsletterError as error:
        log.warning("collect.failed", error=str(error))
        return
    for source in report.sources:
        if source.error:
            log.warning("collect.source", source=source.name, error=source.error)
        else:
            log.info("collect.source", source=source.name, listed=source.listed, new=source.new)


def _tick(app: App, now: datetime) -> None:
    try:
        planned, sent = app.pipeline().tick(now)
    except NewsletterError as error:
        log.warning("tick.failed", error=str(error))
        return
    if planned.planned or planned.skipped or sent.outcomes or sent.recovered:
        log.info(
            "tick",
            planned=planned.planned,
            skipped=dict(planned.skipped),
            uncertain=sent.recovered,
            **{outcome.value: count for outcome, count in sent.outcomes.items()},
        )
    if sent.error:
        log.error("tick.relay", error=sent.error)
