"""A form as it was typed, the preferences that it means, and what its template needs to show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, TypeVar

from markupsafe import Markup
from starlette.datastructures import FormData

from subscribers.catalogue import Catalogue, Ticked, catalogue
from subscribers.consent import REQUEST_WORDING
from subscribers.errors import ProfileError
from subscribers.language import languages, name_of, spoken
from subscribers.preferences import (
    MOST_PAPERS,
    Preferences,
    check_language,
    check_length,
    check_max_papers,
    check_pause,
    check_quiet_days,
    clear_past_pause,
)
from subscribers.profile import Profile, make_profile, parse_profile, to_text
from subscribers.schedule import Schedule, edition_day, make_schedule
from subscribers.web.catalogue_html import zones_html
from subscribers.wording import WEEKDAYS

_T = TypeVar("_T")

CADENCES = (
    ("daily", "Every day"),
    ("weekdays", "Monday to Friday"),
    ("weekly", "Once a week, one line a paper"),
)
LENGTHS = (
    ("titles", "Titles only"),
    ("short", "A few sentences"),
    ("full", "The whole abstract"),
)
QUIETS = (("0", "No note"), *((str(count), f"{count} digests left out") for count in (3, 7, 14)))
HOURS = tuple((str(hour), f"{hour:02}:00") for hour in range(24))
_SINGLE = (
    "email",
    "wishes",
    "cadence",
    "weekday",
    "hour",
    "timezone",
    "max_papers",
    "length",
    "quiet_days",
    "language",
    "paused_until",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What stands in a form's fields, right or wrong."""

    email: str = ""
    topics: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    wishes: str = ""
    cadence: str = "daily"
    weekday: str = "0"
    hour: str = "7"
    timezone: str = "UTC"
    max_papers: str = "10"
    length: str = "short"
    quiet_days: str = "0"
    language: str = field(default_factory=spoken)
    paused_until: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormView:
    """All that a form's template shows. `errors`: a message for each field that has one."""

    typed: Typed
    errors: Mapping[str, str] = field(default_factory=dict)
    catalogue: Catalogue = field(default_factory=catalogue)
    cadences: tuple[tuple[str, str], ...] = CADENCES
    lengths: tuple[tuple[str, str], ...] = LENGTHS
    quiets: tuple[tuple[str, str], ...] = QUIETS
    weekdays: tuple[str, ...] = WEEKDAYS
    hours: tuple[tuple[str, str], ...] = HOURS
    most_papers: int = MOST_PAPERS
    languages: tuple[tuple[str, str], ...] = field(
        default_factory=lambda: tuple((code, name_of(code)) for code in languages())
    )
    consent: str = field(default_factory=lambda: REQUEST_WORDING.said().text)

    @property
    def zones(self) -> Markup:
        """The options of the zones to choose from; one that is set but not listed comes first."""
        return zones_html(self.typed.timezone)


def form_context(
    typed: Typed | None = None, errors: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The variables of the sign-up form (`subscribe_form.html`), for any page that includes it.

    Such a page needs `page_headers(script=True)` for the guess of the time zone, and the variables
    `site`, `root` and `contact`.
    """
    return {"form": FormView(typed=typed or Typed(), errors=errors or {})}


def typed_in(sent: FormData, before: Typed | None = None) -> Typed:
    """What was sent; a field that the form did not have keeps what stood there `before`."""
    values = {name: value for name in _SINGLE if isinstance(value := sent.get(name), str)}
    # A box that is not ticked is not sent, so its absence always means something.
    return replace(
        before or Typed(),
        topics=frozenset(value for value in sent.getlist("topics") if isinstance(value, str)),
        categories=frozenset(v for v in sent.getlist("categories") if isinstance(v, str)),
        **values,
    )


def typed_of(preferences: Preferences, email: str, now: datetime) -> Typed:
    """How a form shows preferences."""
    today = edition_day(now, preferences.schedule.timezone)
    schedule = clear_past_pause(preferences, today).schedule
    nothing = Ticked(frozenset(), frozenset(), Profile())
    profile = preferences.profile
    ticked = catalogue().ticked(profile) if profile.interests else nothing
    return Typed(
        email=email,
        topics=ticked.topics,
        categories=ticked.categories,
        wishes=to_text(ticked.rest),
        cadence=schedule.cadence.value,
        weekday=str(schedule.weekday),
        hour=str(schedule.hour),
        timezone=schedule.timezone,
        max_papers=str(preferences.max_papers),
        length=preferences.length.value,
        quiet_days=str(preferences.quiet_days),
        language=preferences.language,
        paused_until=schedule.paused_until.isoformat() if schedule.paused_until else "",
    )


def understood(typed: Typed, now: datetime) -> tuple[Preferences | None, dict[str, str]]:
    """The preferences that a form means; or None, and a message for each field that is wrong."""
    errors: dict[str, str] = {}
    profile = _attempt(errors, lambda: _profile(typed))
    schedule = _attempt(errors, lambda: _schedule(typed, now))
    max_papers = _attempt(errors, lambda: check_max_papers(_whole("max_papers", typed.max_papers)))
    length = _attempt(errors, lambda: check_length(typed.length))
    quiet_days = _attempt(errors, lambda: check_quiet_days(_whole("quiet_days", typed.quiet_days)))
    language = _attempt(errors, lambda: check_language(typed.language))
    if (
        profile is None
        or schedule is None
        or max_papers is None
        or length is None
        or quiet_days is None
        or language is None
    ):
        return None, errors
    return Preferences(
        profile=profile,
        schedule=schedule,
        max_papers=max_papers,
        length=length,
        quiet_days=quiet_days,
        language=language,
    ), errors


def _attempt(errors: dict[str, str], step: Callable[[], _T]) -> _T | None:
    try:
        return step()
    except ProfileError as error:
        errors[error.field] = str(error)
        return None


def _profile(typed: Typed) -> Profile:
    ticked = catalogue().interests(typed.topics, typed.categories)
    profile = make_profile([*ticked, *parse_profile(typed.wishes).interests])
    if all(interest.muted for interest in profile.interests):
        raise ProfileError(
            "wishes", "Please tick a topic or write a few words, so that we know what to look for."
        )
    return profile


def _schedule(typed: Typed, now: datetime) -> Schedule:
    schedule = make_schedule(
        cadence=typed.cadence,
        hour=_whole("hour", typed.hour),
        timezone=typed.timezone,
        weekday=_whole("weekday", typed.weekday),
        paused_until=_day(typed.paused_until),
    )
    check_pause(schedule.paused_until, edition_day(now, schedule.timezone))
    return schedule


def _whole(name: str, text: str) -> int:
    text = text.strip()  # some of the blanks that this takes away, int() would not
    if not (text.isdecimal() and len(text) < 10):
        raise ProfileError(name, "Please enter a whole number.")
    return int(text)


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ProfileError("paused_until", "Please write the day as 2027-01-31.") from None
