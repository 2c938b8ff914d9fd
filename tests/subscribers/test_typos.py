from __future__ import annotations

import pytest

from subscribers.typos import hint, likely_domain


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmal.com", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("hotnail.com", "hotmail.com"),
        ("outlook.cm", "outlook.com"),
        ("example.con", "example.com"),
        ("mit.edu", None),
        ("gmail.com", None),
        ("ne.com", None),
        ("live.de", None),
        ("x", None),
    ],
)
def test_what_was_likely_meant(typed, meant):
    assert likely_domain(typed) == meant


def test_hints():
    assert "Did you mean ada@gmail.com?" in hint("ada@gmial.com")
    assert "soon vanish" in hint("ada@yopmail.com")
    assert hint("ada@example.org") is None
