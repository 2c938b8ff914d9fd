"""What a day's page says of its batch, in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from babel.dates import format_date, get_day_names
from babel.numbers import format_decimal

from newsletter.stages.browsed import Batch, DayOrder, Quiet
from subscribers.language import gettext as _
from subscribers.language import spoken


def batch_words(batches: Sequence[Batch]) -> str:
    """Such as: 412 from arXiv, complete; 31 from Hugging Face."""
    return "; ".join(_batch(batch) for batch in batches)


def _batch(batch: Batch) -> str:
    told = _("{count} from {place}").format(count=f"{batch.count:,}", place=batch.place)
    if batch.failed:
        return _("{told}, which could not be read").format(told=told)
    if batch.missing:
        return _("{told}, {missing} more were announced").format(
            told=told, missing=f"{batch.missing:,}"
        )
    if batch.complete:
        return _("{told}, complete").format(told=told)
    return told if batch.complete is None else _("{told}, not all of it yet").format(told=told)


def quiet_words(quiet: Quiet) -> str:
    """Why a day has no papers, or hardly any."""
    return {
        Quiet.FUTURE: _("This day has not come yet."),
        Quiet.EARLY: _("It is early: the batch that arXiv announces is not out yet."),
        Quiet.WEEKEND: _("arXiv announces nothing on Saturdays and Sundays."),
        Quiet.HOLIDAY: _("arXiv announced nothing on this day, as on holidays."),
        Quiet.FAILED: _("A source could not be read; what was missed comes later."),
        Quiet.NOT_COLLECTED: _("Nothing was collected for this day."),
        Quiet.NOTHING: _("The sources had nothing new."),
    }[quiet]


def order_words(order: DayOrder) -> str:
    """What an order is called."""
    return {
        DayOrder.TRENDING: _("Trending"),
        DayOrder.NEWEST: _("Newest"),
        DayOrder.DISCUSSED: _("Most discussed"),
    }[order]


def month_name(day: date) -> str:
    """The month of a day: November 2026."""
    return format_date(day, "LLLL y", locale=spoken())


def weekdays() -> list[tuple[str, str]]:
    """Short and whole names of the days from Monday on."""
    short, whole = (get_day_names(width, locale=spoken()) for width in ("short", "wide"))
    return [(short[day], whole[day]) for day in range(7)]


def thousands(number: int) -> str:
    """`1,204`, as the language being spoken writes it."""
    return format_decimal(number, locale=spoken())
