"""What the site's templates may say of papers, as Jinja's filters."""

from __future__ import annotations

from collections.abc import Callable

import jinja2

from newsletter.render import addresses, origin, wording
from newsletter.render.cards import shown_title
from newsletter.render.maths import with_maths
from newsletter.render.plain import web_url
from newsletter.web.told import month_name, thousands
from subscribers.web.speech import carrying

_PATHS: tuple[Callable[..., str], ...] = (
    addresses.paper_path,
    addresses.author_path,
    addresses.organisation_path,
    addresses.category_path,
    addresses.day_path,
    addresses.week_path,
    addresses.month_path,
    addresses.subscribe_path,
    addresses.search_path,
)
_FILTERS = (
    shown_title,
    with_maths,
    web_url,
    month_name,
    thousands,
    wording.short_date,
    wording.long_date,
    wording.summary_credit,
    origin.source_name,
)


def install(environment: jinja2.Environment) -> None:
    """Make the filters known to an environment, each by its own name. Those that give an address keep
    the language that was chosen.
    """
    environment.filters |= {each.__name__: each for each in _FILTERS}
    environment.filters |= {each.__name__: _link(each) for each in _PATHS}


def _link(path: Callable[..., str]) -> Callable[..., str]:
    return lambda *given, **more: carrying(path(*given, **more))
