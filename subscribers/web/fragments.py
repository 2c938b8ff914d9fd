"""Pieces of a page that many readers share, rendered once for each language and each set of values."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from subscribers.language import spoken
from subscribers.web.catalogue_html import zones_html
from subscribers.web.forms import FormView, Typed

_KEPT = 2048
_LARGEST_KEPT = 8_000  # characters of what a fragment is made of
_ZONES = Markup("<!--zones-->")

Render = Callable[[str, dict[str, Any]], str]


class Said(dict[str, str]):
    """A message for each field that has one; unlike other dicts it is never changed, and can be a key."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self.items()))

    def of(self, *names: str) -> Said:
        """Those of some fields alone."""
        return Said((name, self[name]) for name in names if name in self) if self else self


class Fragments:
    """The fragments in `templates/web/steering`. All that a fragment shows is among its values."""

    def __init__(self, render: Render) -> None:
        self._render = render
        self._html = lru_cache(maxsize=_KEPT)(self._made)
        self._schedules = lru_cache(maxsize=_KEPT)(self._made_schedule)

    def html(self, name: str, /, **values: Hashable) -> Markup:
        """A fragment's HTML."""
        asked = (spoken(), name, tuple(values.items()))
        return (self._html if _is_small(values) else self._made)(*asked)

    def schedule(self, typed: Typed, errors: Mapping[str, str]) -> Markup:
        """The fields of the schedule; the long list of zones is put in afterwards."""
        bare = replace(
            typed, email="", topics=frozenset(), categories=frozenset(), wishes="", timezone=""
        )
        asked = (spoken(), replace(bare, paused_until=""), Said(errors))
        made = self._schedules if _is_small(asked) else self._made_schedule
        before, after = made(*asked)
        return before + zones_html(typed.timezone) + after

    def _made(self, _language: str, name: str, values: tuple[tuple[str, Hashable], ...]) -> Markup:
        return Markup(self._render(f"web/steering/{name}.html", dict(values)))  # noqa: S704

    def _made_schedule(self, _language: str, typed: Typed, errors: Said) -> tuple[Markup, Markup]:
        form = FormView(typed=typed, errors=errors)
        html = self._render("web/steering/schedule.html", {"form": form, "zones": _ZONES})
        before, _, after = html.partition(str(_ZONES))
        return Markup(before), Markup(after)  # noqa: S704  (both are what a template made)


def _is_small(values: object) -> bool:
    """Whether to keep what is made of these: the texts that somebody may send are as long as they like."""
    return len(repr(values)) <= _LARGEST_KEPT
