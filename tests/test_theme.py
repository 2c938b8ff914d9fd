"""The theme keeps its promise: text and ground differ by 4.5:1 (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import tomllib
from itertools import product

import pytest

from newsletter.render import project_templates

THEME = tomllib.loads((project_templates() / "theme.toml").read_text("utf-8"))
PAIRS = [
    *product(("text", "muted", "accent", "link"), ("ground", "surface")),
    ("accent_text", "accent"),
    ("text", "highlight"),
]


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back"), PAIRS)
def test_contrast(scheme: str, front: str, back: str) -> None:
    one, other = (luminance(THEME[scheme][name]) for name in (front, back))
    assert (max(one, other) + 0.05) / (min(one, other) + 0.05) >= 4.5
