"""The long lists of the preferences page, made once for each language: hundreds of time zones, subjects
and topics would cost more than all the rest of the page. What is chosen is marked in the finished text.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from markupsafe import Markup, escape

from subscribers.catalogue import catalogue
from subscribers.language import gettext as _
from subscribers.language import spoken
from subscribers.profile import Kind
from subscribers.web.zones import is_listed, zone_choices


def zones_html(chosen: str) -> Markup:
    """The options of the time zones, grouped by region, the chosen one marked."""
    if not is_listed(chosen):
        name = escape(chosen)
        first = Markup('<option value="{0}" selected>{0}</option>').format(name)
        return first + _zones(spoken())
    return Markup(  # noqa: S704  (made of our own list alone)
        str(_zones(spoken())).replace(f'value="{chosen}"', f'value="{chosen}" selected', 1)
    )


def topics_html(held: Collection[tuple[Kind, str]], ticked: Collection[str]) -> Markup:
    """The catalogue's topics to tick; those that somebody has in full are not offered again."""
    has = {
        topic.id
        for group in catalogue().groups
        for topic in group.topics
        if all((i.kind, i.text) in held for i in topic.interests)
    }
    return _marked(_topics(spoken()), has, ticked)


def categories_html(chosen: Collection[str]) -> Markup:
    """The subjects of arXiv as options, by archive, the chosen one marked."""
    text = str(_categories(spoken()))
    for code in chosen:
        text = text.replace(f'value="{escape(code)}"', f'value="{escape(code)}" selected', 1)
    return Markup(text)  # noqa: S704  (only our own marks were put in)


def _marked(html: Markup, has: Collection[str], ticked: Collection[str]) -> Markup:
    text = str(html)
    for value in has:
        text = text.replace(f'value="{value}"', f'value="{value}" checked disabled', 1)
    for value in ticked:
        if value not in has:
            text = text.replace(f'value="{escape(value)}"', f'value="{escape(value)}" checked', 1)
    return Markup(text)  # noqa: S704  (only our own marks were put in)


@lru_cache(maxsize=32)
def _zones(_language: str) -> Markup:
    groups = [
        Markup('<optgroup label="{}">').format(_(region))
        + Markup("").join(Markup('<option value="{}">{}').format(*zone) for zone in zones)
        + Markup("</optgroup>")
        for region, zones in zone_choices()
    ]
    return Markup("").join(groups)


@lru_cache(maxsize=32)
def _topics(_language: str) -> Markup:
    chip = Markup(
        '<span class="chip"><input type="checkbox" id="topic-{0}" name="topics" value="{0}">'
        '<label for="topic-{0}">{1}</label></span>\n'
    )
    return Markup("").join(
        Markup('<fieldset class="group"><legend>{}</legend><div class="chips">').format(
            _(group.label)
        )
        + Markup("").join(chip.format(topic.id, _(topic.label)) for topic in group.topics)
        + Markup("</div></fieldset>")
        for group in catalogue().groups
    )


@lru_cache(maxsize=32)
def _categories(_language: str) -> Markup:
    option = Markup('<option value="{0}">{1} ({0})')
    group = Markup('<optgroup label="{}">{}</optgroup>')
    return Markup("").join(
        group.format(
            _(archive.label),
            Markup("").join(option.format(each.code, _(each.label)) for each in archive.categories),
        )
        for archive in catalogue().archives
    )
