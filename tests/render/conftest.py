from __future__ import annotations

import pytest

from newsletter.render import MailRenderer, Templates
from tests.render.letters import SITE


@pytest.fixture(scope="session")
def templates() -> Templates:
    return Templates()


@pytest.fixture(scope="session")
def renderer(templates: Templates) -> MailRenderer:
    return MailRenderer(SITE, templates)
