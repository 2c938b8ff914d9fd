"""LaTeX of titles, abstracts and names made readable; maths beyond a symbol is left alone."""

# ruff: noqa: RUF001  (letters of many alphabets are what this file is about)

from __future__ import annotations

import re
import unicodedata

# A dollar opens maths only before a non-space, and closes it only after a non-space and not
# before a digit (the rule of pandoc): "$60 GPUs and $35,000" is money.
_MATHS = re.compile(r"(?<!\\)\$(?=\S)((?:[^$\\]|\\.){0,300}?)(?<=\S)(?<!\\)\$(?!\d)", re.DOTALL)
_SIMPLE = re.compile(r"[\w.,:%+\-–—/<>=≤≥≈∼×±·∈→∞ ()]*")

_COMBINING = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", "=": "\u0304", "u": "\u0306",
    ".": "\u0307", '"': "\u0308", "r": "\u030a", "H": "\u030b", "v": "\u030c", "c": "\u0327",
    "k": "\u0328", "d": "\u0323", "b": "\u0331",
}  # fmt: skip
_LETTERS = {
    "ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ",
    "aa": "å", "AA": "Å", "i": "ı", "j": "ȷ", "ldots": "…", "dots": "…", "LaTeX": "LaTeX",
    "TeX": "TeX", "S": "§", "textendash": "–", "textemdash": "—", "textbackslash": "\\",
}  # fmt: skip
_SYMBOLS = {
    "times": "×", "sim": "∼", "approx": "≈", "pm": "±", "leq": "≤", "le": "≤", "geq": "≥",
    "ge": "≥", "cdot": "·", "to": "→", "rightarrow": "→", "infty": "∞", "in": "∈", "ell": "ℓ",
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "Delta": "Δ", "epsilon": "ε",
    "varepsilon": "ε", "eta": "η", "theta": "θ", "kappa": "κ", "lambda": "λ", "Lambda": "Λ",
    "mu": "μ", "nu": "ν", "pi": "π", "rho": "ρ", "sigma": "σ", "Sigma": "Σ", "tau": "τ",
    "phi": "φ", "varphi": "φ", "Phi": "Φ", "chi": "χ", "psi": "ψ", "Psi": "Ψ", "omega": "ω",
    "Omega": "Ω",
}  # fmt: skip

_SIGN_ACCENT = re.compile(r"""\\([`'^~=."])\s?(?:\{\s*(\\[ij](?![A-Za-z])|[A-Za-z])\s*\}|"""
                          r"""(\\[ij](?![A-Za-z])|[A-Za-z]))""")  # fmt: skip
_WORD_ACCENT = re.compile(r"\\([uvHcrkdb])(?:\{\s*([A-Za-z])\s*\}| ([A-Za-z])(?![A-Za-z]))")
_LETTER = re.compile(
    rf"\\({'|'.join(sorted(_LETTERS, key=len, reverse=True))})(?![A-Za-z])(\{{\}}| )?"
)
_SYMBOL = re.compile(rf"\\({'|'.join(sorted(_SYMBOLS, key=len, reverse=True))})(?![A-Za-z])\s?")
_LONE_SYMBOL = re.compile(rf"\$\\({'|'.join(sorted(_SYMBOLS, key=len, reverse=True))})\$")
_STYLED = re.compile(
    r"\\(?:emph|text(?:bf|it|tt|sc|sf|rm|sl|md|up|normal)?|underline|mbox|url|uline|enquote|textsuperscript"
    r"|mathrm|mathbf|mathit|mathcal|mathbb|mathsf|mathtt|operatorname)\s?\{([^{}]*)\}"
)
_SWITCH = re.compile(r"\{\s*\\(?:em|it|bf|tt|sc|sf|rm|sl|itshape|bfseries|ttfamily)\s+([^{}]*)\}")
_LINK = re.compile(r"\\href\s?\{[^{}]*\}\s?\{([^{}]*)\}")
_MARKS = re.compile(
    r"[\s~]?\\(?:cite[a-zA-Z]*|[cC]?ref|eqref|label|footnotemark|footnote|thanks|vspace|hspace|begin|end)"
    r"\*?\s?(?:\[[^\]]*\])?\{[^{}]*\}"
)
_COLOURED = re.compile(r"\\(?:textcolor|colorbox|color)\s?\{[^{}]*\}")
_SIZED = re.compile(
    r"\\(?:tiny|scriptsize|footnotesize|small|normalsize|large|Large|LARGE|huge|Huge|bf|it|em|rm|sc|tt|sl"
    r"|bfseries|itshape|noindent|centering|newline|linebreak|par|protect|xspace)(?![A-Za-z])\s?"
)
_UNKNOWN = re.compile(r"\\[A-Za-z]+\s?\{([^{}]*)\}")
_DELIMITED = re.compile(r"(?<!\\)\\[(\[](.{1,300}?)\\[)\]]", re.DOTALL)
_TIE = re.compile(r"(?<=[a-z.]{2})~(?=\w)")  # `Fig.~3`; in `x~N(0, 1)` it means something
_SHIFTED = re.compile(r"([_^])\{?\s*(\d{1,4}|\\circ)\s*\}?")  # all that there is in H$_2$O
_LOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_HIGH = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_BRACED = re.compile(r"(?<!\\)\{([\w\-+.]*[^\W\d_][\w\-+.]*)\}")
_ESCAPED = re.compile(r"\\([%&#_$])")


def readable(value: str) -> str:
    r"""The text with accents composed, styles and escapes undone, simple maths without dollars.

    >>> readable(r"\emph{H\"older} bounds for $k$-means in $O(n^2)$: 95\%")
    'Hölder bounds for k-means in $O(n^2)$: 95%'
    """
    if "\\" not in value and "$" not in value and "{" not in value and "``" not in value:
        return value
    value = _DELIMITED.sub(r"$\1$", value)
    value = _LONE_SYMBOL.sub(lambda found: _SYMBOLS[found[1]], value)
    pieces = _MATHS.split(value)
    pieces[0::2] = [_prose(piece) for piece in pieces[0::2]]
    pieces[1::2] = [_maths(piece) for piece in pieces[1::2]]
    return unicodedata.normalize("NFC", " ".join("".join(pieces).split()))


def _prose(given: str) -> str:
    text = _COLOURED.sub("", given.replace("\\\\", " "))
    text = _SIGN_ACCENT.sub(_accented, text)
    text = _WORD_ACCENT.sub(_accented, text)
    text = _LETTER.sub(lambda found: _LETTERS[found[1]], text)
    for _ in range(4):  # styles inside styles
        text, count = _unstyled(text)
        if not count:
            break
    text = _SIZED.sub("", _MARKS.sub("", text))
    for _ in range(4):
        text, count = _UNKNOWN.subn(r"\1", text)
        if not count:
            break
    if "\\" in text or text != given:
        text = _TIE.sub(" ", text)
    text = _BRACED.sub(r"\1", unicodedata.normalize("NFC", text))
    return _ESCAPED.sub(r"\1", text).replace("``", "“").replace("''", "”")


def _unstyled(text: str) -> tuple[str, int]:
    text, styled = _STYLED.subn(r"\1", text)
    text, switched = _SWITCH.subn(r"\1", text)
    text, linked = _LINK.subn(r"\1", text)
    return text, styled + switched + linked


def _accented(found: re.Match[str]) -> str:
    letter = (found[2] or found[3]).removeprefix("\\")
    return letter + _COMBINING[found[1]]


def _maths(text: str) -> str:
    shifted = _SHIFTED.fullmatch(text)
    if shifted:
        low = shifted[1] == "_"
        return "°" if shifted[2] == "\\circ" else shifted[2].translate(_LOW if low else _HIGH)
    plain = _unstyled(text)[0].replace("\\%", "%").replace("\\,", " ").replace("{,}", ",")
    plain = _SYMBOL.sub(lambda found: _SYMBOLS[found[1]], plain)
    return plain.strip() if _SIMPLE.fullmatch(plain) else f"${text}$"
