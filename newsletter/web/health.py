"""`/healthz`, `/readyz`, `/metrics`: what a watcher is told, read from the ledger at that moment."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from newsletter import clock
from newsletter.app import App
from newsletter.deliver.port import hand_over
from newsletter.errors import NewsletterError, StoreError
from newsletter.store import editions, standing
from newsletter.store.engine import reading, require_current
from newsletter.store.standing import Standing

# A relay is asked again after so many seconds; whoever asks us every second does not burden it.
_ASKED_AGAIN = 30.0
# A digest that was due so long ago and has not left is a fault, whatever the reason.
_UNSENT_FOR = timedelta(hours=2)


class Health:
    """What is well and what is not."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._relay: tuple[float, str] | None = None

    def routes(self) -> list[Route]:
        """The three addresses."""
        return [
            Route("/healthz", self.alive, methods=["GET"]),
            Route("/readyz", self.ready, methods=["GET"]),
            Route("/metrics", self.metrics, methods=["GET"]),
        ]

    def alive(self, _: Request) -> Response:
        """The process answers; that is all."""
        return JSONResponse({"status": "ok"})

    def ready(self, _: Request) -> Response:
        """Whether it does its work: database, relay, the last edition, what waits."""
        told: dict[str, Any] = {}
        try:
            require_current(self._app.engine)
            told["database"] = "ok"
            told |= self._edition(clock.now())
        except (StoreError, SQLAlchemyError) as error:
            told["database"] = str(error) if isinstance(error, StoreError) else "cannot be read"
        told["relay"] = self._ask_relay()
        bad = [name for name, state in told.items() if state not in {"ok", "none"}]
        if not bad:
            return JSONResponse({"status": "ok", **told})
        return JSONResponse({"status": "unavailable", **told}, status_code=503)

    def _edition(self, now: datetime) -> dict[str, str]:
        with reading(self._app.sessions)() as session:
            last = standing.last_edition(session)
            stopped = editions.stopped(session)
            oldest = standing.oldest_unsent(session, now)
        found = {"edition": "none", "unsent": "ok"}
        if last is not None:
            whole = last.complete or last.collected_at is None
            found["edition"] = "ok" if whole else f"{last.day}: not every source has answered"
        if stopped:
            found["edition"] = "; ".join(f"{day} is stopped: {why}" for day, why in stopped)
        if oldest is not None and now - oldest > _UNSENT_FOR:
            found["unsent"] = (
                f"the oldest digest that is due waits since {oldest:%Y-%m-%d %H:%M} UTC"
            )
        return found

    def _ask_relay(self) -> str:
        with self._lock:
            if self._relay is None or monotonic() - self._relay[0] > _ASKED_AGAIN:
                self._relay = monotonic(), self._asked()
            return self._relay[1]

    def _asked(self) -> str:
        try:
            hand_over(self._app.probe, [])
        except NewsletterError as error:
            return str(error)
        return "ok"

    def metrics(self, _: Request) -> Response:
        """For Prometheus, counted anew at each visit: the ledger knows what all processes did."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Numbers(self._app))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class _Numbers:
    """What stands in the database, as gauges."""

    def __init__(self, app: App) -> None:
        self._app = app

    def collect(self) -> list[Metric]:
        """The present numbers; `paperround_database_up` alone where it cannot be read."""
        up = GaugeMetricFamily("paperround_database_up", "Whether the database can be read.")
        try:
            with reading(self._app.sessions)() as session:
                found = standing.standing(session, clock.now())
        except SQLAlchemyError:
            up.add_metric([], 0)
            return [up]
        up.add_metric([], 1)
        return [up, *_families(found)]


def _families(found: Standing) -> list[Metric]:
    deliveries = GaugeMetricFamily(
        "paperround_deliveries",
        "Digests of the latest editions, by state.",
        labels=["edition", "state"],
    )
    for (day, state), count in found.deliveries.items():
        deliveries.add_metric([str(day), state.value], count)
    notices = GaugeMetricFamily("paperround_notices", "Other mails, by state.", labels=["state"])
    for state, count in found.notices.items():
        notices.add_metric([state.value], count)
    returned = GaugeMetricFamily(
        "paperround_returned", "What came back in 30 days, by what it says.", labels=["kind"]
    )
    for kind, count in found.returned.items():
        returned.add_metric([kind], count)
    oldest = GaugeMetricFamily(
        "paperround_oldest_unsent_seconds", "How long the oldest digest that is due has waited."
    )
    oldest.add_metric([], found.oldest_unsent)
    stopped = GaugeMetricFamily("paperround_editions_stopped", "Editions that are stopped.")
    stopped.add_metric([], found.stopped)
    complete = GaugeMetricFamily(
        "paperround_last_edition_complete", "Whether every source had answered for it."
    )
    complete.add_metric([], found.complete)
    return [deliveries, notices, returned, oldest, stopped, complete]
