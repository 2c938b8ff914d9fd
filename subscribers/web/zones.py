"""The time zones that a form offers, by region, as people look for them."""

from __future__ import annotations

from functools import cache
from importlib import resources

from subscribers.language import N_

REGIONS = (
    *(N_("Africa"), N_("America"), N_("Antarctica"), N_("Arctic"), N_("Asia"), N_("Atlantic")),
    *(N_("Australia"), N_("Europe"), N_("Indian"), N_("Pacific")),
)
"""What the IANA database sorts places by."""


@cache
def zone_choices() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """`((region, ((name, label), ...)), ...)`, regions in English: one zone for each place in the IANA
    database.

    Names that are not listed (old spellings such as Asia/Calcutta) are valid all the same.
    """
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    names = sorted(
        line.split("\t")[2] for line in table.splitlines() if line and not line.startswith("#")
    )
    regions: dict[str, list[tuple[str, str]]] = {N_("Everywhere"): [("UTC", "UTC")]}
    for name in names:
        region, _, place = name.partition("/")
        label = place.replace("_", " ").replace("/", ", ")
        regions.setdefault(region, []).append((name, label))
    return tuple((region, tuple(zones)) for region, zones in regions.items())


@cache
def _by_place() -> dict[str, str]:
    return {label: name for _, zones in zone_choices() for name, label in zones}


def zone_named(text: str) -> str:
    """The zone of a place as `zone_choices` labels it; any other text as it is."""
    return _by_place().get(" ".join(text.split()), text)


def is_listed(name: str) -> bool:
    """Whether `zone_choices` offers a zone."""
    return name in _names()


@cache
def _names() -> frozenset[str]:
    return frozenset(zone for _, zones in zone_choices() for zone, _ in zones)
