"""What the site's templates may say of papers, as Jinja's filters."""

from __future__ import annotations

import jinja2

from newsletter.render import wording
from newsletter.render.addresses import paper_path
from newsletter.render.cards import shown_title
from newsletter.render.maths import with_maths


def install(environment: jinja2.Environment) -> None:
    """Make the filters known to an environment."""
    environment.filters["paper_path"] = paper_path
    environment.filters["shown_title"] = shown_title
    environment.filters["with_maths"] = with_maths
    environment.filters["short_date"] = wording.short_date
    environment.filters["long_date"] = wording.long_date
