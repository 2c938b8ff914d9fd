"""Which language a text is in, as far as a check of an answer needs it."""

from __future__ import annotations

import unicodedata
from collections import Counter

# The small words that a text of some length cannot do without, and hardly shares with other languages.
_SMALL_WORDS = {
    "English": "the of and to in is that for with are this by on as we it from which our can be an at or",
    "German": "der die das und ist nicht mit für auf ein eine den dem des werden wird wir zu von im auch",
    "French": "le les des est une et dans que qui pour nous sur avec par aux sont cette ce du ces plus",
    "Spanish": "el los las una del que por para con es se un su al como más esta este entre sobre y en",
    "Italian": "il di che per una della del dei con sono questo questa gli nel alla più è dal come anche",
    "Portuguese": "o os uma do da dos das que para com por não em um são mais ao como este esta nos e",
    "Dutch": "de het een van en is dat voor met zijn niet op te wordt we deze door aan bij ook naar",
}
_WORDS = {name: frozenset(words.split()) for name, words in _SMALL_WORDS.items()}
_FEWEST = 3  # small words; a text with fewer says nothing about its language
_JAPANESE = frozenset({"HIRAGANA", "KATAKANA"})


def language(text: str) -> str:
    """The language of Latin text, the script of any other; "" where the text does not tell."""
    script = _script(text)
    if script != "LATIN":
        return script
    words = text.lower().split()
    found = Counter({name: sum(word in small for word in words) for name, small in _WORDS.items()})
    (name, count), (_, second) = found.most_common(2)
    return name if count >= _FEWEST and count > second else ""


def _script(text: str) -> str:
    """The script of most letters, such as LATIN, CJK, CYRILLIC; "" without letters.

    An ideogram stands for a word, so it counts for four letters.
    """
    counts = Counter(
        unicodedata.name(char, "").partition(" ")[0] for char in text if char.isalpha()
    )
    if any(counts[name] for name in _JAPANESE):
        counts["CJK"] = sum(counts.pop(name, 0) for name in (*_JAPANESE, "CJK"))
    counts["CJK"] *= 4
    script, count = counts.most_common(1)[0] if counts else ("", 0)
    return script if count else ""
