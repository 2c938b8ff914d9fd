"""What several commands share: the wired application, dates as they are typed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter import clock
from newsletter.errors import NewsletterError
from newsletter.logs import start_log

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.store.engine import Sessions

Day = Annotated[
    str | None,
    typer.Option("--date", metavar="YYYY-MM-DD", help="The edition's day; today if unset."),
]


def open_app(*, real: bool = False, check: bool = True) -> App:
    """The application as the settings want it. `real`: refuse what must not mail real people."""
    from newsletter import settings

    loaded = settings.load()
    if real:
        loaded.require_real()
    from newsletter.app import build  # only now: what is wrong with the settings is told at once

    start_log(loaded.log_level, loaded.log_format)
    app = build(loaded, check=check)
    if real:
        app.dkim  # noqa: B018  (keys that cannot sign are told at once, too)
    return app


def open_database() -> Sessions:
    """The database of the settings alone, for commands that need no more. Raises StoreError."""
    from newsletter import settings
    from newsletter.store.engine import open_engine, open_sessions, require_current

    engine = open_engine(settings.load().database_url)
    require_current(engine)
    return open_sessions(engine)


def parse_day(text: str | None) -> date:
    """A day as typed, or today (UTC)."""
    today = clock.now().date()
    if text is None:
        return today
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date such as {today}") from None
    if day > today:
        raise typer.BadParameter(f"{day} is yet to come")
    return day


@contextmanager
def stopped_by_signals(app: App) -> Iterator[None]:
    """SIGTERM and Ctrl-C end sending in order: what is on the wire is finished, the rest given back.

    A second Ctrl-C ends it at once.
    """

    def stop(number: int, _frame: object) -> None:
        if app.stopping.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        app.stopping.set()

    before = {each: signal.signal(each, stop) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def ended_if_stopped(app: App) -> None:
    """End with exit code 130 if a signal stopped the sending."""
    if app.stopping.is_set():
        from newsletter.cli.terminal import say

        say("Stopped; what was not sent stays planned, `newsletter send` goes on with it.")
        raise typer.Exit(130)


def failed_if(failed: bool, message: str) -> None:
    """End with exit code 1 and this line, if something failed."""
    if failed:
        raise NewsletterError(message)
