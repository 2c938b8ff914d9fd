"""What several commands share: the wired application, dates as they are typed."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from newsletter import clock, settings
from newsletter.app import App, build
from newsletter.errors import NewsletterError

Day = Annotated[
    str | None,
    typer.Option("--date", metavar="YYYY-MM-DD", help="The edition's day; today if unset."),
]


def open_app(*, real: bool = False, check: bool = True) -> App:
    """The application as the settings want it. `real`: refuse what must not mail real people."""
    loaded = settings.load()
    return build(loaded.require_real() if real else loaded, check=check)


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


def failed_if(failed: bool, message: str) -> None:
    """End with exit code 1 and this line, if something failed."""
    if failed:
        raise NewsletterError(message)
