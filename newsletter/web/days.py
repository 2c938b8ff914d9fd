"""The papers of a day, and the best of a week and a month."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from newsletter.app import App
from newsletter.render.addresses import day_path, month_path, week_path
from newsletter.render.wording import long_date
from newsletter.stages.browsed import DayOrder, DayPage, Facet
from newsletter.store.engine import reading
from newsletter.web import months
from newsletter.web.caching import Caching
from newsletter.web.paging import address, page_of, pages
from newsletter.web.told import batch_words, month_name, order_words, quiet_words, weekdays
from subscribers.language import gettext as _
from subscribers.web.deps import WebDeps
from subscribers.web.joining import JoiningPages
from subscribers.web.pages import page, page_headers, quiet
from subscribers.web.speech import carrying

PAGE = 30
_LONGEST_FILTER = 100
_CATEGORIES = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to show the list, as a link."""

    name: str
    address: str
    chosen: bool
    count: int = 0


@dataclass(frozen=True, slots=True)
class _Span:
    """A week or a month; `path`: the page of the one that a day is in."""

    title: str
    first: date
    last: date
    path: Callable[[date], str]


class DayPages:
    """The handlers for `/`, `/daily/DATE`, `/weekly/WEEK` and `/monthly/MONTH`."""

    def __init__(self, app: App, deps: WebDeps, caching: Caching) -> None:
        self._app = app
        self._deps = deps
        self._caching = caching
        self._sessions = reading(app.sessions)
        self._joining = JoiningPages(deps)

    def routes(self) -> list[Route]:
        """The home page, and a page for each day, week and month."""
        handlers = {
            "/": self.home,
            "/daily": lambda _: self._to(day_path(self._today)),
            "/daily/{day}": self.day,
            "/weekly": lambda _: self._to(week_path(self._today)),
            "/weekly/{week}": self.week,
            "/monthly": lambda _: self._to(month_path(self._today)),
            "/monthly/{month}": self.month,
        }
        return [
            Route(path, quiet(self._deps, handler), methods=["GET"])
            for path, handler in handlers.items()
        ]

    def home(self, request: Request) -> Response:
        """The latest day that has papers; the sign-up form while there are none at all."""
        with self._sessions() as session:
            latest = self._app.browser.latest_day(session, self._deps.now())
            if latest is None:
                return self._joining.show_form(request)
            version = self._app.browser.version(session, self._deps.now())
            return self._caching.answer(
                request, version, lambda: self._day(session, request, latest, home=True)
            )

    def day(self, request: Request) -> Response:
        """A day, also one without papers."""
        day = _date(request.path_params["day"])
        with self._sessions() as session:
            version = self._app.browser.version(session, self._deps.now(), day)
            return self._caching.answer(
                request, version, lambda: self._day(session, request, day, home=False)
            )

    def week(self, request: Request) -> Response:
        """The most talked about of a week."""
        monday = _monday(request.path_params["week"])
        year, number, _day = monday.isocalendar()
        title = _("Week {number} of {year}").format(number=number, year=year)
        return self._span(request, _Span(title, monday, monday + timedelta(days=6), week_path))

    def month(self, request: Request) -> Response:
        """The most talked about of a month."""
        first, last = months.bounds(_date(f"{request.path_params['month']}-01"))
        return self._span(request, _Span(month_name(first), first, last, month_path))

    @property
    def _today(self) -> date:
        return self._deps.now().date()

    def _to(self, path: str) -> Response:
        headers = page_headers()
        there = carrying(f"{self._deps.root}{path}")
        return RedirectResponse(there, status_code=302, headers=headers)

    def _day(self, session: Session, request: Request, day: date, *, home: bool) -> Response:
        asked = _asked(request)
        number = page_of(request)
        found = self._app.browser.day(
            session, day, self._deps.now(),
            order=DayOrder(asked["by"] or DayOrder.TRENDING), category=asked["category"],
            source=asked["source"], offset=(number - 1) * PAGE, count=PAGE,
        )  # fmt: skip
        context = {
            "here": "day",
            "asked": "",
            "base_url": self._deps.base_url,
            "home": home,
            "path": "/" if home else day_path(day),
            "day": found,
            "today": self._today,
            "why_not_today": self._why_not_today(session, day) if home else "",
            "batch": batch_words(found.batches),
            "quiet": quiet_words(found.quiet) if found.quiet else "",
            "month": self._month(session, day),
            "weekdays": weekdays(),
            "pages": pages(self._path(day), asked, number, PAGE, found.total),
            **self._choices(found, asked),
        }
        return page(self._deps, "day.html", context, private=False)

    def _why_not_today(self, session: Session, shown: date) -> str:
        if shown == self._today:
            return ""
        today = self._app.browser.day(session, self._today, self._deps.now(), count=1)
        return quiet_words(today.quiet) if today.quiet else ""

    def _month(self, session: Session, day: date) -> months.Month:
        now = self._deps.now()
        counts = self._app.browser.days(session, *months.bounds(day), now)
        return months.month(day, counts, self._app.browser.months(session, now))

    def _choices(self, found: DayPage, asked: dict[str, str]) -> dict[str, Any]:
        """The orders and filters as links, each keeping the others."""

        def choice(field: str, value: str, name: str, count: int = 0) -> Choice:
            chosen = asked[field] == value
            query = {**asked, field: "" if chosen and count else value}
            return Choice(name, address(self._path(found.day), query), chosen, count)

        def facets(field: str, known: tuple[Facet, ...]) -> list[Choice]:
            return [choice(field, each.value, each.name, each.count) for each in known]

        categories = facets("category", found.categories)
        orders = {order: "" if order is DayOrder.TRENDING else order.value for order in DayOrder}
        return {
            "orders": [choice("by", value, order_words(order)) for order, value in orders.items()],
            "categories": categories[:_CATEGORIES],
            "more_categories": categories[_CATEGORIES:60],
            "sources": facets("source", found.sources),
            "filtered": asked["category"] or asked["source"],
        }

    def _path(self, day: date) -> str:
        return f"{self._deps.root}{day_path(day)}"

    def _span(self, request: Request, span: _Span) -> Response:
        with self._sessions() as session:
            version = self._app.browser.version(session, self._deps.now(), span.last)
            return self._caching.answer(
                request, version, lambda: self._span_page(session, request, span)
            )

    def _span_page(self, session: Session, request: Request, span: _Span) -> Response:
        number = page_of(request)
        found = self._app.browser.span(
            session, span.first, span.last, self._deps.now(),
            offset=(number - 1) * PAGE, count=PAGE,
        )  # fmt: skip
        path = span.path(span.first)
        context = {
            "here": "week" if span.path is week_path else "",
            "asked": "",
            "base_url": self._deps.base_url,
            "title": span.title,
            "between": f"{long_date(span.first)} \N{EN DASH} {long_date(span.last)}",
            "span": found,
            "path": path,
            "before": carrying(span.path(found.before)) if found.before else "",
            "after": carrying(span.path(found.after)) if found.after else "",
            "pages": pages(f"{self._deps.root}{path}", {}, number, PAGE, found.total),
        }
        return page(self._deps, "span.html", context, private=False)


def _asked(request: Request) -> dict[str, str]:
    """The order and the filters of an address; what is no order is the ordinary one."""
    query = request.query_params
    by = query.get("by", "")
    return {
        "by": by if by in {DayOrder.NEWEST, DayOrder.DISCUSSED} else "",
        "category": _filter(query.get("category", "")),
        "source": _filter(query.get("source", "")),
    }


def _filter(text: str) -> str:
    return text if len(text) <= _LONGEST_FILTER and text.isprintable() else ""


def _date(text: str) -> date:
    """A day as it stands in an address. Raises HTTPException."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise HTTPException(404) from None
    if day.isoformat() != text or not 1990 <= day.year < 2200:
        raise HTTPException(404)
    return day


def _monday(text: str) -> date:
    """The first day of a week such as 2026-W47. Raises HTTPException."""
    year, _dash, week = text.partition("-W")
    if not (year.isdecimal() and week.isdecimal() and len(text) == 8 and 1990 <= int(year) < 2200):
        raise HTTPException(404)
    try:
        return date.fromisocalendar(int(year), int(week), 1)
    except ValueError:
        raise HTTPException(404) from None
