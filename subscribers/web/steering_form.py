"""The preferences as a form shows them and as it means them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from starlette.datastructures import FormData

from subscribers.choices import Part, check_sources
from subscribers.language import gettext as _
from subscribers.preferences import Preferences, read_preferences
from subscribers.profile import Profile
from subscribers.tables import Subscriber
from subscribers.web import chips
from subscribers.web.chips import Chips, text_in
from subscribers.web.forms import SCALARS, Typed, typed_of, understood
from subscribers.web.snapshot import merged, merged_off, packed, unpacked


@dataclass(frozen=True, slots=True, kw_only=True)
class Steering:
    """All that the page lets somebody set, as its fields have it. `was`: what they were shown, packed."""

    typed: Typed
    chips: Chips
    parts_off: frozenset[str]
    sources_off: frozenset[str]
    was: str
    errors: Mapping[str, str] = field(default_factory=dict)

    def means(self, before: Preferences, now: datetime) -> tuple[Preferences | None, Steering]:
        """The preferences that are meant; or None, and the same with a message for each wrong field."""
        # The schedule is checked as at sign-up; the wishes are checked here.
        plain = replace(self.typed, topics=frozenset(), categories=frozenset(), wishes="anything")
        found, errors = understood(plain, now)
        profile, wrong = self.chips.profile()
        errors |= wrong
        if profile is not None and profile != before.profile:
            asked = any(not wish.muted for wish in profile.interests)
            if not asked and any(not wish.muted for wish in before.profile.interests):
                errors["wishes"] = _(
                    "Please keep or add one thing to look for, so that we know what to send."
                )
        if found is None or profile is None or errors:
            return None, replace(self, errors=errors)
        meant = replace(
            found,
            profile=profile,
            parts_off=frozenset(map(Part, self.parts_off & set(Part))),
            sources_off=check_sources(self.sources_off),
        )
        return meant, self


def as_set(subscriber: Subscriber, sources: Sequence[str], now: datetime) -> Steering:
    """How the form shows what is set."""
    preferences = read_preferences(subscriber)
    typed = typed_of(replace(preferences, profile=Profile()), subscriber.email, now)
    shown = chips.shown(subscriber)
    values = [
        *((name, getattr(typed, name)) for name in SCALARS),
        *((chip.name, chip.weight) for chip in shown.chips),
        ("rest", shown.rest),
        *(("part_off", part) for part in sorted(preferences.parts_off)),
        *(("source", name) for name in sources),
        *(("source_off", name) for name in sorted(preferences.sources_off.intersection(sources))),
    ]
    return Steering(
        typed=typed,
        chips=shown,
        parts_off=frozenset(preferences.parts_off),
        sources_off=preferences.sources_off,
        was=packed(values),
    )


def changed(now: Steering, sent: FormData) -> Steering:
    """What is set (`now`) with what the form changed."""
    was_text = text_in(sent, "was") or ""
    pairs = unpacked(was_text)
    was = dict(pairs)
    scalars = merged(
        {name: getattr(now.typed, name) for name in SCALARS},
        was,
        {name: text for name in SCALARS if (text := text_in(sent, name)) is not None},
    )
    ticked = {name: [v for v in sent.getlist(name) if isinstance(v, str)] for name in _TICKED}
    seen = {name: [v for key, v in pairs if key == name] for name in _SEEN}
    # A form that was sent by hand names what is ticked alone.
    parts = list(Part) if pairs or ticked["parts"] else []
    sources = seen["source"]
    return replace(
        now,
        typed=replace(now.typed, **cast("dict[str, Any]", scalars)),
        chips=chips.changed(now.chips, was, sent),
        parts_off=merged_off(now.parts_off, seen["part_off"], parts, ticked["parts"]),
        sources_off=merged_off(now.sources_off, seen["source_off"], sources, ticked["sources"]),
        was=was_text,
    )


_TICKED = ("parts", "sources")
_SEEN = ("part_off", "source", "source_off")
