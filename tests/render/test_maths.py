"""Maths without a script: what is understood is readable, what is not stays TeX, nothing comes alive."""

# ruff: noqa: RUF001  (letters of many alphabets are what this is about)

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.render.maths import with_maths

FORMULAS = {
    "plain & <b>": "plain &amp; &lt;b&gt;",
    "$O(n^2)$": "<i>O</i>(<i>n</i><sup>2</sup>)",
    r"$x_{ij} \leq \alpha$": "<i>x</i><sub><i>ij</i></sub> ≤ α",
    r"$\mathcal{L}_{\text{KL}}$": "<i>L</i><sub>KL</sub>",
    r"$f: \mathbb{R}^d \to \mathbb{R}$": "<i>f</i>: ℝ<sup><i>d</i></sup> → ℝ",
    r"$\frac{1}{2}$ of $\frac{a+b}{c}$": "1/2 of (<i>a</i>+<i>b</i>)/<i>c</i>",
    r"$\sqrt{n}$, $\sqrt{n+1}$": "√<i>n</i>, √(<i>n</i>+1)",
    r"$\hat{y}$": "<i>y\u0302</i>",
    r"$10^{-3}$": "10<sup>−3</sup>",
    r"$\log n$": "log <i>n</i>",
    r"$$E = mc^2$$": "<i>E</i> = <i>mc</i><sup>2</sup>",
    r"$a<b$": "<i>a</i>&lt;<i>b</i>",
    "$60 GPUs and $35,000": "$60 GPUs and $35,000",
    r"$\begin{cases}x\end{cases}$": r'<span class="tex">\begin{cases}x\end{cases}</span>',
    r"$\unknown<script>$": r'<span class="tex">\unknown&lt;script&gt;</span>',
    "$x^$": '<span class="tex">x^</span>',
    "$}{$": '<span class="tex">}{</span>',
}


@pytest.mark.parametrize(("tex", "shown"), FORMULAS.items())
def test_formulas(tex: str, shown: str) -> None:
    assert str(with_maths(tex)) == shown


_PIECES = st.sampled_from(
    [
        "$",
        "$$",
        "\\",
        "{",
        "}",
        "^",
        "_",
        "<script>",
        "</i>",
        "&",
        '"',
        "\\frac",
        "\\text",
        "\\mathbb",
    ]
)
_TAG = re.compile(r'</?(?:i|sub|sup)>|<span class="tex">|</span>')


@given(st.lists(_PIECES | st.text(max_size=6), max_size=25).map("".join))
def test_nothing_of_a_text_is_alive(text: str) -> None:
    shown = str(with_maths(text))
    assert not re.search(r"[<>\"']", _TAG.sub("", shown))
    for tag in ("i", "sub", "sup", "span"):
        assert len(re.findall(f"<{tag}[ >]", shown)) == shown.count(f"</{tag}>")


@given(st.text().filter(lambda text: "$" not in text))
def test_text_without_maths_is_as_it_was(text: str) -> None:
    assert html.unescape(str(with_maths(text))) == text


def test_a_deep_formula_is_left_alone() -> None:
    assert "tex" in with_maths("$" + "{" * 100 + "x" + "}" * 100 + "$")
