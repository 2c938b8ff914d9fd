"""A form as it was typed, the preferences that it means, and what its template needs to show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, TypeVar

from starlette.datastructures import FormData

from subscribers.address import Address, parse_address
from subscribers.catalogue import Catalogue, Ticked, catalogue
from subscribers.consent import REQUEST_WORDING
from subscribers.errors import AddressError, ProfileError
from subscribers.guard import Guarded
from subscribers.language import N_, languages, name_of, spoken
from subscribers.language import gettext as _
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
from subscribers.preview import MOST_RATED
from subscribers.profile import Interest, Profile, make_profile, parse_profile, to_text
from subscribers.schedule import Schedule, edition_day, make_schedule
from subscribers.tokens import LESS, MORE
from subscribers.web.tasting import TastingView
from subscribers.web.zones import is_listed, zone_choices, zone_named
from subscribers.wording import counted, weekdays

_T = TypeVar("_T")
_LONGEST_KEY = 400
Choices = tuple[tuple[str, str], ...]
"""What can be chosen: the value that is sent, and what it is called."""

CADENCES = (
    ("daily", N_("Every day")),
    ("weekdays", N_("Monday to Friday")),
    ("weekly", N_("Once a week, one line a paper")),
)
LENGTHS = (
    ("titles", N_("Titles only")),
    ("short", N_("A few sentences")),
    ("full", N_("The whole abstract")),
)
HOURS = tuple((str(hour), f"{hour:02}:00") for hour in range(24))
SCALARS = (
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
"""The fields that hold one value and are in the preferences, too."""
_SINGLE = ("email", "wishes", "seeds", *SCALARS)


def _said(choices: Choices) -> Choices:
    return tuple((value, _(name)) for value, name in choices)


def _quiets() -> Choices:
    counts = (
        (str(many), counted("{count} digest left out", "{count} digests left out", many))
        for many in (3, 7, 14)
    )
    return (("0", _("No note")), *counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What stands in a form's fields, right or wrong."""

    email: str = ""
    topics: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    wishes: str = ""
    seeds: str = ""
    ratings: tuple[tuple[str, int], ...] = ()
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
    cadences: Choices = field(default_factory=lambda: _said(CADENCES))
    lengths: Choices = field(default_factory=lambda: _said(LENGTHS))
    quiets: Choices = field(default_factory=_quiets)
    weekdays: tuple[str, ...] = field(default_factory=weekdays)
    hours: Choices = HOURS
    most_papers: int = MOST_PAPERS
    languages: Choices = field(
        default_factory=lambda: tuple((code, name_of(code)) for code in languages())
    )
    consent: str = field(default_factory=lambda: REQUEST_WORDING.said().text)
    guarded: Guarded | None = None
    tasting: TastingView = field(default_factory=TastingView)

    @property
    def zones(self) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
        """The zones to choose from; one that is set but not listed comes first."""
        name = self.typed.timezone
        if is_listed(name):
            return zone_choices()
        return ((_("As set"), ((name, name),)), *zone_choices())


def form_context(
    typed: Typed | None = None, errors: Mapping[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    """The variables of the sign-up form (`subscribe_form.html`), for any page that includes it. `more`:
    further fields of `FormView`; one that is shown to a newcomer should be `guarded`.

    Such a page needs `page_headers(script=True)` for the guess of the time zone, and the variables
    `site`, `root` and `contact`.
    """
    return {"form": FormView(typed=typed or Typed(), errors=errors or {}, **more)}


def typed_in(sent: FormData, before: Typed | None = None) -> Typed:
    """What was sent; a field that the form did not have keeps what stood there `before`."""
    values = {name: value for name in _SINGLE if isinstance(value := sent.get(name), str)}
    if "timezone" in values:
        values["timezone"] = zone_named(values["timezone"])
    # A box that is not ticked is not sent, so its absence always means something.
    return replace(
        before or Typed(),
        topics=frozenset(value for value in sent.getlist("topics") if isinstance(value, str)),
        categories=frozenset(v for v in sent.getlist("categories") if isinstance(v, str)),
        ratings=_ratings(sent),
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


def understood(
    typed: Typed, now: datetime, more: Sequence[Interest] = ()
) -> tuple[Preferences | None, dict[str, str]]:
    """The preferences that a form means; or None, and a message for each field that is wrong.

    `more`: wishes that do not stand in the fields of wishes themselves.
    """
    errors: dict[str, str] = {}
    profile = _attempt(errors, lambda: _wanted(typed, more))
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


def _ratings(sent: FormData) -> tuple[tuple[str, int], ...]:
    """The papers with a press each; both at once is none."""
    more, less = (
        {key for key in sent.getlist(name) if isinstance(key, str) and len(key) <= _LONGEST_KEY}
        for name in ("more", "less")
    )
    rated = [(key, MORE) for key in sorted(more - less)]
    return (*rated, *((key, LESS) for key in sorted(less - more)))[:MOST_RATED]


def address_in(text: str, errors: dict[str, str]) -> Address | None:
    """The address that was typed; or None, and a message among the errors."""
    try:
        return parse_address(text)
    except AddressError as error:
        errors["email"] = str(error)
        return None


def _attempt(errors: dict[str, str], step: Callable[[], _T]) -> _T | None:
    try:
        return step()
    except ProfileError as error:
        errors[error.field] = str(error)
        return None


def profile_of(typed: Typed, more: Sequence[Interest] = ()) -> Profile:
    """All wishes of a form, perhaps none. Raises ProfileError."""
    ticked = catalogue().interests(typed.topics, typed.categories)
    return make_profile([*ticked, *parse_profile(typed.wishes).interests, *more])


def _wanted(typed: Typed, more: Sequence[Interest]) -> Profile:
    profile = profile_of(typed, more)
    if all(interest.muted for interest in profile.interests):
        raise ProfileError(
            "wishes",
            _("Please tick a topic or write a few words, so that we know what to look for."),
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
        raise ProfileError(name, _("Please enter a whole number."))
    return int(text)


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ProfileError("paused_until", _("Please write the day as 2027-01-31.")) from None
