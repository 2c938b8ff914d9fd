"""How long a server asks to wait, whatever it writes there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.waiting import retry_after

AT = "Wed, 10 Jun 2026 06:30:00 GMT"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("Wed, 10 Jun 2026 06:31:00 GMT", 60.0),
        ("Wed, 10 Jun 2026 06:29:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("Wed, 10 Jun 99999999999999999999 06:31:00 GMT", None),
        ("Wed, 10 Jun 2026 06:31:00 +99999999999999", None),
        ("9" * 400, 366 * 86400.0),
        ("Wed, 10 Jun 9999 06:31:00 GMT", 366 * 86400.0),
    ],
)
def test_what_is_asked_is_read_and_bounded(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value, "date": AT}) == seconds


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_stands_there_is_no_error(value: str, at: str) -> None:
    found = retry_after({"retry-after": value, "date": at})
    assert found is None or 0 <= found <= 366 * 86400
