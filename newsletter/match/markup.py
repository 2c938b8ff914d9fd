r"""LaTeX on the way to words: `Schr\"odinger`, `$\ell_1$-norm`, `{\em fast}` as they are read.

Sources make most of it readable when they collect (`collect.latex`); what readers type, and what no
source could foresee, is met here. No pattern reaches over a blank, so a text and its words agree.
"""

from __future__ import annotations

import re

MARKUP = re.compile(
    r"""\\[`'^~=."](?:\{\\?(?P<braced>[A-Za-z])\}|\\?(?P<bare>[A-Za-z]))"""  # \"o \'{\i}
    r"|\\[uvHcrkdb]\{\\?(?P<named>[A-Za-z])\}"  # \v{s}
    r"|\\(?P<command>[A-Za-z]+)\*?"
    r"|[_^]\{?(?P<shifted>[0-9]+)\}?"  # x_1 is written x₁ elsewhere
    r"|(?P<nothing>\\-|[{}$](?!\{))"  # na{\"i}ve and $k$-means are one word
    r"|[{}$\\~^]"
)
_LETTERS = {
    "ss": "ss", "o": "o", "O": "o", "l": "l", "L": "l", "ae": "ae", "AE": "ae", "oe": "oe",
    "OE": "oe", "aa": "a", "AA": "a", "i": "i", "j": "j", "ell": "l",
}  # fmt: skip
_GREEK_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau "
    "upsilon phi chi psi omega"
)
GREEK = dict(zip("αβγδεζηθικλμνξοπρστυφχψω", _GREEK_NAMES.split(), strict=True))
"""Greek letters that stand alone, by name; folded, so capitals and variants are among them."""


def unmarked(found: re.Match[str]) -> str:
    """What a piece of markup leaves behind: letters, nothing, or a blank."""
    if found["nothing"]:
        return ""
    if command := found["command"]:
        name = command.removeprefix("var").lower()
        return _LETTERS.get(command) or (f" {name} " if name in GREEK.values() else " ")
    return found["braced"] or found["bare"] or found["named"] or found["shifted"] or " "
