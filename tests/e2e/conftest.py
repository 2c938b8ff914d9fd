"""What tests in a browser share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e import shots


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    if shots.chromium() is None:
        pytest.skip("no Chromium: install Debian's package chromium")
    with shots.browser() as found:
        yield found
