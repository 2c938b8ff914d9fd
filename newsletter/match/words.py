"""The words of a text, as likeness counts them: case, hyphens, accents, plurals and LaTeX do not matter.

What else is the same word where a phrase is looked up stands in `inflection`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from newsletter.match.markup import GREEK, MARKUP, unmarked

_WORD = re.compile(r"[^\W_]+")
_KEEP_S = ("ss", "us", "is", "os")
# Letters that no decomposition takes apart, and characters that nobody sees.
_FOLDED = str.maketrans(
    {"ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}  # noqa: RUF001
    | dict.fromkeys("\u00ad\u200c\u200d\u200e\u200f\u2060\ufeff", "")
)

STOP = frozenset(
    """a about above after again all also although an and any are as at based be because been before
    being between both but by can could did do does doing down due during each et few for from further
    had has have having he her here hers him his how however i if in into is it its itself just may me
    might more most must my no nor not now of off on once only or other our ours out over own per s same
    she should so some such than that the their theirs them then there these they this those through thus
    to too under until up upon us using very via was we were what when where whether which while who whom
    why will with within without would you your al new paper propose proposed show approach method results
    """.split()  # noqa: SIM905  (a list of forty quoted words would be harder to read)
)


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """A word without its plural s; nothing cleverer, so that a reader can foresee what matches."""
    if len(word) > 3 and word.endswith("s") and not word.endswith(_KEEP_S):
        if word.endswith("ies") and len(word) > 4:
            return word[:-3] + "y"
        word = word[:-1]
    # "matches" and "caches" do not tell whether an e belongs to the singular, so neither keeps it.
    return word[:-1] if word.endswith(("che", "she", "xe", "sse")) else word


def fold(text: str) -> str:
    """Lower case without accents, ligatures, soft hyphens and the like."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_FOLDED)).casefold()
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def tokens(text: str) -> list[str]:
    """The stemmed words of a text, in order, stop words included (a phrase needs them).

    Scripts that put no blanks between words (Chinese, Japanese, Thai) give one token a character.
    """
    plain = fold(MARKUP.sub(unmarked, text))
    if plain.isascii():
        return [stem(word) for word in _WORD.findall(plain)]
    return [stem_of(word) for word, _, _ in pieces(plain)]


def pieces(folded: str) -> Iterator[tuple[str, int, int]]:
    """The words of a folded text, each with where it begins and ends."""
    for found in _WORD.finditer(folded):
        if not found[0].isascii() and any(_unspaced(char) for char in found[0]):
            yield from ((char, at, at + 1) for at, char in enumerate(found[0], found.start()))
        else:
            yield found[0], found.start(), found.end()


def stem_of(word: str) -> str:
    """The token of one folded word: only English ones have a plural s, and β is beta."""
    return stem(word) if word.isascii() else GREEK.get(word, word)


def _unspaced(char: str) -> bool:
    return (
        "\u0e00" <= char <= "\u0eff" or "\u3040" <= char <= "\u30ff" or "\u3400" <= char <= "\u9fff"
    )


def terms(words: list[str]) -> list[str]:
    """The 1- and 2-grams of a token list; a pair never reaches over a stop word."""
    found: list[str] = []
    before = ""
    for word in words:
        if not word or word in STOP:
            before = ""
            continue
        found.append(word)
        if before:
            found.append(f"{before} {word}")
        before = word
    return found


def name_key(name: str) -> str:
    """A person's name in one form: "Doe, Jane" and "JANE DOE" are the same; initials are kept apart."""
    if name.count(",") == 1:
        last, first = name.split(",")
        name = f"{first} {last}"
    return " ".join(_WORD.findall(fold(name)))
