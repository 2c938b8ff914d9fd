"""The numbers of a text, in figures or in words, in one form: "1,000", "thousand" and "1000.0" are one."""

from __future__ import annotations

import re
import unicodedata

_FIGURES = re.compile(r"\d+(?:[.,]\d+)*")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
# "One" is left out, for it is seldom meant as a number.
_IN_WORDS = {
    "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "fifteen": "15", "twenty": "20",
    "thirty": "30", "forty": "40", "fifty": "50", "hundred": "100", "hundreds": "100",
    "thousand": "1000", "thousands": "1000", "million": "million", "millions": "million",
    "billion": "billion", "billions": "billion", "trillion": "trillion", "dozen": "12",
    "dozens": "12", "twice": "2", "double": "2", "doubles": "2", "doubled": "2", "triple": "3",
    "triples": "3", "tripled": "3", "half": "half", "halves": "half", "halved": "half",
}  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+")


def numbers(text: str) -> frozenset[str]:
    """All of them. Digits of any script count, also inside of names such as GPT-4.

    >>> sorted(numbers("It needs 2,048 tokens, 1.50 times fewer on five tasks."))
    ['1.5', '2048', '5']
    """
    plain = unicodedata.normalize("NFKC", text)
    found = {_one_form(figure) for figure in _FIGURES.findall(plain)}
    words = {_IN_WORDS[word] for word in _WORD.findall(plain.lower()) if word in _IN_WORDS}
    return frozenset(found | words)


def _one_form(figure: str) -> str:
    ascii_only = "".join(str(unicodedata.decimal(char, char)) for char in figure)
    if _THOUSANDS.fullmatch(ascii_only):
        ascii_only = ascii_only.replace(",", "")
    whole, _, rest = ascii_only.replace(",", ".").partition(".")
    rest = rest.rstrip("0")
    whole = whole.lstrip("0") or "0"
    return f"{whole}.{rest}" if rest else whole
