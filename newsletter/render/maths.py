r"""Maths in titles and abstracts (`$\alpha_1 \leq n^2$`) as HTML that needs no script. Pure.

What is understood becomes letters, signs, <sub> and <sup>; all else keeps its TeX, set apart. Every
character of the text is escaped on its way: the only tags are those that are written here.
"""

# ruff: noqa: RUF001  (letters of many alphabets are what this file is about)

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from functools import lru_cache

from markupsafe import Markup, escape

# The rule of pandoc, which keeps "$60 GPUs and $35,000" apart from maths; doubled dollars as well.
_MATHS = re.compile(
    r"(?<![\\$])(\$\$?)(?=[^\s$])((?:[^$\\]|\\.){1,400}?)(?<=\S)\1(?![\d$])", re.DOTALL
)
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[{}^_]|\s+|.", re.DOTALL)
_TAGS = re.compile("<[^>]*>")
_DEEPEST = 8


def _table(text: str) -> dict[str, str]:
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


_SIGNS = _table("""
    alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ
    lambda λ mu μ nu ν xi ξ pi π rho ρ sigma σ tau τ upsilon υ phi φ varphi φ chi χ psi ψ omega ω
    Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω
    times × sim ∼ approx ≈ pm ± mp ∓ leq ≤ le ≤ geq ≥ ge ≥ neq ≠ ne ≠ ll ≪ gg ≫ lesssim ≲ gtrsim ≳
    cdot · cdots ⋯ ldots … dots … to → rightarrow → leftarrow ← Rightarrow ⇒ mapsto ↦ infty ∞ ell ℓ
    forall ∀ exists ∃ nabla ∇ partial ∂ in ∈ notin ∉ cup ∪ cap ∩ subset ⊂ subseteq ⊆ setminus ∖
    emptyset ∅ oplus ⊕ otimes ⊗ circ ∘ star ⋆ ast ∗ dagger † propto ∝ equiv ≡ simeq ≃ cong ≅ perp ⊥
    parallel ∥ mid | vert | Vert ‖ langle ⟨ rangle ⟩ lceil ⌈ rceil ⌉ lfloor ⌊ rfloor ⌋ sum ∑ prod ∏
    int ∫ hbar ℏ prime ′ colon : lt < gt > wedge ∧ vee ∨ neg ¬ triangle △ bullet • percent %
""")
_DOUBLE = _table("C ℂ H ℍ N ℕ P ℙ Q ℚ R ℝ Z ℤ E 𝔼")
_NAMES = frozenset(
    {"log", "ln", "exp", "sin", "cos", "tan", "max", "min", "sup", "inf", "lim", "arg", "argmax", "argmin",
     "det", "dim", "ker", "deg", "gcd", "Pr", "tr", "rank"}
)  # fmt: skip
_SPACES = frozenset({"\\,", "\\;", "\\:", "\\ ", "\\quad", "\\qquad", "~"})
_NOTHING = frozenset(
    {"\\!", "\\left", "\\right", "\\big", "\\Big", "\\bigl", "\\bigr", "\\limits", "\\displaystyle"}
)
_UPRIGHT = frozenset(
    {"text", "mathrm", "textrm", "operatorname", "mbox", "textsc", "mathsf", "mathtt"}
)
_STYLED = frozenset(
    {"mathcal", "mathscr", "mathbf", "boldsymbol", "bm", "mathit", "mathfrak", "textbf", "textit", "emph"}
)  # fmt: skip
_MARKS = {
    "hat": "\u0302", "widehat": "\u0302", "tilde": "\u0303", "widetilde": "\u0303", "bar": "\u0304",
    "overline": "\u0304", "dot": "\u0307", "ddot": "\u0308", "vec": "\u20d7",
}  # fmt: skip


class _UnknownError(Exception):
    """A formula holds what cannot be shown here."""


@lru_cache(maxsize=4096)
def with_maths(text: str) -> Markup:
    r"""`text`, escaped, with its formulas made readable.

    >>> with_maths(r"Sorting in $O(n^2)$ for $5")
    Markup('Sorting in <i>O</i>(<i>n</i><sup>2</sup>) for $5')
    """
    pieces = _MATHS.split(text)
    shown = [escape(piece) for piece in pieces[0::3]]
    formulas = [_formula(tex) for tex in pieces[2::3]]
    mixed = [part for pair in zip(shown, [*formulas, Markup()], strict=True) for part in pair]
    return Markup("").join(mixed)


def _formula(tex: str) -> Markup:
    try:
        shown = _Reading(_TOKEN.findall(tex)).all()
    except _UnknownError:
        return Markup('<span class="tex">{}</span>').format(tex)
    return Markup(re.sub(r"</i>(\s*)<i>", r"\1", shown))  # noqa: S704  (escaped piece by piece)


class _Reading:
    """Reads the tokens of one formula from left to right. Raises _UnknownError."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = list(tokens)
        self._at = 0

    def all(self) -> str:
        """The whole formula."""
        shown = self._until_end(0)
        if self._at < len(self._tokens):
            raise _UnknownError
        return shown

    def _until_end(self, depth: int, *, upright: bool = False) -> str:
        parts: list[str] = []
        while self._at < len(self._tokens) and self._tokens[self._at] != "}":
            parts.append(self._one(depth, upright=upright))
        return "".join(parts)

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise _UnknownError
        self._at += 1
        return self._tokens[self._at - 1]

    def _one(self, depth: int, *, upright: bool = False) -> str:
        """What stands next: a sign, a group or a command with what belongs to it."""
        if depth > _DEEPEST:
            raise _UnknownError
        sign = self._next()
        if sign in {"^", "_"}:
            tag = "sup" if sign == "^" else "sub"
            return f"<{tag}>{self._argument(depth, upright=upright)}</{tag}>"
        if sign == "{":
            inner = self._until_end(depth + 1, upright=upright)
            if self._next() != "}":
                raise _UnknownError
            return inner
        if sign in _SPACES or sign.isspace():
            return " "
        if sign in _NOTHING:
            return ""
        if sign.startswith("\\"):
            return self._command(sign[1:], depth)
        if sign.isalpha() and not upright:
            return f"<i>{escape(sign)}</i>"
        return str(escape("′" if sign == "'" else "−" if sign == "-" and not upright else sign))

    def _argument(self, depth: int, *, upright: bool = False) -> str:
        while self._at < len(self._tokens) and self._tokens[self._at].isspace():
            self._at += 1
        return self._one(depth + 1, upright=upright)

    def _command(self, name: str, depth: int) -> str:
        if name in _SIGNS:
            return str(escape(_SIGNS[name]))
        if name in _NAMES:
            return name
        if name in _UPRIGHT:
            return self._argument(depth, upright=True)
        if name in _STYLED:
            return self._argument(depth)
        if name == "mathbb":
            inner = _plain(self._argument(depth))
            return _DOUBLE.get(inner) or str(escape(inner))
        if name in _MARKS:
            inner = _plain(self._argument(depth))
            if len(inner) != 1:
                raise _UnknownError
            return f"<i>{escape(inner + _MARKS[name])}</i>"
        if name in {"frac", "tfrac", "dfrac"}:
            above, below = self._argument(depth), self._argument(depth)
            return f"{_grouped(above)}/{_grouped(below)}"
        if name == "sqrt":
            return f"√{_grouped(self._argument(depth))}"
        if name in {"{", "}", "%", "&", "#", "_", "$"}:
            return str(escape(name))
        if name == "|":
            return "‖"
        raise _UnknownError


def _plain(shown: str) -> str:
    return html.unescape(_TAGS.sub("", shown))


def _grouped(shown: str) -> str:
    return shown if len(_plain(shown)) <= 1 or _plain(shown).isdigit() else f"({shown})"
