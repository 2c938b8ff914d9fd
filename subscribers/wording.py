"""Times and numbers, said as a person would, in the language being spoken. Pure."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_day_names, get_timezone_location
from babel.numbers import format_decimal, format_percent

from subscribers.language import ENGLISH, ngettext, spoken
from subscribers.language import gettext as _
from subscribers.schedule import Cadence, Schedule


def rhythm(schedule: Schedule) -> str:
    """Such as: every day at 07:00, Berlin time."""
    days = {
        Cadence.DAILY: _("every day"),
        Cadence.WEEKDAYS: _("Monday to Friday"),
        Cadence.WEEKLY: _("every {weekday}").format(weekday=weekdays()[schedule.weekday]),
    }[schedule.cadence]
    return _at(days, f"{schedule.hour:02}:00", schedule.timezone)


def next_digest(moment: datetime | None, timezone: str) -> str:
    """Such as: Tuesday 6 October at 07:00, Berlin time. Empty if none is due."""
    return "" if moment is None else _next_digest(moment, timezone, spoken())


@lru_cache(maxsize=4096)  # the readers of one zone share most moments
def _next_digest(moment: datetime, timezone: str, _language: str) -> str:
    local = moment.astimezone(ZoneInfo(timezone))
    return _at(day_in_words(local.date()), f"{local:%H:%M}", timezone)


def _at(days: str, hour: str, timezone: str) -> str:
    # NOTE: such as "Tuesday 6 October at 07:00, Berlin time" or "every day at 07:00, Berlin time"
    return _("{days} at {hour}, {place} time").format(days=days, hour=hour, place=place(timezone))


def weekdays() -> tuple[str, ...]:
    """The days of the week from Monday on."""
    names = get_day_names("wide", context="stand-alone", locale=spoken())
    return tuple(names[number] for number in range(7))


def day_in_words(day: date) -> str:
    """Such as: Tuesday 6 October."""
    # NOTE: a pattern of CLDR for "Tuesday 6 October"
    return said_date(day, _("EEEE d MMMM"))


def said_date(day: date, pattern: str) -> str:
    """A day by a pattern of CLDR, its names in the language being spoken."""
    return _said_date(day, pattern, spoken())


@lru_cache(maxsize=512)
def _said_date(day: date, pattern: str, language: str) -> str:
    return format_date(day, pattern, locale=language)


def number(value: int) -> str:
    """Such as: 1,204."""
    language = spoken()
    return f"{value:,}" if language == ENGLISH else format_decimal(value, locale=language)


def percent(share: float) -> str:
    """A share from 0 to 1, such as: 62%."""
    language = spoken()
    return f"{share:.0%}" if language == ENGLISH else format_percent(share, locale=language)


def counted(singular: str, plural: str, count: int) -> str:
    """`{count} paper` or `{count} papers` in the language being spoken, with the number filled in."""
    return _counted(singular, plural, count, spoken())


@lru_cache(maxsize=4096)  # each mail has some, and most have the same
def _counted(singular: str, plural: str, count: int, _language: str) -> str:
    return ngettext(singular, plural, count).format(count=number(count))


def place(timezone: str) -> str:
    """`America/New_York` as New York."""
    language = spoken()
    if language != ENGLISH and "/" in timezone:
        timezone = get_timezone_location(timezone, locale=language, return_city=True)
    return timezone.rpartition("/")[2].replace("_", " ")
